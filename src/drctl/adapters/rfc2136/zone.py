"""One zone on a server of one's own: records by value, changed by compare-and-swap.

One update carries every record set with a prerequisite that its values are as read (RFC 2136, 2.4.2): the server
makes all of it or nothing. No prerequisite speaks of a TTL (dns.md 4), so that is compared by reading right before.
A name for which only a wildcard answers is shown as if it stood there; a swap of it is a conflict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.core.errors import AdapterError, ConflictError, RefusedError
from drctl.core.observed import RecordState
from drctl.ports.dns import Propagation

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    import dns.message
    import dns.update

    from drctl.adapters.rfc2136.server import PrimaryServer
    from drctl.adapters.rfc2136.translation import Call
    from drctl.ports.dns import RecordSwap

# Asked for one by one: a server may answer ANY with as little as it likes (RFC 8482).
_TYPES = ("A", "AAAA", "CAA", "CNAME", "HTTPS", "MX", "NS", "PTR", "SOA", "SRV", "SVCB", "TXT")


class Rfc2136Zone:
    """DnsReader and DnsWriter of one zone. Safe to share between threads; nothing is loaded before the first call.

    `key` is a TSIG key's name, algorithm and secret in base64.
    """

    def __init__(self, zone: str, server: str, key: tuple[str, str, str], timeout: timedelta) -> None:
        self._zone = zone
        self._place, self._key, self._timeout = server, key, timeout
        self._propagation = Propagation.UNKNOWN

    def record(self, name: str, record_type: str) -> RecordState | None:
        """Return the record set at a name and type, or None. Names carry no final dot.

        Raises:
            UnreachableError: No answer within the timeout.
            NotFoundError: The server has no authority for the zone.
            DeniedError: It does not answer this key.
        """
        (found,) = self._read(((name, record_type),))
        return found

    def record_types(self, name: str) -> tuple[str, ...]:
        """Return every record type at a name, sorted, of those that services use.

        Raises:
            UnreachableError, NotFoundError, DeniedError: As in `record`.
        """
        found = self._read((name, kind) for kind in _TYPES)
        return tuple(sorted(record.type for record in found if record is not None))

    def propagation(self) -> Propagation:
        """Return IN_SYNC when the primary took the newest swap of this object, else UNKNOWN.

        It tells its secondaries (NOTIFY) and says nothing of how far they are. Name servers have to be asked.
        """
        return self._propagation

    def swap(self, swaps: tuple[RecordSwap, ...], comment: str) -> None:  # noqa: ARG002 - the protocol has no place
        """Make all swaps in one update, or none, if every record set is still as its `before` says.

        Raises:
            ConflictError: A record set is not as read, and nothing was written; or it was written, and somebody else
                wrote over it right after, which the message says.
            OutcomeUnknownError: It was, or may have been, sent, and no answer says what became of it.
            UnreachableError: Provably not sent.
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
        """
        self._propagation = Propagation.UNKNOWN
        places = [(swap.after.name, swap.after.type) for swap in swaps]
        for swap, found in zip(swaps, self._read(places), strict=True):
            if found != swap.before:
                _raise_moved(swap, found)
        call = self._call(f"change {', '.join(f'{name} {kind}' for name, kind in places)}", writes=True)
        self._server().send(call, self._update(swaps))
        self._look_again(swaps)

    def close(self) -> None:
        """Do nothing: each request has a connection of its own."""

    def _look_again(self, swaps: tuple[RecordSwap, ...]) -> None:
        """See that it was done: what cannot stand beside a CNAME is left out without a word (RFC 2136, 3.4.2.2)."""
        try:
            found = self._read([(swap.after.name, swap.after.type) for swap in swaps])
        except AdapterError:
            return  # The server's word stands; only who came after is unknown.
        for swap, now in zip(swaps, found, strict=True):
            if now == swap.after:
                continue
            if now == swap.before:
                raise RefusedError(
                    f"{swap.after.name} {swap.after.type} was left as it was: the server took the update for nothing",
                    remedy="See that no CNAME stands at the name.",
                )
            _raise_moved(swap, now, then="was changed, and somebody else wrote over it at once")
        self._propagation = Propagation.IN_SYNC

    def _update(self, swaps: tuple[RecordSwap, ...]) -> dns.update.UpdateMessage:
        import dns.name  # noqa: PLC0415 - lazy SDK
        import dns.update  # noqa: PLC0415 - lazy SDK

        from drctl.adapters.rfc2136.values import rdatas  # noqa: PLC0415 - it loads the SDK

        update = dns.update.UpdateMessage(self._zone)
        for swap in swaps:
            name = dns.name.from_text(swap.after.name)
            if swap.before is None:
                update.absent(name, swap.after.type)
            else:
                update.present(name, *rdatas(swap.before))
        for swap in swaps:
            update.replace(dns.name.from_text(swap.after.name), swap.after.ttl, *rdatas(swap.after))
        return update

    def _read(self, places: Iterable[tuple[str, str]]) -> list[RecordState | None]:
        import dns.message  # noqa: PLC0415 - lazy SDK

        wanted = list(places)
        queries = [dns.message.make_query(name, kind, use_edns=0) for name, kind in wanted]
        told = ", ".join(dict.fromkeys(name for name, _ in wanted))
        replies = self._server().ask(self._call(f"read {told}"), queries)
        return [_state(reply, *place) for reply, place in zip(replies, wanted, strict=True)]

    def _server(self) -> PrimaryServer:
        from drctl.adapters.rfc2136.server import Key, PrimaryServer  # noqa: PLC0415 - it loads the SDK

        return PrimaryServer(self._place, Key(*self._key), self._timeout)

    def _call(self, action: str, *, writes: bool = False) -> Call:
        from drctl.adapters.rfc2136.translation import Call  # noqa: PLC0415 - it loads the SDK

        return Call(action, self._zone, self._place, writes)


def _state(reply: dns.message.Message, name: str, record_type: str) -> RecordState | None:
    """Return what stands at the name itself: an answer also has what a CNAME leads to."""
    import dns.name  # noqa: PLC0415 - lazy SDK
    import dns.rdataclass  # noqa: PLC0415 - lazy SDK
    import dns.rdatatype  # noqa: PLC0415 - lazy SDK

    from drctl.adapters.rfc2136.values import shown  # noqa: PLC0415 - it loads the SDK

    kind = dns.rdatatype.from_text(record_type)
    found = reply.get_rrset(reply.answer, dns.name.from_text(name), dns.rdataclass.IN, kind)
    if found is None:
        return None
    return RecordState(name.lower().rstrip("."), record_type, found.ttl, tuple(sorted(shown(one) for one in found)))


def _raise_moved(swap: RecordSwap, found: RecordState | None, then: str = "is not as read") -> None:
    raise ConflictError(
        f"{swap.after.name} {swap.after.type} {then}: it was {_words(swap.before)}, it is {_words(found)}",
        remedy="Look what somebody else changed, then run again.",
    )


def _words(state: RecordState | None) -> str:
    return "absent" if state is None else f"{list(state.values)} with TTL {state.ttl}"
