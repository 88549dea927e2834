"""Values of DNS records in the one form in which they are compared, whoever wrote them."""

from __future__ import annotations

import ipaddress
import re

# What moves together at a name: left behind, any of these still leads users to the other region.
MOVED_TOGETHER = ("A", "AAAA", "CNAME", "HTTPS", "SVCB")
NAMES = frozenset({"CNAME", "NS", "PTR"})
SERVICES = frozenset({"HTTPS", "SVCB"})
# Parameters of a service binding are separated by spaces; a value may be in quotation marks (RFC 9460, 2.1).
_PARAMETER = re.compile(r'(?P<key>[a-z0-9-]+)(?:=(?:"(?P<quoted>[^"]*)"|(?P<plain>\S*)))?')


def canonical(record_type: str, value: str) -> str:
    """Return a value as drctl compares it: names in lower case without a final dot, addresses in their short form.

    A service binding has its parameters in the order of their names, without quotation marks. What is no value of
    its type comes back as it is: the vendor says so better.
    """
    if record_type in {"A", "AAAA"}:
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            return value
    if record_type in NAMES:
        return value.lower().removesuffix(".")
    return _binding(value) if record_type in SERVICES else value


def absolute(record_type: str, value: str) -> str:
    """Return a canonical value as zone files have it: with the final dot that says, not a name of this zone."""
    if record_type in NAMES:
        return f"{value}."
    if record_type in SERVICES:
        priority, target, *parameters = value.split(" ")
        return " ".join((priority, target if target == "." else f"{target}.", *parameters))
    return value


def family_of(address: str) -> str:
    """Return the type of the records that hold an address."""
    return "A" if ipaddress.ip_address(address).version == 4 else "AAAA"


def _binding(value: str) -> str:
    priority, _, rest = value.strip().partition(" ")
    target, _, parameters = rest.strip().partition(" ")
    target = target.lower().removesuffix(".") or "."
    found = sorted(_PARAMETER.finditer(parameters), key=lambda one: one["key"])
    shown = (one["key"] + (f"={text}" if (text := one["quoted"] or one["plain"]) else "") for one in found)
    return " ".join((priority, target, *shown))
