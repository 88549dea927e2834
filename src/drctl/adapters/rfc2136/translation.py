"""What a server answered, or failed to answer, as one of drctl's own errors."""

from __future__ import annotations

from dataclasses import dataclass

import dns.exception
import dns.message
import dns.rcode
import dns.tsig

from drctl.core.errors import (
    AdapterError,
    ConflictError,
    DeniedError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnreachableError,
)

# What RFC 2136, 3.2.5, answers to a prerequisite that does not hold.
_MOVED = frozenset({dns.rcode.NXRRSET, dns.rcode.YXRRSET, dns.rcode.NXDOMAIN, dns.rcode.YXDOMAIN})
_UNTRUSTED = (
    dns.tsig.PeerError,
    dns.tsig.BadSignature,
    dns.tsig.BadKey,
    dns.tsig.BadAlgorithm,
    dns.message.UnknownTSIGKey,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as messages speak of it. `action` completes "could not ...": `read shop.example.com A`."""

    action: str
    zone: str
    server: str
    writes: bool = False

    @property
    def look(self) -> str:
        """Return the command that shows whether the server answers for the zone."""
        host, _, port = self.server.rpartition(":")
        return f"dig +tcp @{host.strip('[]')} -p {port} {self.zone} SOA"

    @property
    def place(self) -> str:
        """Return where and what, for a message."""
        return f"{self.action} in zone {self.zone} at {self.server}"


def refusal(call: Call, rcode: dns.rcode.Rcode) -> AdapterError:
    """Return what an answer with an error's code means."""
    told = f"Could not {call.place}: {dns.rcode.to_text(rcode)}"
    if call.writes and rcode in _MOVED:
        return ConflictError(told, remedy=f"Look what somebody else changed, then run again: `{call.look}`.")
    match rcode:
        case dns.rcode.REFUSED:
            # A zone that is frozen refuses so too (BIND 9.18, measured).
            remedy = "Allow the key that drctl.yaml names, at this zone and these names; see the server's log."
            return DeniedError(told, remedy=remedy)
        case dns.rcode.NOTAUTH | dns.rcode.NOTZONE:
            return NotFoundError(told, remedy=f"Name the zone's primary as `server` in drctl.yaml: `{call.look}`.")
        case dns.rcode.SERVFAIL if call.writes:
            # A server that fails in the middle takes everything back (RFC 2136, 3.4.2.7; BIND 9.18, measured).
            return ThrottledError(told, remedy="See the server's log: a journal that cannot be written is usual.")
        case dns.rcode.SERVFAIL:
            return UnreachableError(told, remedy=f"See the server's log, then look: `{call.look}`.")
        case _:
            return RefusedError(told, remedy=f"See the server's log, then look: `{call.look}`.")


def silence(call: Call, error: Exception, *, was_sent: bool) -> AdapterError:
    """Return what a missing or unusable answer means: of a write that may have arrived, nothing is known."""
    told = f"{type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, dns.tsig.PeerBadTime):
        return DeniedError(f"Could not {call.place}: {told}", remedy="Set this machine's clock: `timedatectl`.")
    if isinstance(error, dns.tsig.PeerError):
        remedy = "Give the server's own key as `key_name`, `key_algorithm` and `key` in drctl.yaml."
        return DeniedError(f"Could not {call.place}: the server does not know the key ({told})", remedy=remedy)
    if call.writes and was_sent:
        return OutcomeUnknownError(
            f"No answer that can be trusted to: {call.place}; it may have happened ({told})",
            remedy=f"Look before trying again: `{call.look}`.",
        )
    if isinstance(error, _UNTRUSTED):
        return DeniedError(f"Could not {call.place}: its answer is not signed with the key ({told})", remedy=call.look)
    return UnreachableError(
        f"Could not {call.place}: no answer ({told})", remedy=f"Check network and server: `{call.look}`."
    )
