"""What the server said, or did not say, as core errors that name what, where and what next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drctl.adapters.nats.outcome import (
    ConnectionClosedError,
    ForbiddenError,
    LoginRefusedError,
    NobodyListensError,
    NotSentError,
    WireError,
)
from drctl.core.errors import (
    AdapterError,
    DeniedError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

# JetStream error numbers (`err_code`), measured on nats-server 2.15.1 or read in its source. Texts may change.
CONSUMER_NOT_FOUND = 10014
STREAM_NOT_FOUND = 10059
NO_MESSAGE_FOUND = 10037
SUBJECTS_OVERLAP = 10065
STREAM_OFFLINE = 10118
CONSUMER_EXISTS = frozenset({10012, 10013, 10148})
_NOT_FOUND = frozenset({CONSUMER_NOT_FOUND, STREAM_NOT_FOUND, NO_MESSAGE_FOUND})
# No quorum, not the leader, too many requests: the server says that it did nothing.
_LATER = frozenset({10008, 10009, 10167})
# Nothing is there to ask: the stream's replicas are offline, or JetStream is off, here or for this account.
_ABSENT = frozenset({10118, 10039, 10076})

_REMEDIES: Mapping[int, str] = {
    10008: "Bring back a majority of this region's NATS servers, then run `drctl resume`.",
    10009: "Run `drctl resume`: the region is electing a leader.",
    10023: "Free storage or add servers in this region, then run `drctl resume`.",
    10025: "Bring both regions to the same nats-server version: this one does not know a field of the configuration.",
    10034: "Run `drctl resume`: the stream became a mirror meanwhile.",
    10039: "Enable JetStream for this user's account, or name another user in drctl.yaml.",
    10052: "Compare the stream's configuration in both regions with `nats req '$JS.API.STREAM.INFO.<stream>' ''`.",
    10055: "Upgrade nats-server to 2.12 or later: older ones cannot promote a mirror.",
    10065: "Remove the subject from the stream that owns it, then run `drctl resume`.",
    10076: "Enable JetStream on this server.",
    10118: "Start the servers that hold this stream, or move its subjects by hand.",
    10167: "Run `drctl resume` in a moment.",
    10185: "Upgrade nats-server to 2.12 or later: older ones cannot promote a mirror.",
}


class RefusedByApiError(RefusedError):
    """The JetStream API refused for good; `number` is its `err_code`."""

    def __init__(self, message: str, *, number: int, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.number = number


class Place:
    """A region's server as messages name it: region and address, never the credentials."""

    def __init__(self, region: str, url: str) -> None:
        self.region = region
        self._address = url.rsplit("@", 1)[-1].removeprefix("nats://").removeprefix("tls://")

    def __str__(self) -> str:
        return f"NATS of {self.region} ({self._address})"


def refusal(error: Mapping[str, Any], what: str, place: Place, *, wrote: bool) -> AdapterError:
    """Return the core error for an API error reply; `wrote` says whether the request was a write."""
    number = int(error.get("err_code", 0))
    message = f"{what} at {place}: {error.get('description', 'refused')} ({error.get('code', 0)}/{number})"
    remedy = _REMEDIES.get(number, "")
    if number in _NOT_FOUND:
        return NotFoundError(message, remedy=remedy or "List what is there with `nats req '$JS.API.STREAM.NAMES' ''`.")
    if number in _LATER and wrote:
        return ThrottledError(message, remedy=remedy)
    if number in _LATER or (number in _ABSENT and not wrote):
        return UnreachableError(message, remedy=remedy)
    return RefusedByApiError(message, number=number, remedy=remedy or "Run `drctl status`, then decide by hand.")


def unanswered(exc: WireError, what: str, place: Place, *, wrote: bool) -> AdapterError:
    """Return the core error for a request that ended without an answer."""
    kind, text, remedy = _meaning(exc, wrote=wrote)
    return kind(f"{what} at {place}: {text}", remedy=remedy)


def _meaning(exc: WireError, *, wrote: bool) -> tuple[type[AdapterError], str, str]:
    match exc:
        case ForbiddenError():
            remedy = f"Allow `{exc.subject}` in this user's permissions and reload the server."
            return DeniedError, f"this user may not use the subject {exc.subject}", remedy
        case LoginRefusedError():
            remedy = "Put the right NATS credentials where drctl.yaml points, and run again."
            return DeniedError, f"the credentials were refused ({exc})", remedy
        case ConnectionClosedError():
            return UnreachableError, f"not asked ({exc})", "Run the command again."
        case NotSentError():
            remedy = "Check that the server runs and that its address in drctl.yaml is right."
            return UnreachableError, f"not connected ({exc})", remedy
        case NobodyListensError():
            remedy = "Check that JetStream runs there, then run again."
            return ThrottledError if wrote else UnreachableError, "nobody takes the request", remedy
        case _:
            remedy = "Run `drctl resume`: it looks again before it writes." if wrote else "Check the server, run again."
            return OutcomeUnknownError if wrote else UnreachableError, f"no answer ({exc})", remedy
