"""Record values: Route 53's text form, checked and turned into what goes over the wire."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT

if TYPE_CHECKING:
    from drctl.lab.route53_api.model import RecordSet

_QUOTED_STRINGS = re.compile(r'\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
_STRING_BYTES_MAX = 255
_QUOTED_TYPES = {"TXT", "SPF"}


def complaint_about(record_type: str, value: str) -> str:
    """Return what is wrong with a value in the service's words, or nothing.

    The words for A, AAAA and TXT are the service's; those for other types are dnspython's.
    """
    if record_type in {"A", "AAAA"}:
        return _address_complaint(record_type, value)
    try:
        to_rdata(record_type, value)
    except (dns.exception.DNSException, ValueError) as exc:
        return f"Invalid Resource Record: 'FATAL problem: {exc} encountered with '{value}''"
    return ""


def _address_complaint(record_type: str, value: str) -> str:
    family = "IPv4" if record_type == "A" else "IPv6"
    try:
        ipaddress.IPv4Address(value) if record_type == "A" else ipaddress.IPv6Address(value)
    except ValueError:
        return (
            f"Invalid Resource Record: 'FATAL problem: {record_type}RRDATAIllegal{family}Address "
            f"(Value is not a valid {family} address) encountered with '{value}''"
        )
    return ""


def to_rdata(record_type: str, value: str) -> dns.rdata.Rdata:
    """Return the wire form of a value.

    Raises:
        ValueError: A TXT value that is not a row of quoted strings of at most 255 bytes.
        dns.exception.DNSException: Not a value of that type.
    """
    rdtype = dns.rdatatype.from_text(record_type)
    if record_type in _QUOTED_TYPES:
        return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, rdtype, _strings_of(value))
    return dns.rdata.from_text(dns.rdataclass.IN, rdtype, value, origin=dns.name.root, relativize=False)


def rdatas_of(record_set: RecordSet) -> tuple[dns.rdata.Rdata, ...]:
    """Return the wire form of a record set that was accepted."""
    return tuple(to_rdata(record_set.type, value) for value in record_set.values)


def _strings_of(value: str) -> list[bytes]:
    """Take a TXT value apart. Escapes are octal here, unlike in zone files."""
    strings: list[bytes] = []
    position = 0
    while match := _QUOTED_STRINGS.match(value, position):
        strings.append(_ESCAPE.sub(_unescape, match[1]).encode("latin-1"))
        position = match.end()
    if not strings or value[position:].strip():
        raise ValueError("InvalidCharacterString (Value should be enclosed in quotation marks)")
    if any(len(string) > _STRING_BYTES_MAX for string in strings):
        raise ValueError("CharacterStringTooLong (Value is too long)")
    return strings


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 8) & 0xFF) if len(match[1]) == 3 else match[1]
