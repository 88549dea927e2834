"""Shell lines that move one record set, in each vendor's own words. Each runs as it is: nothing is left to fill in."""

from __future__ import annotations

import json
from shlex import quote
from typing import assert_never

from drctl.core.access import Command, DnsAccess, DnsVendor
from drctl.core.record_values import absolute
from drctl.core.topology import RecordMode

# Where a Cloudflare name gets more values than it had; its other records keep the TTL that they have.
_NEW_TTL_SECONDS = 60
_IDS = """grep -oE '"id": ?"[0-9a-f]{32}"' | cut -d'"' -f4"""


def lines(
    dns: DnsAccess, name: str, record_type: str, values: tuple[str, ...], mode: RecordMode = RecordMode.VALUES
) -> tuple[Command, ...]:
    """Return a line that looks at a record set, and one that gives it these values and keeps its TTL."""
    match dns.vendor:
        case DnsVendor.ROUTE53 if mode is not RecordMode.VALUES:
            look, switch = _route53_members(dns.command, name, record_type, values, mode)
        case DnsVendor.ROUTE53:
            look, switch = _route53(dns.command, name, record_type, values)
        case DnsVendor.CLOUDFLARE:
            look, switch = _cloudflare(dns.command, name, record_type, values)
        case DnsVendor.OUTSIDE:
            look, switch = f"{dns.look} {name} {record_type}", _filled(dns.command, name, record_type, values)
        case DnsVendor.RFC2136:
            look, switch = _nsupdate(dns, name, record_type, values)
        case _:
            assert_never(dns.vendor)
    return (
        Command(f"read {name} {record_type}", look, writes=False),
        Command(f"switch {name} {record_type} to {', '.join(values)}, with the TTL that it has", switch, writes=True),
    )


def _route53(aws: str, name: str, record_type: str, values: tuple[str, ...]) -> tuple[str, str]:
    look = f"{aws} list-resource-record-sets --start-record-name {name} --start-record-type {record_type} --max-items 1"
    ttl = f"TTL=$({look} --query 'ResourceRecordSets[0].TTL' --output text)"
    records = [{"Value": value} for value in values]
    record = {"Name": name, "Type": record_type, "TTL": "$TTL", "ResourceRecords": records}
    batch = quote(json.dumps({"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}))
    # The shell's variable stands between two quoted parts.
    return look, f"{ttl} && {aws} change-resource-record-sets --change-batch " + batch.replace('"$TTL"', "'\"$TTL\"'")


def _route53_members(
    aws: str, name: str, record_type: str, values: tuple[str, ...], mode: RecordMode
) -> tuple[str, str]:
    """Let the members change places: each is sent back as it is listed, but for its place (JMESPath, in the shell)."""
    look = f"{aws} list-resource-record-sets --start-record-name {name} --start-record-type {record_type}"
    here = f"ResourceRecordSets[?Name=='{name}.' && Type=='{record_type}']"
    chosen = " || ".join(f"contains(to_string(@), '{value}')" for value in values)
    place = "{Failover: (CHOSEN) && 'PRIMARY' || 'SECONDARY'}"
    if mode is RecordMode.WEIGHTED:
        place = "{Weight: (CHOSEN) && `100` || `0`}"
    merged = f"merge(@, {place.replace('CHOSEN', chosen)})"
    query = f"{{Changes: {here}.{{Action: 'UPSERT', ResourceRecordSet: {merged}}}}}"
    batch = f'"$({look} --max-items 100 --output json --query {quote(query)})"'
    return f"{look} --query {quote(here)}", f"{aws} change-resource-record-sets --change-batch {batch}"


def _cloudflare(curl: str, name: str, record_type: str, values: tuple[str, ...]) -> tuple[str, str]:
    """Edit the records that are there, so that the name is never missing; then delete what is left over."""
    listing = quote(f"/dns_records?type={record_type}&name.exact={name}")
    parts = [
        f"""cf() {{ at="$1"; shift; {curl}"$at" -H 'Content-Type: application/json' "$@"; }}""",
        f"set -- $(cf {listing} | {_IDS})",
        f"""cf "/dns_records/${{1:?no such record}}" -X PATCH -d {_body(name, record_type, values[0])} && shift""",
    ]
    for value in values[1:]:
        edit = f"""cf "/dns_records/$1" -X PATCH -d {_body(name, record_type, value)} && shift"""
        make = f"cf /dns_records -X POST -d {_body(name, record_type, value, ttl=_NEW_TTL_SECONDS)}"
        parts[-1] += f""" && if [ -n "$1" ]; then {edit}; else {make}; fi"""
    parts[-1] += """ && for id; do cf "/dns_records/$id" -X DELETE; done"""
    return f"{curl}{listing}", "; ".join(parts)


def _filled(line: str, name: str, record_type: str, values: tuple[str, ...]) -> str:
    """Fill an operator's own line; braces that are none of the three stay as they are."""
    meant = {"name": name, "type": record_type, "values": " ".join(values)}
    for key, value in meant.items():
        line = line.replace(f"{{{key}}}", value)
    return line


def _nsupdate(dns: DnsAccess, name: str, record_type: str, values: tuple[str, ...]) -> tuple[str, str]:
    """Replace the record set in one update, so that the name is never missing."""
    look = f"{dns.look} {name} {record_type}"
    ttl = f"""TTL=$({look} | awk '$4 == "{record_type}" {{print $2; exit}}')"""
    adds = "".join(f"update add {name}. %s {record_type} {absolute(record_type, one)}\\n" for one in values)
    body = quote(f"update delete {name}. {record_type}\\n{adds}send\\n")
    ttls = ' "${TTL:?no such record}"' * len(values)
    return look, f"{ttl} && {{ {dns.command}; printf {body}{ttls}; }} | nsupdate -v -t 10"


def _body(name: str, record_type: str, value: str, **more: int) -> str:
    return quote(json.dumps({"type": record_type, "name": name, "content": value, **more}))
