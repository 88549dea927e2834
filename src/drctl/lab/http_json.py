"""JSON over HTTP with the standard library: the lab's own calls to its parts, light enough for `lab up`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from drctl.lab.errors import LabError

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """What came back; `body` is None where it was no JSON. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: Any
    text: str


@dataclass(frozen=True, slots=True)
class JsonCaller:
    """Calls one server. Every call has `timeout_seconds` for each of its waits."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    timeout_seconds: float = 3.0

    def call(
        self, method: str, path: str, body: object = None, *, content_type: str = "application/json"
    ) -> JsonAnswer:
        """Send one request on a connection of its own.

        Raises:
            LabError: There was no answer. A write may or may not have happened.
        """
        connection = self._connection()
        headers = self.headers | {"Content-Type": content_type, "Accept": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, HTTPException) as problem:
            message = f"{method} {self.url}{path}: no answer: {problem!r}"
            raise LabError(message, remedy="Look at the lab with `drctl lab status`.") from problem
        finally:
            connection.close()
        return JsonAnswer(
            answer.status, {name.lower(): value for name, value in answer.getheaders()}, _parsed(text), text
        )

    def must(self, method: str, path: str, body: object = None, *, content_type: str = "application/json") -> Any:  # noqa: ANN401
        """Send one request and return the JSON of its answer.

        Raises:
            LabError: There was no answer, or one that is no success.
        """
        answer = self.call(method, path, body, content_type=content_type)
        if answer.status >= 300:
            raise LabError(f"{method} {self.url}{path}: {answer.status}: {answer.text[:300]}")
        return answer.body

    def answers(self, path: str = "/") -> bool:
        """Say whether a GET of the path succeeds now."""
        try:
            return self.call("GET", path).status < 300
        except LabError:
            return False

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        host = str(parts.hostname)
        if parts.scheme == "https":
            return HTTPSConnection(host, parts.port, timeout=self.timeout_seconds, context=self.context)
        return HTTPConnection(host, parts.port, timeout=self.timeout_seconds)


def _parsed(text: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text)
    except ValueError:
        return None
