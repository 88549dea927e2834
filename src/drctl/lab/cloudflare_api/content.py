"""Record contents: the API's text form, checked and turned into what goes over the wire."""

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

from drctl.lab.cloudflare_api.model import invalid

if TYPE_CHECKING:
    from drctl.lab.cloudflare_api.model import Record

TYPES = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "PTR", "TXT"})
_TEXT_CHARACTERS_MAX = 2048
_STRING_BYTES_MAX = 255
_STRING = re.compile(r'\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
# As in zone files, escapes are decimal here (RFC 1035, 5.1), where Route 53's are octal.
_ESCAPE = re.compile(r"\\([0-9]{3}|.)", re.DOTALL)
_INVALID = {
    "A": (9005, "Content for A record must be a valid IPv4 address."),
    "AAAA": (9006, "Content for AAAA record must be a valid IPv6 address."),
    "CNAME": (9007, "Content for CNAME record is invalid."),
    "MX": (9009, "Content for MX record must be a hostname."),
    "TXT": (9100, "Content for TXT record is invalid."),
}


def require_valid(record_type: str, content: str) -> None:
    """Refuse a content that its type cannot hold.

    Raises:
        ApiError: 9005 for A, 9006 for AAAA; the codes of other types are unverified.
    """
    try:
        _to_rdata(record_type, content, 0)
    except (dns.exception.DNSException, ValueError):
        code, message = _INVALID.get(record_type, (9100, f"Content for {record_type} record is invalid."))
        raise invalid(code, message) from None


def rdata_of(record: Record) -> dns.rdata.Rdata:
    """Return the wire form of a record that was accepted."""
    return _to_rdata(record.type, record.content, record.priority or 0)


def _to_rdata(record_type: str, content: str, priority: int) -> dns.rdata.Rdata:
    match record_type:
        case "TXT":
            rdtype = dns.rdatatype.TXT
            return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, rdtype, _strings_of(content))
        case "A":
            text = str(ipaddress.IPv4Address(content))
        case "AAAA":
            text = str(ipaddress.IPv6Address(content))
        case "MX":
            text = f"{priority} {_host(content)}"
        case _:
            text = _host(content)
    return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(record_type), text, relativize=False)


def _host(content: str) -> str:
    if not content or content.isspace():
        raise ValueError("no host")
    return dns.name.from_text(content).to_text()


def _strings_of(content: str) -> list[bytes]:
    """Take a TXT content apart. Without quotation marks all of it is one text; what is too long is split."""
    if not content or len(content) > _TEXT_CHARACTERS_MAX:
        raise ValueError("no text, or too long a one")
    if not content.startswith('"'):
        return _split(content.encode())
    strings: list[bytes] = []
    position = 0
    while match := _STRING.match(content, position):
        strings += _split(_ESCAPE.sub(_meant, match[1]).encode("latin-1"))
        position = match.end()
    if content[position:].strip():
        raise ValueError("text outside of quotation marks")
    return strings


def _split(text: bytes) -> list[bytes]:
    starts = range(0, max(len(text), 1), _STRING_BYTES_MAX)
    return [text[start : start + _STRING_BYTES_MAX] for start in starts]


def _meant(found: re.Match[str]) -> str:
    if len(found[1]) < 3:
        return found[1]
    byte = int(found[1])
    if byte > 255:
        raise ValueError("no byte")
    return chr(byte)
