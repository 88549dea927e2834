"""DNS: the vendor's control plane, and what name servers answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from drctl.core.finding import Finding
    from drctl.core.observed import RecordState, ServerAnswer


PROVIDERS = "drctl.dns_providers"


class Propagation(StrEnum):
    """What the vendor says of the newest change that this process sent."""

    IN_SYNC = "in_sync"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RecordSwap:
    """Replace a record set, as read, by another of the same name and type. `before` None: it must not exist."""

    before: RecordState | None
    after: RecordState


class DnsReader(Protocol):
    """Reads one zone at its vendor."""

    def record(self, name: str, record_type: str) -> RecordState | None:
        """Return the record set at a name and type, or None. Names carry no final dot.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            NotFoundError: There is no such zone.
            DeniedError: Not allowed to list.
            RefusedError: The record set is of a kind that cannot be switched by value (alias, weighted ...).
        """
        ...

    def record_types(self, name: str) -> tuple[str, ...]:
        """Return every record type at a name, sorted.

        Raises:
            UnreachableError, NotFoundError, DeniedError: As in `record`.
        """
        ...

    def propagation(self) -> Propagation:
        """Return what the vendor says of the newest change sent by this process; UNKNOWN if it sent none.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
        """
        ...


class DnsWriter(Protocol):
    """Changes one zone."""

    def swap(self, swaps: tuple[RecordSwap, ...], comment: str) -> None:
        """Make all swaps in one batch, or none, if every record set is still as its `before` says.

        Raises:
            ConflictError: A record set is not as read; nothing was written.
            OutcomeUnknownError: No answer; look again.
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
        """
        ...


class Light(StrEnum):
    """What a vendor's health check says of a region's member. NONE: it has no check that says anything of it."""

    GREEN = "green"
    RED = "red"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MemberHealth:
    """What the vendor makes of a region's member; `findings` are about the check itself."""

    light: Light
    message: str
    findings: tuple[Finding, ...] = ()


@runtime_checkable
class HealthReader(Protocol):
    """A vendor whose health checks decide what is answered."""

    def member_health(self, name: str, record_type: str, values: tuple[str, ...]) -> MemberHealth:
        """Return what the vendor makes of the member that holds these values. It may be some seconds old.

        Raises:
            UnreachableError, NotFoundError, DeniedError, RefusedError: As in `DnsReader.record`.
        """
        ...


@runtime_checkable
class HindranceReader(Protocol):
    """A vendor that can tell beforehand what would keep a record from being changed."""

    def hindrances(self, name: str, record_type: str) -> tuple[Finding, ...]:
        """Return what would refuse or delay a change. What may not be asked is no hindrance.

        Raises:
            UnreachableError, NotFoundError: As in `DnsReader.record`.
        """
        ...


class DnsZone(DnsReader, DnsWriter, Protocol):
    """One zone at one vendor, safe to share between threads."""

    def close(self) -> None:
        """Close what is open; a later call opens it anew."""
        ...


class DnsProvider(Protocol):
    """What an entry point of the group `PROVIDERS` names."""

    def __call__(self, zone: str, options: Mapping[str, str], timeout: timedelta) -> DnsZone:
        """Return a zone; nothing is opened before its first call.

        `options` are drctl.yaml's, with what its `secrets:` refer to; `timeout` is what one call may take in all.

        Raises:
            KeyError, ValueError: An option is missing, or is none.
        """
        ...


class NameObserver(Protocol):
    """Asks name servers, over the wire."""

    def authoritative(self, zone: str, name: str, record_type: str) -> tuple[ServerAnswer, ...]:
        """Return what each authoritative server of the zone answers, silent ones included with their error."""
        ...

    def resolvers(self, name: str, record_type: str) -> tuple[ServerAnswer, ...]:
        """Return what each configured resolver answers, silent ones included with their error."""
        ...
