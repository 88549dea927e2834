"""The switches under the suite, each over the stand-in of its service, with its bad days."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from drctl.adapters.aws.clients import Clients, Keys, Service
from drctl.adapters.aws.routing_controls import RoutingControls
from drctl.adapters.aws.stop_object import Place, StopObject
from drctl.lab.aws_switches.server import BUCKET, CONTROLS, running
from drctl.lab.route53_api.http_api import ACCESS_KEY_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.lab.aws_switches.server import Running
    from drctl.lab.route53_api.faults import Faults

PATIENCE = timedelta(seconds=1)
OBJECT = "drctl-stop"


class Switch(Protocol):
    """A switch of which east is the active region, and what can happen to it."""

    home: str
    """What it says while nothing was turned."""

    def connect(self, key_id: str = ACCESS_KEY_ID) -> StopObject | RoutingControls: ...

    def set_faults(self, faults: Faults) -> None: ...


class AtS3:
    """The stop object."""

    home = ""

    def __init__(self, running: Running) -> None:
        self._running = running

    def connect(self, key_id: str = ACCESS_KEY_ID) -> StopObject:
        clients = Clients(Keys(key_id, "secret"), self._running.bucket_url, PATIENCE, Service("s3", "eu-west-1"))
        return StopObject(Place(BUCKET, OBJECT, "west"), clients)

    def set_faults(self, faults: Faults) -> None:
        self._running.bucket_faults.faults = faults


class AtCluster:
    """Routing controls, every endpoint in the same state of health."""

    home = "east"

    def __init__(self, running: Running) -> None:
        self._running = running

    def connect(self, key_id: str = ACCESS_KEY_ID) -> RoutingControls:
        service = Service("route53-recovery-cluster", "us-west-2")
        urls = self._running.endpoint_urls
        return RoutingControls(CONTROLS, [Clients(Keys(key_id, "secret"), url, PATIENCE, service) for url in urls])

    def set_faults(self, faults: Faults) -> None:
        for box in self._running.endpoint_faults:
            box.faults = faults


@contextmanager
def opened(kind: str) -> Iterator[Switch]:
    """Run the service behind one."""
    with running() as services:
        yield AtS3(services) if kind == "stop_object" else AtCluster(services)
