"""What an API server answered, or failed to answer, as one of drctl's own errors."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from typing import Any

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

# A 504 is an answer of the server too: `Too large resource version` comes as one (kubernetes.md 1.5).
_PASSING = frozenset({429, 500, 502, 503, 504})

_KINDS: dict[int, tuple[type[AdapterError], str]] = {
    401: (DeniedError, "Renew the context's credentials: `{kubectl} auth whoami`."),
    403: (DeniedError, "Grant it to drctl's user, then see `{kubectl} auth can-i --list`."),
    404: (NotFoundError, "Create it, or correct the rule in drctl.yaml: `{look}`."),
    409: (ConflictError, "Look what changed, then run again: `{look}`."),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as messages speak of it.

    `action` completes "could not ...": `scale deployment/shop/api to 2`. `kubectl` reaches the same server.
    """

    method: str
    path: str
    action: str
    region: str
    kubectl: str

    @property
    def writes(self) -> bool:
        """Say whether the request may change something."""
        return self.method != "GET"

    @property
    def look(self) -> str:
        """Return the command that shows what the request was about."""
        return f"{self.kubectl} get --raw '{self.path}'"


def is_passing(status: int) -> bool:
    """Say whether the same read may well be answered a moment later."""
    return status in _PASSING


def never_sent(exc: BaseException) -> bool:
    """Say whether a failed call provably never sent its request: no connection, or no trust in who answered.

    A timeout of the TLS handshake is a `ReadTimeoutError` in urllib3, as is one after sending: not provable.
    """
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError  # noqa: PLC0415 - lazy SDK

    return isinstance(exc, ConnectTimeoutError | NewConnectionError | ProxyError) or _is_untrusted(exc)


def _is_untrusted(exc: BaseException) -> bool:
    # The client wraps urllib3's SSLError, which carries the standard library's, in an ApiException of status 0.
    carried = (exc, exc.__context__, *exc.args, *(exc.__context__.args if exc.__context__ else ()))
    return any(isinstance(found, ssl.SSLCertVerificationError) for found in carried)


def silence(call: Call, exc: BaseException, seconds: float) -> AdapterError:
    """Return the error for a call that brought no answer: of a write that may have been sent, nothing is known."""
    told = _first_line(exc)
    if call.writes and not never_sent(exc):
        return OutcomeUnknownError(
            f"No answer from {call.region} to: {call.action}; it may have happened (limit {seconds:g} s; {told})",
            remedy=f"Look before trying again: `{call.look}`.",
        )
    if _is_untrusted(exc):
        return UnreachableError(
            f"Could not {call.action} in {call.region}: its certificate is not trusted ({told})",
            remedy="Correct `certificate-authority` or `tls-server-name` in the kubeconfig's cluster.",
            code="certificate-untrusted",
        )
    return UnreachableError(
        f"Could not {call.action} in {call.region}: no answer (limit {seconds:g} s; {told})",
        remedy=f"Check the region and the way to it: `{call.kubectl} get --raw /readyz`.",
    )


def refusal(call: Call, status: int, text: str) -> AdapterError:
    """Return the error for an answer that is no success."""
    kind, remedy = _kind(call, status)
    message = f"Could not {call.action} in {call.region}: {status} {reason_of(text)}".rstrip()
    return kind(message, remedy=remedy.format(kubectl=call.kubectl, look=call.look))


def _kind(call: Call, status: int) -> tuple[type[AdapterError], str]:
    if status in _KINDS:
        return _KINDS[status]
    if not call.writes and (status < 400 or status >= 429):
        return UnreachableError, "Check the API server: `{kubectl} get --raw '/readyz?verbose'`."
    if status in {429, 503}:
        return ThrottledError, "Wait some seconds, then run `drctl resume`."
    if 400 <= status < 500:
        return RefusedError, "Correct what was asked for; what is there: `{look}`."
    # 500 and 504 may come after the write was stored; a redirect or a page with 200 is no API server's.
    return OutcomeUnknownError, "Look before trying again: `{look}`."


def reason_of(text: str) -> str:
    """Return the server's own words: a Status object's message, or the start of a plain text (unknown API groups)."""
    try:
        status: Any = json.loads(text)
    except ValueError:
        return " ".join(text.split())[:200]
    message = status.get("message") if isinstance(status, dict) else None
    return message if isinstance(message, str) else ""


def _first_line(exc: BaseException) -> str:
    lines = str(exc).splitlines() or [""]
    return f"{type(exc).__name__}: {lines[-1] or lines[0]}"[:300]
