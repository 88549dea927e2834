from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cloudflare import Cloudflare

from drctl.adapters.cloudflare.zone import Client, CloudflareZone
from drctl.lab.cloudflare_api.server import Options, Running, running
from drctl.lab.credentials import CLOUDFLARE_TOKEN
from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import CLOUDFLARE_NAME, CLOUDFLARE_ZONE, CLOUDFLARE_ZONE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudflare.types.dns import RecordBatchResponse, RecordResponse


@dataclass
class Lab:
    """The stand-in, and those who ask it."""

    server: Running
    opened: list[Cloudflare | CloudflareZone] = field(default_factory=list)

    @property
    def admin(self) -> JsonCaller:
        return JsonCaller(self.server.admin_url)

    def sdk(self, token: str = CLOUDFLARE_TOKEN) -> Cloudflare:
        client = Cloudflare(api_token=token, base_url=self.server.api_url, max_retries=0, timeout=3.0)
        self.opened.append(client)
        return client

    def zone(
        self, token: str = CLOUDFLARE_TOKEN, zone_id: str = CLOUDFLARE_ZONE_ID, reread_seconds: float = 0.0
    ) -> CloudflareZone:
        client = Client(token, self.server.api_url, timedelta(seconds=1))
        zone = CloudflareZone(CLOUDFLARE_ZONE, zone_id, client, timedelta(seconds=reread_seconds))
        self.opened.append(zone)
        return zone

    def break_(self, **faults: object) -> None:
        """Put faults in force, and end those before."""
        self.admin.must("POST", "/faults", faults)

    def audit(self) -> list[dict[str, Any]]:
        """Return every request that arrived."""
        entries: list[dict[str, Any]] = self.admin.must("GET", "/audit")
        return entries

    def writes(self) -> int:
        """Return how many requests that write arrived."""
        return sum(entry["method"] != "GET" for entry in self.audit())

    def until_written(self, before: int) -> None:
        """Wait until one more request that writes has arrived."""
        deadline = time.monotonic() + 5.0
        while self.writes() == before:
            assert time.monotonic() < deadline, "nothing was written"
            threading.Event().wait(0.01)


@dataclass
class Records:
    """The records of the lab's zone through the vendor's own SDK."""

    sdk: Cloudflare

    def post(self, content: str, *, kind: str = "A", name: str = CLOUDFLARE_NAME, **more: object) -> RecordResponse:
        body: Any = {"name": name, "type": kind, "content": content, "ttl": 60, **more}
        return _there(self.sdk.dns.records.create(zone_id=CLOUDFLARE_ZONE_ID, **body))

    def patch(self, record_id: str, **changes: object) -> RecordResponse:
        body: Any = {"name": CLOUDFLARE_NAME, "type": "A", "ttl": 60, **changes}
        return _there(self.sdk.dns.records.edit(record_id, zone_id=CLOUDFLARE_ZONE_ID, **body))

    def put(self, record_id: str, **body: object) -> RecordResponse:
        whole: Any = {"name": CLOUDFLARE_NAME, "type": "A", "ttl": 60, **body}
        return _there(self.sdk.dns.records.update(record_id, zone_id=CLOUDFLARE_ZONE_ID, **whole))

    def batch(self, **parts: object) -> RecordBatchResponse:
        body: Any = parts
        done = self.sdk.dns.records.batch(zone_id=CLOUDFLARE_ZONE_ID, **body)
        assert done is not None
        return done

    def contents(self, **filters: object) -> list[str | None]:
        query: Any = filters
        return [record.content for record in self.sdk.dns.records.list(zone_id=CLOUDFLARE_ZONE_ID, **query)]


def _there(record: RecordResponse | None) -> RecordResponse:
    assert record is not None
    return record


@pytest.fixture
def lab() -> Iterator[Lab]:
    with running(Options(lag_seconds=(0.0, 0.0))) as server:
        found = Lab(server)
        yield found
        found.break_()
        for one in found.opened:
            one.close()


@pytest.fixture
def records(lab: Lab) -> Records:
    return Records(lab.sdk())
