"""Who logs in to NATS."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password, or a credentials file (Synadia Cloud; needs the package nkeys).

    `system` logs in to the system account, None where there is none to use.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    creds_file: str = ""
    system: Credentials | None = None
