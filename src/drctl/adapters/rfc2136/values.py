"""Values between the port's form and the wire's."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT

from drctl.core.errors import RefusedError
from drctl.core.record_values import absolute, canonical

if TYPE_CHECKING:
    from dns.rdtypes.ANY.TXT import TXT

    from drctl.core.observed import RecordState

_STRING_BYTES_MAX = 255
_TEXTS = frozenset({dns.rdatatype.TXT, dns.rdatatype.SPF})


def shown(rdata: dns.rdata.Rdata) -> str:
    """Return a value as the ports write it; a text's strings are joined, one character per byte."""
    if rdata.rdtype in _TEXTS:
        return b"".join(cast("TXT", rdata).strings).decode("latin-1")
    return canonical(dns.rdatatype.to_text(rdata.rdtype), rdata.to_text())


def rdatas(state: RecordState) -> list[dns.rdata.Rdata]:
    """Return a record set's values for the wire.

    Raises:
        RefusedError: A value that its type cannot hold.
    """
    try:
        return [_rdata(state.type, value) for value in state.values]
    except (dns.exception.DNSException, ValueError) as error:
        raise RefusedError(
            f"{state.name} {state.type} cannot hold {list(state.values)}: {error}",
            remedy="Correct its `values:` in drctl.yaml.",
        ) from error


def _rdata(record_type: str, value: str) -> dns.rdata.Rdata:
    kind = dns.rdatatype.from_text(record_type)
    if kind in _TEXTS:
        text = value.encode("latin-1")
        starts = range(0, max(len(text), 1), _STRING_BYTES_MAX)
        strings = [text[start : start + _STRING_BYTES_MAX] for start in starts]
        return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, kind, strings)
    return dns.rdata.from_text(dns.rdataclass.IN, kind, absolute(record_type, value), relativize=False)
