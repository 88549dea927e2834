"""Route 53's nouns, and its way of saying no."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

# Route 53 developer guide, "DNS domain name format". What is escaped already stays as it is.
_NOT_PLAIN = re.compile(r"[^a-z0-9._\\-]")

Key: TypeAlias = tuple[str, str, str]
Place: TypeAlias = tuple[str, str]


class Action(StrEnum):
    """What one change of a batch does."""

    CREATE = "CREATE"
    DELETE = "DELETE"
    UPSERT = "UPSERT"


class Policy(StrEnum):
    """How one of several record sets at a name and type is chosen."""

    SIMPLE = "simple"
    WEIGHTED = "weighted"
    FAILOVER = "failover"
    LATENCY = "latency"
    MULTI_VALUE = "multivalue answer"


@dataclass(frozen=True, slots=True)
class Alias:
    """A record set that answers what another one holds."""

    zone_id: str
    dns_name: str
    evaluate_target_health: bool


@dataclass(frozen=True, slots=True)
class RecordSet:
    """A ResourceRecordSet. `name` is lower case with its final dot; values are as sent, in their order."""

    name: str
    type: str
    ttl: int | None = None
    values: tuple[str, ...] = ()
    set_identifier: str = ""
    weight: int | None = None
    failover: str = ""
    region: str = ""
    multi_value: bool | None = None
    health_check_id: str = ""
    alias: Alias | None = None

    @property
    def key(self) -> Key:
        """What makes it one of its zone's."""
        return (self.name, self.type, self.set_identifier)

    @property
    def place(self) -> Place:
        """Return the name and type that it shares with others of its group."""
        return (self.name, self.type)

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Return every policy that its fields name; more than one is a mistake."""
        named = {
            Policy.WEIGHTED: self.weight is not None,
            Policy.FAILOVER: bool(self.failover),
            Policy.LATENCY: bool(self.region),
            Policy.MULTI_VALUE: self.multi_value is not None,
        }
        return tuple(policy for policy, is_named in named.items() if is_named)

    @property
    def policy(self) -> Policy:
        """Return its one policy."""
        return next(iter(self.policies), Policy.SIMPLE)

    @property
    def title(self) -> str:
        """Return how Route 53's messages call it."""
        identifier = f", set identifier='{self.set_identifier}'" if self.set_identifier else ""
        return f"resource record set [name='{self.name}', type='{self.type}'{identifier}]"

    def is_same_as(self, other: RecordSet) -> bool:
        """Say whether a DELETE that carries `other` means this one: values as a set, everything else equal.

        The real service appears to forgive a missing MultiValueAnswer (dns.md 2.5); so does this.
        """
        return (self._fingerprint(), frozenset(self.values)) == (other._fingerprint(), frozenset(other.values))

    def _fingerprint(self) -> tuple[object, ...]:
        return (
            self.key,
            self.ttl,
            self.weight,
            self.failover,
            self.region,
            self.health_check_id,
            self.alias,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a batch."""

    action: Action
    record_set: RecordSet


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """What one request asks for, all or nothing."""

    changes: tuple[Change, ...]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ChangeInfo:
    """An accepted batch: PENDING until `in_sync_at` on the service's clock."""

    id: str
    submitted_at: str
    in_sync_at: float
    comment: str = ""


@dataclass(eq=False)
class ApiError(Exception):
    """A refusal. `messages` are the single complaints of an InvalidChangeBatch."""

    status: int
    code: str
    message: str
    messages: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        super().__init__(self.message)


def invalid_input(message: str) -> ApiError:
    """Return the refusal of a request that is wrong by itself."""
    return ApiError(400, "InvalidInput", message)


def invalid_batch(messages: list[str]) -> ApiError:
    """Return the refusal of a batch that does not fit the zone; all complaints in one bracketed text."""
    return ApiError(400, "InvalidChangeBatch", f"[{', '.join(messages)}]", tuple(messages))


def no_such_zone(zone_id: str) -> ApiError:
    """Return the refusal for an unknown zone."""
    return ApiError(404, "NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}")


def canonical(name: str) -> str:
    r"""Return a name as Route 53 keeps it: lower case, final dot, `*` and the like escaped in octal (`\052`)."""
    return _NOT_PLAIN.sub(lambda found: f"\\{ord(found[0]):03o}", name.lower().rstrip(".")) + "."


def reversed_labels(name: str) -> tuple[str, ...]:
    """Return the sort key of a name: its labels from the right (dns.md 2.2)."""
    return tuple(reversed(name.rstrip(".").split(".")))
