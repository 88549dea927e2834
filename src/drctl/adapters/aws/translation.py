"""What the service behind a switch answered, or failed to answer, as one of drctl's own errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.adapters.aws.silence import NO_CREDENTIALS, WRONG_BEFORE_SENDING, never_sent
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
    from botocore.exceptions import ClientError

_MOVED = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_PASSING = frozenset(
    {
        "EndpointTemporarilyUnavailableException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as messages speak of it. `action` completes "could not ...", `look` is a command that only reads."""

    action: str
    look: str
    writes: bool = False


def refusal(call: Call, error: ClientError) -> AdapterError:
    """Return what an answered error means."""
    told = error.response.get("Error", {})
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code = str(told.get("Code", ""))
    kind, remedy = _meaning(call, code, status)
    words = " ".join(part for part in (code or f"status {status}", str(told.get("Message", ""))) if part)
    return kind(f"Could not {call.action}: {words}", remedy=remedy)


def silence(call: Call, error: Exception) -> AdapterError:
    """Return what a missing answer means: of a write that may have been sent, nothing is known."""
    told = f"{type(error).__name__}: {error}"
    if isinstance(error, NO_CREDENTIALS):
        remedy = "Give the switch its keys in drctl.yaml, or check `aws sts get-caller-identity`."
        return DeniedError(f"Could not {call.action}: no credentials ({told})", remedy=remedy)
    if isinstance(error, WRONG_BEFORE_SENDING):
        remedy = "Correct the switch in drctl.yaml, then see `drctl config check`."
        return RefusedError(f"Could not {call.action}: the SDK refuses the request ({told})", remedy=remedy)
    if call.writes and not never_sent(error):
        remedy = f"Look before trying again: `{call.look}`."
        return OutcomeUnknownError(f"No answer to: {call.action}; it may have happened ({told})", remedy=remedy)
    remedy = f"Check this machine's network; try `{call.look}`."
    return UnreachableError(f"Could not {call.action}: no answer ({told})", remedy=remedy)


def _meaning(call: Call, code: str, status: int) -> tuple[type[AdapterError], str]:
    look = f"look: `{call.look}`."
    if code in _MOVED or status == 412:
        return ConflictError, f"See who else turns this switch, then {look}"
    if code in _PASSING or status in {429, 503}:
        return (ThrottledError if call.writes else UnreachableError), f"Wait 5 s, then {look}"
    if code in {"AccessDenied", "AccessDeniedException"} or status in {401, 403}:
        return DeniedError, "Grant it to whom `aws sts get-caller-identity` names."
    if status == 404:
        return NotFoundError, f"Correct the switch in drctl.yaml; {look}"
    if status >= 500:
        kind = OutcomeUnknownError if call.writes else UnreachableError
        return kind, f"See https://health.aws.amazon.com, then {look}"
    return RefusedError, f"Correct what the message says; {look}"
