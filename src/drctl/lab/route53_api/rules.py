"""What Route 53 rejects (dns.md 12.2), before and after looking at the zone."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from drctl.lab.route53_api.model import Action, Policy, RecordSet, invalid_batch, invalid_input
from drctl.lab.route53_api.values import complaint_about

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drctl.lab.route53_api.model import ChangeBatch, Place

COMMENT_CHARACTERS_MAX = 256
_RECORDS_MAX = 1000
_CHARACTERS_MAX = 32_000
_WEIGHT_MAX = 255
_TTL_MAX = 2_147_483_647
_TYPES = frozenset(
    "SOA A TXT NS CNAME MX NAPTR PTR SRV SPF AAAA CAA DS TLSA SSHFP SVCB HTTPS".split()  # noqa: SIM905 - the model's list
)


def check_input(batch: ChangeBatch) -> None:
    """Refuse what is wrong whatever the zone holds.

    Raises:
        ApiError: InvalidInput.
    """
    if len(batch.comment) > COMMENT_CHARACTERS_MAX:
        raise invalid_input("Value at 'changeBatch.comment' must have length less than or equal to 256")
    for change in batch.changes:
        complaint = next(_input_complaints(change.record_set), None)
        if complaint:
            raise invalid_input(f"Invalid request: {complaint} for {change.record_set.title}")


def _input_complaints(one: RecordSet) -> Iterator[str]:
    has_records = one.ttl is not None or bool(one.values)
    if one.type not in _TYPES:
        yield f"unknown type {one.type}"
    if one.alias is not None and has_records:
        yield "expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]], but found more than one"
    if one.alias is None and (one.ttl is None or not one.values):
        yield "expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]], but found none"
    if one.ttl is not None and not 0 <= one.ttl <= _TTL_MAX:
        yield f"TTL {one.ttl} is out of range"
    yield from _policy_complaints(one)


def _policy_complaints(one: RecordSet) -> Iterator[str]:
    if one.policies and not one.set_identifier:
        yield f"missing field 'SetIdentifier' in {one.policy} record"
    if one.set_identifier and not one.policies:
        yield "SetIdentifier is only valid with a routing policy"
    if len(one.policies) > 1:
        yield f"expected one routing policy, found {', '.join(one.policies)}"
    if one.weight is not None and not 0 <= one.weight <= _WEIGHT_MAX:
        yield f"Weight {one.weight} is not in 0..255"
    if one.failover not in {"", "PRIMARY", "SECONDARY"}:
        yield f"Failover {one.failover} is not PRIMARY or SECONDARY"
    if one.weight is not None and len(one.values) > 1:
        yield "only one ResourceRecord is allowed in a weighted record set"
    if one.failover and one.alias is not None and not one.alias.evaluate_target_health:
        yield "a failover alias must have EvaluateTargetHealth true"


def check_size(batch: ChangeBatch) -> None:
    """Refuse a batch that is too large; an UPSERT counts twice.

    Raises:
        ApiError: InvalidChangeBatch.
    """
    records = characters = 0
    for change in batch.changes:
        times = 2 if change.action is Action.UPSERT else 1
        records += times * len(change.record_set.values)
        characters += times * sum(map(len, change.record_set.values))
    if records > _RECORDS_MAX:
        raise invalid_batch([f"Number of records limit of {_RECORDS_MAX} exceeded"])
    if characters > _CHARACTERS_MAX:
        raise invalid_batch([f"Number of characters limit of {_CHARACTERS_MAX} exceeded"])


def batch_complaints(batch: ChangeBatch, zone_name: str, protected: frozenset[Place]) -> Iterator[str]:
    """Say what is wrong with single changes in this zone."""
    for change in batch.changes:
        one = change.record_set
        if one.name != zone_name and not one.name.endswith("." + zone_name):
            yield f"RRSet with DNS name {one.name} is not permitted in zone {zone_name}"
        if one.place in protected:
            yield f"RRSet with DNS name {one.name}, type {one.type} is protected and cannot be changed"
        if change.action is not Action.DELETE:
            yield from _value_complaints(one)


def _value_complaints(one: RecordSet) -> Iterator[str]:
    for value in one.values:
        complaint = complaint_about(one.type, value)
        if complaint:
            yield complaint
    for value in sorted({value for value in one.values if one.values.count(value) > 1}):
        yield f"Duplicate Resource Record: '{value}'"


def zone_complaints(record_sets: Iterable[RecordSet], zone_name: str) -> Iterator[str]:
    """Say what is wrong with a whole zone as it would be."""
    groups: defaultdict[Place, list[RecordSet]] = defaultdict(list)
    types: defaultdict[str, set[str]] = defaultdict(set)
    for one in record_sets:
        groups[one.place].append(one)
        types[one.name].add(one.type)
    for needed in ("NS", "SOA"):
        if needed not in types[zone_name]:
            yield f"A HostedZone must contain {needed} for the zone itself"
    for name, found in types.items():
        if "CNAME" in found and name == zone_name:
            yield f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone_name}"
        elif "CNAME" in found and len(found) > 1:
            yield (
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records "
                f"with the same DNS name in zone {zone_name}"
            )
    for group in groups.values():
        yield from _group_complaints(group)


def _group_complaints(group: list[RecordSet]) -> Iterator[str]:
    """Texts are this simulator's own: tests assert codes (dns.md 12.2)."""
    name, record_type = group[0].place
    where = f"RRSet with DNS name {name}, type {record_type}"
    policies = {one.policy for one in group}
    if len(policies) > 1:
        yield f"{where} cannot be created as other RRSets exist with the same name and type but another policy"
    roles = [one.failover for one in group if one.failover]
    if len(roles) != len(set(roles)):
        yield f"{where} cannot have two failover record sets of one role"
    ttls = {one.ttl for one in group if one.alias is None}
    if Policy.WEIGHTED in policies and len(ttls) > 1:
        yield f"{where} cannot have different TTLs in one weighted group"
