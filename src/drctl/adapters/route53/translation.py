"""What Route 53 answered, or failed to answer, as one of drctl's own errors."""

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
    from collections.abc import Mapping

    from botocore.exceptions import ClientError

# Answered instead of being worked on. PriorRequestNotComplete: an earlier change of the same zone is not done yet
# (dns.md 2.3).
_PASSING = frozenset(
    {
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_MISSING = (NotFoundError, "Correct `zone_id` in drctl.yaml: `aws route53 list-hosted-zones`.")
_CLOCK = (DeniedError, "Set this machine's clock, then run again: `timedatectl`.")
_EXPIRED = (DeniedError, "Renew the credentials, then check them: `aws sts get-caller-identity`.")
_DENIED = (DeniedError, "Grant {right} on the zone to whom `aws sts get-caller-identity` names.")
_KINDS: dict[str, tuple[type[AdapterError], str]] = {
    "NoSuchHostedZone": _MISSING,
    "NoSuchChange": _MISSING,
    "RequestTimeTooSkewed": _CLOCK,
    "RequestExpired": _CLOCK,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "IncompleteSignature": _DENIED,
    "OptInRequired": _DENIED,
}
_BAD_BATCH = "InvalidChangeBatch"
# The service's own words for a DELETE or a CREATE that no longer fits the zone (dns.md 2.5).
_MOVED = ("but it was not found", "but the values provided do not match", "but it already exists")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as messages speak of it. `action` completes "could not ...": `read shop.example.com A`."""

    action: str
    zone: str
    zone_id: str
    writes: bool = False

    @property
    def look(self) -> str:
        """Return the command that shows the zone as it is."""
        return f"aws route53 list-resource-record-sets --hosted-zone-id {self.zone_id}"

    @property
    def right(self) -> str:
        """Return the permission that the request needs (dns.md 2.8)."""
        return "route53:ChangeResourceRecordSets" if self.writes else "route53:ListResourceRecordSets and GetChange"


def refusal(call: Call, error: ClientError) -> AdapterError:
    """Return what an answered error means."""
    told = error.response.get("Error", {})
    code, said = str(told.get("Code", "")), str(told.get("Message", ""))
    if not code and "Messages" in error.response:
        # The old form: botocore reads it as an error without a code (dns.md 2.5), and loses its texts (measured with
        # 1.44.5).
        code, said = _BAD_BATCH, ""
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    kind, remedy = _meaning(call, code, said, status)
    words = " ".join(part for part in (code or f"status {status}", said) if part)
    return kind(f"Could not {call.action} in zone {call.zone} at Route 53: {words}", remedy=remedy)


def silence(call: Call, error: Exception) -> AdapterError:
    """Return what a missing answer means: of a write that may have been sent, nothing is known."""
    told = f"{type(error).__name__}: {error}"
    if isinstance(error, NO_CREDENTIALS):
        return DeniedError(
            f"Could not {call.action} in zone {call.zone} at Route 53: no credentials ({told})",
            remedy="Give access_key_id and secret_access_key in drctl.yaml, or check `aws sts get-caller-identity`.",
        )
    if isinstance(error, WRONG_BEFORE_SENDING):
        return RefusedError(
            f"Could not {call.action} in zone {call.zone} at Route 53: the SDK refuses the request ({told})",
            remedy="Correct the zone and its records in drctl.yaml, then see `drctl config check`.",
        )
    if call.writes and not never_sent(error):
        return OutcomeUnknownError(
            f"No answer from Route 53 to: {call.action} in zone {call.zone}; it may have happened ({told})",
            remedy=f"Look before trying again: `{call.look}`.",
        )
    return UnreachableError(
        f"Could not {call.action} in zone {call.zone}: Route 53 did not answer ({told})",
        remedy=f"Check this machine's network, then https://health.aws.amazon.com; try `{call.look}`.",
    )


def strangeness(call: Call, answer: Mapping[str, object]) -> AdapterError:
    """Return what a success means that has nothing of Route 53's in it: something in between answered."""
    kind = OutcomeUnknownError if call.writes else UnreachableError
    return kind(
        f"Could not {call.action} in zone {call.zone}: what answered is not Route 53 (only {', '.join(answer)})",
        remedy=f"Check `endpoint` in drctl.yaml and this shell's proxy, then look: `{call.look}`.",
    )


def _meaning(call: Call, code: str, said: str, status: int) -> tuple[type[AdapterError], str]:
    if code in _PASSING or status == 429:
        # The bucket of a whole account fills by 10 requests a second (dns.md 2.3).
        return ThrottledError if call.writes else UnreachableError, "Wait 5 s, then run the command again."
    if code == _BAD_BATCH and (not said or any(words in said for words in _MOVED)):
        # Without a text it is taken for a zone that moved on: then it is looked at before anything else.
        return ConflictError, f"Look what somebody else changed, then run again: `{call.look}`."
    if code in _KINDS or status in {401, 403}:
        kind, remedy = _KINDS.get(code, _DENIED)
        return kind, remedy.format(right=call.right)
    if 400 <= status < 500:
        return RefusedError, f"Correct what the message says; what is there: `{call.look}`."
    # A write failed while the service worked on it, maybe after it was stored.
    kind = OutcomeUnknownError if call.writes else UnreachableError
    return kind, f"See https://health.aws.amazon.com, and look before trying again: `{call.look}`."
