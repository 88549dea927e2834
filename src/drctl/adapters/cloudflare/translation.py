"""What Cloudflare answered, or failed to answer, as one of drctl's own errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

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

if TYPE_CHECKING:
    from cloudflare import APIConnectionError

_STATUS_PAGE = "https://www.cloudflarestatus.com"
_DENIED = frozenset({1000, 6003, 6111, 9103, 9106, 9107, 9109, 10000})
_MISSING = frozenset({1001, 1002, 1003, 7000, 7003})
_PASSING = frozenset({971, 10100})
# Of a write: the record that was read is gone, or the one to be made is there.
_MOVED = frozenset({81044, 81057, 81058})
# Other records of the name stand in the way (81053, 81054); they would on a second try too.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as messages speak of it. `action` completes "could not ...": `read shop.example.com A`."""

    action: str
    zone: str
    url: str
    writes: bool = False

    @property
    def look(self) -> str:
        """Return the command that shows the zone as it is."""
        return f"curl -H \"Authorization: Bearer $CLOUDFLARE_API_TOKEN\" '{self.url}/dns_records'"

    @property
    def right(self) -> str:
        """Return the permission that the request needs (dns.md 3.2)."""
        return "DNS:Edit" if self.writes else "DNS:Read"

    @property
    def place(self) -> str:
        """Return where and what, for a message."""
        return f"{self.action} in zone {self.zone} at Cloudflare"


def refusal(call: Call, status: int, body: object, retry_after: str = "") -> AdapterError:
    """Return what an answered error means; `success: false` is one, whatever the status (dns.md 3.3)."""
    errors = list(_errors(body))
    codes = {code for code, _ in errors}
    kind, remedy = _meaning(call, status, codes, retry_after)
    words = "; ".join(f"{code} {message}".strip() for code, message in errors) or f"status {status}"
    return kind(f"Could not {call.place}: {words}", remedy=remedy)


def silence(call: Call, error: APIConnectionError) -> AdapterError:
    """Return what a missing answer means: of a write that may have been sent, nothing is known."""
    cause = error.__cause__ or error
    told = f"{type(cause).__name__}: {cause}".rstrip(": ")
    if call.writes and not isinstance(cause, _NEVER_SENT):
        return OutcomeUnknownError(
            f"No answer to: {call.place}; it may have happened ({told})",
            remedy=f"Look before trying again: `{call.look}`.",
        )
    return UnreachableError(
        f"Could not {call.place}: no answer ({told})",
        remedy=f"Check this machine's network, then {_STATUS_PAGE}; try `{call.look}`.",
    )


def strangeness(call: Call, what: str) -> AdapterError:
    """Return what an answer means that is none of Cloudflare's: something in between answered."""
    kind = OutcomeUnknownError if call.writes else UnreachableError
    return kind(
        f"Could not {call.place}: what answered is not its API ({what})",
        remedy=f"Check `endpoint` in drctl.yaml and this shell's proxy, then look: `{call.look}`.",
    )


def _meaning(call: Call, status: int, codes: set[int], retry_after: str) -> tuple[type[AdapterError], str]:
    if status == 429 or codes & _PASSING:
        # Too many requests shut a token out for five minutes, wherever it is used (dns.md 3.3).
        wait = f"{retry_after} s" if retry_after.isdigit() else "5 minutes"
        return ThrottledError, f"Wait {wait}, and find what else uses this token; then run the command again."
    if call.writes and codes & _MOVED:
        return ConflictError, f"Look what somebody else changed, then run again: `{call.look}`."
    if codes & _DENIED or status in {401, 403}:
        verify = 'curl -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN"'
        check = f"{verify} {call.url.partition('/zones/')[0]}/user/tokens/verify"
        return DeniedError, f"Give the token {call.right} on this zone, and see that it has not expired: `{check}`."
    if codes & _MISSING or status == 404:
        return NotFoundError, "Correct `zone_id` in drctl.yaml: the zone's overview at Cloudflare shows it."
    if status >= 500:
        # A write failed while the service worked on it, maybe after it was stored.
        kind = OutcomeUnknownError if call.writes else UnreachableError
        return kind, f"See {_STATUS_PAGE}, and look before trying again: `{call.look}`."
    return RefusedError, f"Correct what the message says; what is there: `{call.look}`."


def _errors(body: object) -> Iterator[tuple[int, str]]:
    """Yield every code with its text, those of an `error_chain` included."""
    listed: Any = body.get("errors") if isinstance(body, Mapping) else None
    for error in listed if isinstance(listed, list) else ():
        if not isinstance(error, Mapping):
            continue
        code = error.get("code")
        yield (code if isinstance(code, int) else 0), str(error.get("message", ""))
        yield from _errors({"errors": error.get("error_chain")})
