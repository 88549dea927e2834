from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import ZONE_ID
from drctl.lab.route53_api.account import Delays
from drctl.lab.route53_api.http_api import ACCESS_KEY_ID
from drctl.lab.route53_api.server import Running, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_route53 import Route53Client

Json = dict[str, Any]


class Eventually(Protocol):
    def __call__(self, holds: Callable[[], object], within_seconds: float = 10.0) -> None: ...


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    def wait(holds: Callable[[], object], within_seconds: float = 10.0) -> None:
        deadline = time.monotonic() + within_seconds
        while not holds():
            assert time.monotonic() < deadline, "it did not become true"
            threading.Event().wait(0.03)

    return wait


@dataclass
class Route53:
    """The stand-in as AWS' own SDK sees it. Nothing is validated or repeated on this side."""

    server: Running
    client: Route53Client

    def send(self, *changes: Json, zone_id: str = ZONE_ID, **more: str) -> str:
        """Send one batch and return the id of the change."""
        batch: Any = {"Changes": list(changes), **more}
        return self.client.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)["ChangeInfo"]["Id"]

    def refusal(self, *changes: Json, **more: str) -> tuple[str, str]:
        """Send a batch that must be refused; return the code and the message."""
        with pytest.raises(ClientError) as refused:
            self.send(*changes, **more)
        error = refused.value.response["Error"]
        return error["Code"], error["Message"]

    def listed(self, name: str = "") -> list[Json]:
        """Return what is listed in the whole zone, or at a name."""
        listed = self.client.list_resource_record_sets(HostedZoneId=ZONE_ID)["ResourceRecordSets"]
        return [dict(one) for one in listed if name in {"", one["Name"].rstrip(".")}]

    def break_(self, **faults: object) -> None:
        """Put faults in force, and end those before."""
        JsonCaller(self.server.admin_url).must("POST", "/faults", faults)

    def sync_status(self, change_id: str) -> str:
        """Return PENDING or INSYNC."""
        return self.client.get_change(Id=change_id)["ChangeInfo"]["Status"]


def sdk(server: Running, key_id: str = ACCESS_KEY_ID, read_seconds: float = 5) -> Route53Client:
    """Open AWS' own SDK, as strict as its owner's programs: the server has to see what is wrong."""
    config = Config(
        connect_timeout=3,
        read_timeout=read_seconds,
        retries={"total_max_attempts": 1},
        parameter_validation=False,
        proxies={},
    )
    session = boto3.session.Session(key_id, "secret", region_name="us-east-1")
    client: Route53Client = session.client("route53", endpoint_url=server.api_url, config=config)
    return client


@pytest.fixture
def route53() -> Iterator[Route53]:
    with running(Delays(pending_seconds=0.1, lag_seconds=(0.0, 0.0))) as server:
        client = sdk(server)
        yield Route53(server, client)
        client.close()


def record_set(record_type: str, *values: str, name: str = "shop.lab.test", ttl: int | None = 60, **more: Any) -> Json:  # noqa: ANN401
    """Return a ResourceRecordSet; without values and TTL for an alias."""
    body: Json = {"Name": name, "Type": record_type, **more}
    if ttl is not None:
        body["TTL"] = ttl
    if values:
        body["ResourceRecords"] = [{"Value": value} for value in values]
    return body


def create(record_type: str, *values: str, **more: Any) -> Json:  # noqa: ANN401
    return {"Action": "CREATE", "ResourceRecordSet": record_set(record_type, *values, **more)}


def delete(record_type: str, *values: str, **more: Any) -> Json:  # noqa: ANN401
    return {"Action": "DELETE", "ResourceRecordSet": record_set(record_type, *values, **more)}


def upsert(record_type: str, *values: str, **more: Any) -> Json:  # noqa: ANN401
    return {"Action": "UPSERT", "ResourceRecordSet": record_set(record_type, *values, **more)}
