"""Who logs in to NATS."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password, or a credentials file (Synadia Cloud; needs the package nkeys)."""

    user: str = ""
    password: str = field(default="", repr=False)
    creds_file: str = ""
