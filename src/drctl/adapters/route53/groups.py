"""Record sets with a routing policy: several at one name and type, of which one region's are answered.

They are prepared with each region's values; a move changes the members' places and nothing else, so that health
checks, aliases and TTLs stay with the values they were made for (dns.md 2.1 and 2.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from drctl.adapters.route53.record_sets import shown
from drctl.core.errors import RefusedError
from drctl.core.observed import RecordState
from drctl.core.record_values import canonical
from drctl.core.topology import RecordMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mypy_boto3_route53.type_defs import ResourceRecordSetOutputTypeDef

    Members = Sequence[ResourceRecordSetOutputTypeDef]

# What an alias to one of AWS' own is answered with (dns.md 6.1).
_ALIAS_SECONDS = 60
_FULL_WEIGHT = 100


def as_group_state(mode: RecordMode, members: Members, name: str) -> RecordState:
    """Return what is answered while every health check is green: the one region's values.

    Raises:
        RefusedError: The record sets are not as the mode needs them, or traffic is split between regions.
    """
    _require_mode(mode, members, name)
    active = [one for one in members if is_active(mode, one)]
    if mode is RecordMode.WEIGHTED and len({one["Weight"] for one in active}) > 1:
        weights = ", ".join(f"{one['SetIdentifier']} {one['Weight']}" for one in members)
        raise _refused(name, members, f"its traffic is split by weight ({weights})", "Give one region all the weight")
    if not active:
        # All weights at zero are answered as if all were equal (dns.md 2.1).
        raise _refused(name, members, "no member is the active one", "Give one region the weight, or the PRIMARY")
    ttl = max(one.get("TTL", _ALIAS_SECONDS) for one in active)
    values = sorted({value for one in active for value in values_of(one)})
    return RecordState(name.lower().rstrip("."), members[0]["Type"], ttl, tuple(values))


def moved(
    mode: RecordMode, members: Members, after: RecordState
) -> tuple[tuple[ResourceRecordSetOutputTypeDef, ResourceRecordSetOutputTypeDef], ...]:
    """Return each member that changes its place, as it is and as it is to be, so that `after`'s values are answered.

    Raises:
        RefusedError: No members hold just these values.
    """
    chosen = [one for one in members if set(values_of(one)) <= set(after.values)]
    if {value for one in chosen for value in values_of(one)} != set(after.values):
        said = "; ".join(f"{one['SetIdentifier']} {list(values_of(one))}" for one in members)
        what = f"no member holds {list(after.values)} (there are {said})"
        raise _refused(
            after.name, members, what, "Create the member beforehand, or correct its `values:` in drctl.yaml"
        )
    full = max((one.get("Weight", 0) for one in members), default=0) or _FULL_WEIGHT
    pairs = []
    for one in members:
        placed = cast("ResourceRecordSetOutputTypeDef", _placed(mode, one, full, active=one in chosen))
        if placed != one:
            pairs.append((one, placed))
    return tuple(pairs)


def is_active(mode: RecordMode, member: ResourceRecordSetOutputTypeDef) -> bool:
    """Say whether a member is answered while its health check is green."""
    return member.get("Failover") == "PRIMARY" if mode is RecordMode.FAILOVER else member.get("Weight", 0) > 0


def values_of(member: ResourceRecordSetOutputTypeDef) -> tuple[str, ...]:
    """Return what a member holds; an alias holds the name that it stands for."""
    if "AliasTarget" in member:
        return (canonical("CNAME", member["AliasTarget"]["DNSName"]),)
    return tuple(sorted(shown(member["Type"], one["Value"]) for one in member["ResourceRecords"]))


def _placed(mode: RecordMode, member: ResourceRecordSetOutputTypeDef, full: int, *, active: bool) -> dict[str, Any]:
    if mode is RecordMode.FAILOVER:
        return {**member, "Failover": "PRIMARY" if active else "SECONDARY"}
    return {**member, "Weight": full if active else 0}


def _require_mode(mode: RecordMode, members: Members, name: str) -> None:
    needed = "Failover" if mode is RecordMode.FAILOVER else "Weight"
    if any(needed not in one for one in members):
        remedy = f"Make them {mode.value} record sets, or correct `mode:` in drctl.yaml"
        raise _refused(
            name, members, f"its record sets have no {needed}, and drctl.yaml says `mode: {mode.value}`", remedy
        )
    if mode is RecordMode.FAILOVER and {one["Failover"] for one in members} != {"PRIMARY", "SECONDARY"}:
        raise _refused(name, members, "PRIMARY or SECONDARY is missing", "Create the standby's member beforehand")


def _refused(name: str, members: Iterable[ResourceRecordSetOutputTypeDef], what: str, remedy: str) -> RefusedError:
    kind = next((one["Type"] for one in members), "")
    return RefusedError(f"{name} {kind} cannot be moved at Route 53: {what}", remedy=f"{remedy}.")
