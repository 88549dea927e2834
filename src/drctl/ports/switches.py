"""Switches beside a vendor's records: what its health checks follow, without its control plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SwitchState:
    """The region that a switch leads to; empty where it leads to none and leaves it to the records.

    `version` is the vendor's own, for a turn that must find it unchanged.
    """

    region: str
    version: str = ""


class SwitchReader(Protocol):
    """Reads one switch."""

    def state(self) -> SwitchState:
        """Return where it leads now.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            NotFoundError, DeniedError, RefusedError: As their names say.
        """
        ...


class SwitchWriter(Protocol):
    """Turns one switch."""

    def turn(self, before: SwitchState, region: str) -> None:
        """Lead to a region, if the switch is still as read. One that cannot name a region leaves it to the records.

        Raises:
            ConflictError: It is not as read; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Provably not sent.
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
        """
        ...
