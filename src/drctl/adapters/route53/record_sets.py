"""Record sets between the port's form and Route 53's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drctl.adapters.route53.text import quoted, unquoted
from drctl.core.errors import RefusedError
from drctl.core.observed import RecordState
from drctl.core.record_values import canonical

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ResourceRecordSetOutputTypeDef, ResourceRecordSetTypeDef

# All that a record set has which its values alone decide. Anything else (an alias, a policy, a health check, a
# traffic policy) also decides what is answered, and may be news to this code: so it is refused.
_SIMPLE = frozenset({"Name", "Type", "TTL", "ResourceRecords"})
_TEXT_TYPES = frozenset({"TXT", "SPF"})
# Everything else is listed as three octal digits (Route 53 developer guide, "DNS domain name format").
_NOT_PLAIN = re.compile(r"[^a-z0-9._\\-]")


def listed_name(name: str) -> str:
    r"""Return a name as Route 53 lists it: lower case, final dot, `*` and the like in octal (`\052`)."""
    return _NOT_PLAIN.sub(lambda found: f"\\{ord(found[0]):03o}", name.lower().rstrip(".")) + "."


def as_state(listed: ResourceRecordSetOutputTypeDef, name: str) -> RecordState:
    """Return a listed record set under the name that was asked for.

    Raises:
        RefusedError: It is of a kind that cannot be switched by value.
    """
    place = f"{name} {listed['Type']}"
    if special := sorted(set(listed) - _SIMPLE):
        raise RefusedError(
            f"{place} cannot be switched by its value at Route 53: it has {', '.join(special)}",
            remedy="Make it a simple record set, or take it out of `records:` in drctl.yaml and move it by hand.",
        )
    values = (shown(listed["Type"], record["Value"]) for record in listed["ResourceRecords"])
    return RecordState(name.lower().rstrip("."), listed["Type"], listed["TTL"], tuple(sorted(values)))


def as_record_set(state: RecordState) -> ResourceRecordSetTypeDef:
    """Return a record set as it is sent.

    Raises:
        RefusedError: A TXT value that cannot be written.
    """
    try:
        values = [quoted(value) for value in state.values] if state.type in _TEXT_TYPES else state.values
    except ValueError as error:
        raise RefusedError(
            f"{state.name} {state.type} cannot hold a value with characters beyond one byte: {error}",
            remedy="Write it with the letters of ASCII.",
        ) from error
    return {
        "Name": listed_name(state.name),
        "Type": state.type,  # type: ignore[typeddict-item]  # any type; Route 53 refuses those that it does not know
        "TTL": state.ttl,
        "ResourceRecords": [{"Value": value} for value in values],
    }


def shown(record_type: str, value: str) -> str:
    """Return a listed value as the ports write it."""
    if record_type in _TEXT_TYPES:
        return unquoted(value)
    return canonical(record_type, value)
