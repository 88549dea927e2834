"""A provider as somebody else would write it: a vendor's JSON over HTTP, behind drctl's port."""

from __future__ import annotations

import json
from dataclasses import asdict
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from drctl.core.errors import (
    ConflictError,
    DeniedError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnreachableError,
)
from drctl.core.observed import RecordState
from drctl.ports.dns import Propagation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from drctl.ports.dns import RecordSwap

_KINDS = {401: DeniedError, 409: ConflictError, 429: ThrottledError}


def open_zone(zone: str, options: Mapping[str, str], timeout: timedelta) -> AcmeZone:
    """Open a zone; what the entry point names."""
    return AcmeZone(zone, options["url"], options["token"], timeout.total_seconds())


class AcmeZone:
    """One zone at Acme."""

    def __init__(self, zone: str, url: str, token: str, seconds: float) -> None:
        self._zone = zone
        self._host = urlsplit(url).netloc
        self._headers = {"Authorization": token}
        self._seconds = seconds
        self._propagation = Propagation.UNKNOWN

    def record(self, name: str, record_type: str) -> RecordState | None:
        return next((one for one in self._listed(name) if one.type == record_type), None)

    def record_types(self, name: str) -> tuple[str, ...]:
        return tuple(sorted(one.type for one in self._listed(name)))

    def propagation(self) -> Propagation:
        return self._propagation

    def swap(self, swaps: tuple[RecordSwap, ...], comment: str) -> None:
        self._propagation = Propagation.UNKNOWN
        changes = [{"before": one.before and asdict(one.before), "after": asdict(one.after)} for one in swaps]
        self._ask("POST", {"changes": changes, "comment": comment})
        self._propagation = Propagation.IN_SYNC

    def close(self) -> None:
        """Do nothing: each request has a connection of its own."""

    def _listed(self, name: str) -> list[RecordState]:
        shown = self._ask("GET", None)
        records = [RecordState(one["name"], one["type"], one["ttl"], tuple(one["values"])) for one in shown]
        return [one for one in records if one.name == name]

    def _ask(self, method: str, body: object) -> Any:  # noqa: ANN401 - whatever the vendor says
        writes = method == "POST"
        connection = HTTPConnection(self._host, timeout=self._seconds)
        try:
            connection.connect()
        except OSError as error:
            raise UnreachableError(f"Acme does not listen: {error}", remedy="Ask Acme.") from error
        try:
            connection.request(method, f"/{self._zone}", json.dumps(body), self._headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException) as error:
            kind = OutcomeUnknownError if writes else UnreachableError
            raise kind(f"Acme does not answer: {error!r}", remedy="Ask Acme.") from error
        finally:
            connection.close()
        if answer.status >= 300:
            told = f"Acme says of {self._zone}, to {json.dumps(body)}: {text.decode()}"
            raise _KINDS.get(answer.status, RefusedError)(told, remedy="Ask Acme.")
        return json.loads(text)
