"""`$JS.API` calls as JSON in, JSON out, core errors on the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from drctl.adapters.nats.outcome import ConnectionLostError, WireError
from drctl.adapters.nats.translate import refusal, unanswered
from drctl.core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from drctl.adapters.nats.connection import Connection
    from drctl.adapters.nats.session import ServerFacts
    from drctl.adapters.nats.translate import Place

Json = dict[str, Any]


class JetStreamApi:
    """One region's JetStream API. `what` in every call is the beginning of an error's message."""

    def __init__(self, connection: Connection, place: Place) -> None:
        self._connection = connection
        self.place = place

    def stored(self, name: str) -> str:
        """Return what the servers call a stream of this region."""
        return name

    def read(self, call: str, what: str, body: object = None, prefix: str = "$JS.API") -> Json:
        """Return the answer to a call that changes nothing; asked once more where the connection broke meanwhile.

        Raises:
            UnreachableError, DeniedError, NotFoundError, RefusedError: As their names say.
        """
        subject, payload = f"{prefix}.{call}", _encoded(body)
        try:
            try:
                answer = self._connection.request(subject, payload)
            except ConnectionLostError:
                answer = self._connection.request(subject, payload)
        except WireError as exc:
            raise unanswered(exc, what, self.place, wrote=False) from exc
        return self._without_error(answer, what, wrote=False)

    def read_each(self, call: str, what: str, bodies: Sequence[object]) -> list[Json | None]:
        """Return the answers to calls that change nothing, asked at the same time; None for what is not there.

        Raises:
            UnreachableError, DeniedError, RefusedError: As their names say.
        """
        subject, payloads = f"$JS.API.{call}", [_encoded(body) for body in bodies]
        try:
            try:
                answers = self._connection.requests(subject, payloads)
            except ConnectionLostError:
                answers = self._connection.requests(subject, payloads)
        except WireError as exc:
            raise unanswered(exc, what, self.place, wrote=False) from exc
        return [self._or_none(answer, what) for answer in answers]

    def _or_none(self, answer: bytes, what: str) -> Json | None:
        try:
            return self._without_error(answer, what, wrote=False)
        except NotFoundError:
            return None

    def write(self, call: str, what: str, body: object, headers: Mapping[str, str] | None = None) -> Json:
        """Send a call that changes something, once.

        Raises:
            OutcomeUnknownError: Sent, and no answer.
            UnreachableError: Not connected; nothing was sent.
            ThrottledError, DeniedError, NotFoundError, RefusedError: The server did nothing.
        """
        return self.publish(f"$JS.API.{call}", what, _encoded(body), headers)

    def pages(self, call: str, what: str, key: str) -> Iterator[tuple[list[Any], Json]]:
        """Yield each page's `key` list with its whole answer (256 entries a page for LIST, 1024 for NAMES).

        Raises:
            UnreachableError, DeniedError, NotFoundError, RefusedError: As in `read`.
        """
        offset, total = 0, 1
        while offset < total:
            answer = self.read(call, what, {"offset": offset})
            entries = answer.get(key) or []
            yield entries, answer
            offset, total = offset + max(len(entries), 1), int(answer.get("total", 0))

    def publish(self, subject: str, what: str, payload: bytes, headers: Mapping[str, str] | None) -> Json:
        """Publish one message, once, and return the JSON that answers it.

        Raises:
            OutcomeUnknownError, UnreachableError, ThrottledError, DeniedError, RefusedError: As in `write`.
        """
        try:
            answer = self._connection.request(subject, payload, headers)
        except WireError as exc:
            raise unanswered(exc, what, self.place, wrote=True) from exc
        return self._without_error(answer, what, wrote=True)

    def probe(
        self, subjects: Sequence[str], what: str, headers: Mapping[str, str], quiet_seconds: float
    ) -> dict[str, tuple[Json, ...] | None]:
        """Return every stream's answer to one empty message on each subject.

        A subject has none if the server says that nobody takes it, and None if nothing was said.

        Raises:
            UnreachableError: There is no connection.
            DeniedError: Not allowed to publish there.
        """
        try:
            replies = self._connection.gather(subjects, headers, quiet_seconds)
        except WireError as exc:
            raise unanswered(exc, what, self.place, wrote=False) from exc
        return {
            subject: None if found is None else tuple(json.loads(reply) for reply in found)
            for subject, found in replies.items()
        }

    def facts(self, what: str) -> ServerFacts:
        """Return what the server said of itself.

        Raises:
            UnreachableError, DeniedError: There is no connection.
        """
        try:
            return self._connection.facts()
        except WireError as exc:
            raise unanswered(exc, what, self.place, wrote=False) from exc

    def _without_error(self, payload: bytes, what: str, *, wrote: bool) -> Json:
        answer: Json = json.loads(payload)
        if "error" in answer:
            raise refusal(answer["error"], what, self.place, wrote=wrote)
        return answer


def _encoded(body: object) -> bytes:
    return b"" if body is None else json.dumps(body).encode()
