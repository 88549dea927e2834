"""The example service as a user meets it: it answers where pods are ready, and writes where orders are taken."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.core.errors import AdapterError
from drctl.core.observed import HttpAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.core.topology import ProbeRule, Region
    from fakes.calls import Calls
    from fakes.clock import FakeClock
    from fakes.cluster import FakeCluster
    from fakes.dns import FakeNames
    from fakes.jetstream import Domain

SMOKE_SUBJECT = "orders.smoke"
_TOOK = timedelta(milliseconds=5)


class Shop:
    """One region's API: the workload `api` behind its ingress, storing orders in its own datastore."""

    def __init__(self, cluster: FakeCluster, domain: Domain) -> None:
        self._cluster, self._domain = cluster, domain

    def read(self) -> int:
        return 200 if self._cluster.named("api").pods else 503

    def write(self, marker: str) -> int:
        """Store a marked order once; a repeated marker is the same order."""
        if not self._cluster.named("api").pods:
            return 503
        data = marker.encode()
        for name in self._domain.bound_by(SMOKE_SUBJECT):
            if any(message.data == data for message in self._domain.streams[name].messages):
                return 201
        return 201 if self._domain.publish(SMOKE_SUBJECT, data) else 503


class FakeHttp:
    """The ports `HttpReader` and `HttpProber`. `answers_as` makes a region's ingress name another one."""

    def __init__(self, names: FakeNames, calls: Calls, clock: FakeClock) -> None:
        self._names, self._calls, self._clock = names, calls, clock
        self.public_name = ""
        self.shops: dict[str, Shop] = {}
        self.addresses: dict[str, str] = {}
        self.answers_as: dict[str, str] = {}

    def public(self, rule: ProbeRule) -> HttpAnswer:
        addresses = self._names.resolve(self.public_name)
        region = self.addresses.get(addresses[0], "") if addresses else ""
        if not region:
            return self._failed(f"{self.public_name} cannot be resolved to a region")
        return self._asked(region, f"public {rule.name}", self.shops[region].read)

    def pinned(self, rule: ProbeRule, region: Region) -> HttpAnswer:
        return self._asked(region.name, f"pinned {rule.name}", self.shops[region.name].read)

    def write(self, rule: ProbeRule, region: Region, marker: str) -> HttpAnswer:
        try:
            with self._calls.write(f"{region.name}/http/write {rule.name}"):
                return self._answer(region.name, self.shops[region.name].write(marker))
        except AdapterError as error:
            return self._failed(error.message)

    def _asked(self, region: str, what: str, ask: Callable[[], int]) -> HttpAnswer:
        try:
            with self._calls.read(f"{region}/http/{what}"):
                return self._answer(region, ask())
        except AdapterError as error:
            return self._failed(error.message)

    def _answer(self, region: str, status: int) -> HttpAnswer:
        return HttpAnswer(status, self.answers_as.get(region, region), "", _TOOK, self._clock.now())

    def _failed(self, error: str) -> HttpAnswer:
        return HttpAnswer(0, "", error, _TOOK, self._clock.now())
