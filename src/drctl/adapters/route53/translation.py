"""What Route 53 answered, or failed to answer, as one of drctl's own errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as NetworkError,
)

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
    from botocore.exceptions import BotoCoreError

# "The operation was not processed"; the same request may work later (dns.md 2.3).
_PASSING = frozenset({"Throttling", "ThrottlingException", "PriorRequestNotComplete", "RequestLimitExceeded"})
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"}
)
_MISSING = frozenset({"NoSuchHostedZone", "NoSuchChange"})
# The vendor's own words for a batch whose DELETE or CREATE no longer fits (dns.md 2.5).
_NO_LONGER_SO = ("but it was not found", "but the values provided do not match", "but it already exists")


def refusal(error: ClientError, what: str, zone: str, *, wrote: bool) -> AdapterError:
    """Return what an answered error means."""
    told = error.response.get("Error", {})
    code, said = str(told.get("Code", "")), str(told.get("Message", "")) or str(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    message = f"could not {what} in zone {zone}: Route 53 says {code}: {said}"
    if code in _PASSING or status == 429:
        return ThrottledError(message, remedy="Wait some seconds; the same request may work then.")
    if code in _DENIED or status == 403:
        return DeniedError(message, remedy="Look who asks: `aws sts get-caller-identity`; grant it the zone.")
    if code in _MISSING:
        return NotFoundError(message, remedy="Correct zone_id in drctl.yaml: `aws route53 list-hosted-zones`.")
    if code == "InvalidChangeBatch" and any(words in said for words in _NO_LONGER_SO):
        return ConflictError(message, remedy="Look what the zone holds now; somebody else changed it.")
    if status >= 500:
        kind = OutcomeUnknownError if wrote else UnreachableError
        return kind(message, remedy="See https://health.aws.amazon.com; look again before repeating anything.")
    return RefusedError(message, remedy="The same request will be refused again; mend what it says.")


def silence(error: BotoCoreError, what: str, zone: str, *, wrote: bool) -> AdapterError:
    """Return what a missing answer means. A write that no connection was made for was not sent."""
    message = f"could not {what} in zone {zone}: {error}"
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return DeniedError(message, remedy="Give access_key_id and secret_access_key in drctl.yaml, or AWS' own chain.")
    sent = not isinstance(error, EndpointConnectionError | ConnectTimeoutError)
    if wrote and sent and isinstance(error, HTTPClientError | NetworkError):
        return OutcomeUnknownError(message, remedy="Look at the record before anything is repeated.")
    return UnreachableError(message, remedy="See https://health.aws.amazon.com, and this machine's own network.")
