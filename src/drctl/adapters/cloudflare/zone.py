"""One Cloudflare zone: records by value, changed by a compare-and-swap that the service does not have.

There is no condition that a request could carry: no ETag, no expected value (dns.md 3.4). So every record set is read
and compared right before one batch changes all of them, and read again a moment after it. What another writer does
between the reading and the batch is overwritten; what it does right after the batch is found. Runs of drctl are kept
apart by drctl's own lock.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from drctl.adapters.cloudflare.client import Client
from drctl.adapters.cloudflare.records import Batch, Listed, as_state
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
from drctl.ports.dns import Propagation

__all__ = ["Client", "CloudflareZone"]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cloudflare import APIResponse

    from drctl.adapters.cloudflare.translation import Call
    from drctl.core.observed import RecordState
    from drctl.ports.dns import RecordSwap

# Longer than another writer's batch is usually under way.
DEFAULT_REREAD_AFTER = timedelta(seconds=1)
_READ_TRIES = 2
_PAGE_SIZE = 100
_COMMENT_CHARACTERS_MAX = 100
_BALANCED_TYPES = frozenset({"A", "AAAA", "CNAME"})


class CloudflareZone:
    """DnsReader and DnsWriter of one zone. Safe to share between threads; nothing is loaded before the first call.

    `reread_after` is how long a swap waits before it looks whether somebody else wrote at the same time.
    """

    def __init__(self, zone: str, zone_id: str, client: Client, reread_after: timedelta = DEFAULT_REREAD_AFTER) -> None:
        self._zone = zone
        self._zone_id = zone_id
        self._client = client
        self._reread_after = reread_after
        self._propagation = Propagation.UNKNOWN
        self._balanced: frozenset[str] | None = None

    def record(self, name: str, record_type: str) -> RecordState | None:
        """Return the record set at a name and type, or None. Names carry no final dot.

        An automatic TTL is 300 s. Where values of one set have different TTLs, it is the longest.

        Raises:
            UnreachableError: No answer within the timeout, or no more than a request for patience.
            NotFoundError: There is no such zone.
            DeniedError: Not allowed to list.
            RefusedError: The record set is proxied, has more than contents, or a load balancer answers in its place.
        """
        with _patience_is_no_answer():
            found = as_state(self._listed(name, record_type), name, record_type)
            if record_type in _BALANCED_TYPES:
                self._refuse_balanced(name)
            return found

    def record_types(self, name: str) -> tuple[str, ...]:
        """Return every record type at a name, sorted.

        Raises:
            UnreachableError, NotFoundError, DeniedError: As in `record`.
        """
        with _patience_is_no_answer():
            return tuple(sorted({one.type for one in self._listed(name)}))

    def propagation(self) -> Propagation:
        """Return IN_SYNC when the API still showed the newest swap of this object a moment after it, else UNKNOWN.

        Cloudflare says nothing of how far a change has come (dns.md 6.1: seconds). Name servers have to be asked.
        """
        return self._propagation

    def swap(self, swaps: tuple[RecordSwap, ...], comment: str) -> None:
        """Make all swaps in one batch, or none, if every record set is still as its `before` says.

        The comment is kept with records that are new; others keep the one that their owner wrote.

        Raises:
            ConflictError: A record set is not as read, and nothing was written; or it was written, and somebody else
                wrote over it right after, which the message says.
            OutcomeUnknownError: It was, or may have been, sent, and no answer says what became of it.
            UnreachableError: The reading before got no answer, or the batch was provably not sent.
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
        """
        self._propagation = Propagation.UNKNOWN
        batch = Batch()
        for swap in swaps:
            listed = self._listed(swap.after.name, swap.after.type)
            _require(swap.before, as_state(listed, swap.after.name, swap.after.type), swap)
            batch.add(listed, swap.after, comment[:_COMMENT_CHARACTERS_MAX])
        if batch.parts():
            self._send(batch, swaps)
        self._read_again(swaps)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._client.close()

    def _send(self, batch: Batch, swaps: tuple[RecordSwap, ...]) -> None:
        call = self._call(f"change {', '.join(f'{one.after.name} {one.after.type}' for one in swaps)}", writes=True)
        parts: dict[str, Any] = dict(batch.parts())
        body = self._ask(
            call,
            lambda: self._client.sdk().dns.records.with_raw_response.batch(zone_id=self._zone_id, **parts),
        )
        try:
            deviation = batch.deviation(body["result"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            deviation = f"it cannot be read: {error!r}"
        if deviation:
            raise OutcomeUnknownError(
                f"Cloudflare calls it done, but not what was asked for: {call.place}: {deviation}",
                remedy=f"Look what is there: `{call.look}`.",
            )

    def _read_again(self, swaps: tuple[RecordSwap, ...]) -> None:
        threading.Event().wait(self._reread_after.total_seconds())
        for swap in swaps:
            name, record_type = swap.after.name, swap.after.type
            try:
                found = as_state(self._listed(name, record_type), name, record_type)
            except AdapterError:
                return  # It was written as asked; only who came after is unknown.
            if found != swap.after:
                raise ConflictError(
                    f"{name} {record_type} was changed to {_words(swap.after)}, and somebody else wrote over it at "
                    f"once: it holds {_words(found)}",
                    remedy="Find who else changes this zone, then run again.",
                )
        self._propagation = Propagation.IN_SYNC

    def _refuse_balanced(self, name: str) -> None:
        if self._balanced is None:
            self._balanced = self._names_with_load_balancer()
        if name.lower().rstrip(".") in (self._balanced or ()):
            raise RefusedError(
                f"{name} has a load balancer at Cloudflare, which answers in place of its records",
                remedy="Change the load balancer's pools by hand, and take the name out of `records:` in drctl.yaml.",
            )

    def _names_with_load_balancer(self) -> frozenset[str] | None:
        """Return the names that a load balancer answers for; none where the token may not see them, None for no answer.

        To see them takes a right that nothing else of drctl's needs. Unseen, one still shows: the name servers do not
        give the new values. So neither a missing right nor silence keeps a name from being moved.
        """
        call = self._call("list load balancers")
        try:
            body = self._read(
                call,
                lambda seconds: self._client.sdk().load_balancers.with_raw_response.list(
                    zone_id=self._zone_id, timeout=seconds
                ),
            )
        except (DeniedError, NotFoundError, RefusedError):
            return frozenset()
        except AdapterError:
            return None
        return frozenset(str(one["name"]).lower() for one in body["result"] or () if one.get("enabled", True))

    def _listed(self, name: str, record_type: str = "") -> tuple[Listed, ...]:
        """Return the records at a name, of a type or of all."""
        wanted = name.lower().rstrip(".")
        call = self._call(f"read {wanted} {record_type}".rstrip())
        filters: dict[str, Any] = {"name": {"exact": wanted}, "match": "all", "per_page": _PAGE_SIZE}
        if record_type:
            filters["type"] = record_type
        found: list[Listed] = []
        page, pages = 1, 1
        while page <= pages:
            body = self._read(call, self._page(filters | {"page": page}))
            try:
                found += [Listed.read(shown) for shown in body["result"]]
                pages = int((body.get("result_info") or {}).get("total_pages") or 1)
            except (KeyError, TypeError, ValueError) as error:
                from drctl.adapters.cloudflare.translation import strangeness  # noqa: PLC0415 - it loads the SDK

                raise strangeness(call, repr(error)) from error
            page += 1
        return tuple(one for one in found if one.name == wanted and record_type in {"", one.type})

    def _page(self, filters: dict[str, Any]) -> Callable[[float], APIResponse[Any]]:
        def send(seconds: float) -> APIResponse[Any]:
            records = self._client.sdk().dns.records
            return records.with_raw_response.list(zone_id=self._zone_id, timeout=seconds, **filters)

        return send

    def _read(self, call: Call, send: Callable[[float], APIResponse[Any]]) -> Mapping[str, Any]:
        """Ask twice before it counts as unreachable; a request for patience is not repeated."""
        seconds = self._client.seconds / _READ_TRIES
        try:
            return self._ask(call, lambda: send(seconds))
        except UnreachableError:
            return self._ask(call, lambda: send(seconds))

    def _ask(self, call: Call, send: Callable[[], APIResponse[Any]]) -> Mapping[str, Any]:
        """Return the envelope of an answer that is a success by its own word, not only by its status (dns.md 3.3)."""
        from cloudflare import APIConnectionError, APIStatusError  # noqa: PLC0415 - lazy SDK

        from drctl.adapters.cloudflare.translation import refusal, silence, strangeness  # noqa: PLC0415 - the same

        try:
            response = send().http_response
        except APIStatusError as error:
            if error.status_code < 400:
                raise strangeness(call, f"a redirect, status {error.status_code}") from error
            patience = error.response.headers.get("retry-after", "")
            raise refusal(call, error.status_code, error.body, patience) from error
        except APIConnectionError as error:
            raise silence(call, error) from error
        try:
            body = response.json()
        except ValueError as error:
            raise strangeness(call, f"no JSON: {response.text[:80]!r}") from error
        if not isinstance(body, dict) or "success" not in body:
            raise strangeness(call, f"no envelope: {response.text[:80]!r}")
        if body["success"] is not True:
            raise refusal(call, response.status_code, body)
        return body

    def _call(self, action: str, *, writes: bool = False) -> Call:
        from drctl.adapters.cloudflare.translation import Call  # noqa: PLC0415 - it loads the SDK

        return Call(action, self._zone, f"{self._client.endpoint}/zones/{self._zone_id}", writes)


@contextmanager
def _patience_is_no_answer() -> Iterator[None]:
    """For who only reads, a request for patience is no answer."""
    try:
        yield
    except ThrottledError as error:
        raise UnreachableError(error.message, remedy=error.remedy) from error


def _require(before: RecordState | None, found: RecordState | None, swap: RecordSwap) -> None:
    if found != before:
        raise ConflictError(
            f"{swap.after.name} {swap.after.type} is not as read: it was {_words(before)}, it is {_words(found)}",
            remedy="Look what somebody else changed, then run again.",
        )


def _words(state: RecordState | None) -> str:
    return "absent" if state is None else f"{list(state.values)} with TTL {state.ttl}"
