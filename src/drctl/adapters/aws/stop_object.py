"""The stop object: while it is there, an inverted health check takes the other region out of Route 53's answers.

It stands in the bucket of the region that takes over, so that a dead region leaves everything as it is (dns.md 2.1,
STOP). S3 is a regional service: no control plane in us-east-1 is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drctl.core.errors import NotFoundError
from drctl.ports.switches import SwitchState

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.adapters.aws.clients import Clients

_BODY = b"drctl\n"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the object is, and the region that it leads to while it is there."""

    bucket: str
    key: str
    leads_to: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


class StopObject:
    """SwitchReader and SwitchWriter. Safe to share between threads; nothing is loaded before the first call."""

    def __init__(self, place: Place, clients: Clients) -> None:
        self._place = place
        self._clients = clients

    def state(self) -> SwitchState:
        """Return the region that takes over where the object is there, else none.

        Raises:
            UnreachableError: No answer within the timeout.
            NotFoundError, DeniedError: There is no such bucket; not allowed to look.
        """
        try:
            found = self._ask("look at", lambda: self._client(writing=False).head_object(**self._where()))
        except NotFoundError:
            # HEAD has no body that says what is missing: the object, or the bucket.
            self._ask(
                "look at the bucket of", lambda: self._client(writing=False).head_bucket(Bucket=self._place.bucket)
            )
            return SwitchState("")
        return SwitchState(self._place.leads_to, str(found["ETag"]))

    def turn(self, before: SwitchState, region: str) -> None:
        """Put the object where its region is wanted, else delete it; each only if it is still as read.

        Raises:
            ConflictError: Somebody else put, changed or deleted it; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Provably not sent.
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
        """
        client = self._client(writing=True)
        if region == self._place.leads_to:
            self._ask("put", lambda: client.put_object(**self._where(), Body=_BODY, IfNoneMatch="*"), writes=True)
        elif before.version:
            self._ask("delete", lambda: client.delete_object(**self._where(), IfMatch=before.version), writes=True)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._clients.close()

    def _where(self) -> dict[str, str]:
        return {"Bucket": self._place.bucket, "Key": self._place.key}

    def _client(self, *, writing: bool) -> Any:  # noqa: ANN401 - the SDK's client has no type without its stubs
        return self._clients.client(writing=writing)

    def _ask(self, action: str, send: Callable[[], Any], *, writes: bool = False) -> Any:  # noqa: ANN401 - the SDK's
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - lazy SDK

        from drctl.adapters.aws.translation import Call, refusal, silence  # noqa: PLC0415 - it loads the SDK

        look = f"aws s3api head-object --bucket {self._place.bucket} --key {self._place.key}"
        call = Call(f"{action} {self._place}", look, writes)
        try:
            return send()
        except ClientError as error:
            raise refusal(call, error) from error
        except BotoCoreError as error:
            raise silence(call, error) from error
