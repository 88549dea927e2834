"""The clients that order over HTTPS, as processes, before the lab's ingress and before stand-ins of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from drctl.lab import processes, supervisor
from drctl.lab.layout import ADDRESSES, KEEP_ALIVE, RESOLVING
from drctl.lab.truth import Truth
from lab.world.stand_ins import certificate, fronted, resolving, serving, slices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drctl.lab.layout import Layout
    from lab.world.conftest import Eventually
    from lab.world.stand_ins import Answer, Front

pytestmark = pytest.mark.lab


class Shop:
    """Two regions that take orders, the public name's address, and how often somebody asked for it."""

    def __init__(self) -> None:
        self.active = "east"
        self.fenced = ""
        self.looked_up = 0
        self.sent = list[str]()

    def address(self) -> str:
        self.looked_up += 1
        return ADDRESSES[self.active]

    def takes(self, region: str) -> Callable[[str, str, bytes], Answer]:
        def answer(method: str, _path: str, body: bytes) -> Answer:
            if method == "GET":
                return 200, {}, {}
            self.sent.append(json.loads(body)["id"])
            if region == self.fenced:
                return 503, {}, {"error": "no stream takes orders here"}
            return 201, {}, {"id": self.sent[-1], "stream": "ORDERS", "seq": len(self.sent), "domain": region}

        return answer


class Kept:
    """A client that keeps its connection, served by east, while the name has moved to west."""

    def __init__(self, layout: Layout, shop: Shop, east: Front, eventually: Eventually) -> None:
        self.layout, self.shop, self.east, self.eventually = layout, shop, east, eventually

    def truth(self) -> Truth:
        return Truth.read(self.layout.client_record(KEEP_ALIVE))

    def is_served_by(self, region: str, more: int = 3) -> None:
        enough = len(self.truth().acknowledged(region)) + more
        self.eventually(lambda: len(self.truth().acknowledged(region)) >= enough)

    def ends_well(self) -> None:
        """Hold it to its word: each order sent once, and each promise by somebody who was sent the order."""
        supervisor.stop_clients(self.layout)
        ids = [attempt.id for attempt in self.truth().attempts]
        assert len(set(ids)) == len(ids)
        assert len(set(self.shop.sent)) == len(self.shop.sent)
        assert {attempt.id for attempt in self.truth().acknowledged()} <= set(self.shop.sent) <= set(ids)


@pytest.fixture
def kept(certified: Layout, eventually: Eventually) -> Iterator[Kept]:
    shop = Shop()
    with (
        resolving(certified.ports.resolver, shop.address),
        fronted(certified, "east", shop.takes("east")) as east,
        fronted(certified, "west", shop.takes("west")) as west,
    ):
        eventually(lambda: east.status() == west.status() == 200)
        supervisor.start_client(certified, KEEP_ALIVE, 0.03)
        kept = Kept(certified, shop, east, eventually)
        kept.is_served_by("east")
        shop.active = "west"
        kept.is_served_by("east")
        yield kept


def test_a_kept_connection_stays_where_it_is_when_the_name_moves(kept: Kept) -> None:
    kept.is_served_by("east")

    assert kept.shop.looked_up == 1
    assert not kept.truth().acknowledged("west")
    kept.ends_well()


def kill(layout: Layout, region: str) -> None:
    processes.kill_members(layout.lab_id, region)


@pytest.mark.parametrize("lose", [kill, supervisor.freeze])
def test_a_connection_that_fails_is_made_anew_where_the_name_points(
    kept: Kept, lose: Callable[[Layout, str], None]
) -> None:
    lose(kept.layout, "east")

    kept.is_served_by("west")

    # None where the connection was lost between two orders.
    failed = [attempt for attempt in kept.truth().attempts if not attempt.is_acknowledged]
    assert all(attempt.status == 0 for attempt in failed)
    assert 2 <= kept.shop.looked_up <= 2 + len(failed)
    kept.ends_well()


def test_a_fenced_region_keeps_its_client_until_nobody_is_left_there(kept: Kept) -> None:
    kept.shop.fenced = "east"
    kept.eventually(lambda: sum(attempt.status == 503 for attempt in kept.truth().attempts) >= 5)
    assert kept.shop.looked_up == 1

    kept.east.listed = slices()
    kept.is_served_by("west")

    outage = kept.truth().outage_before("west", kept.truth().acknowledged("east")[0].at_sent)
    assert outage is not None
    assert {attempt.region for attempt in outage.failed} == {"east"}
    assert ["no ready endpoint" in attempt.error for attempt in outage.failed].count(True) == 1
    kept.ends_well()


def test_the_client_resolves_each_time_and_writes_down_every_attempt(certified: Layout, eventually: Eventually) -> None:
    shop = Shop()

    def front(region: str) -> Any:  # noqa: ANN401
        keys = certificate(certified, f"ingress-{region}")
        return serving(ADDRESSES[region], certified.ports.https, shop.takes(region), keys)

    def truth() -> Truth:
        return Truth.read(certified.client_record(RESOLVING))

    with front("west"), resolving(certified.ports.resolver, shop.address):
        with front("east"):
            supervisor.start_client(certified, interval_seconds=0.1)
            eventually(lambda: len(truth().acknowledged("east")) >= 5)
        eventually(lambda: sum("Cannot connect" in attempt.error for attempt in truth().attempts) >= 3)
        shop.active = "west"
        eventually(lambda: len(truth().acknowledged("west")) >= 5)
        supervisor.stop_clients(certified)

    ids = [attempt.id for attempt in truth().attempts]
    assert len(set(ids)) == len(ids)
    assert len(set(shop.sent)) == len(shop.sent)
    assert {attempt.id for attempt in truth().acknowledged()} <= set(shop.sent) <= set(ids)
    assert shop.looked_up == len(ids)
    nobody_there = [attempt for attempt in truth().attempts if "Cannot connect" in attempt.error]
    assert nobody_there
    assert {attempt.address for attempt in nobody_there} == {ADDRESSES["east"]}
    assert processes.members(certified.lab_id) == ()


def test_the_client_believes_only_certificates_of_the_lab(certified: Layout, eventually: Eventually) -> None:
    other_name = certificate(certified, "kube-east")
    taken = serving(ADDRESSES["east"], certified.ports.https, lambda *_: (201, {}, {}), other_name)
    with taken, resolving(certified.ports.resolver, lambda: ADDRESSES["east"]):
        supervisor.start_client(certified, interval_seconds=0.1)
        eventually(lambda: len(Truth.read(certified.client_record(RESOLVING)).attempts) >= 2)
        supervisor.stop_clients(certified)

    assert not Truth.read(certified.client_record(RESOLVING)).acknowledged()
    assert "certificate" in Truth.read(certified.client_record(RESOLVING)).attempts[0].error.lower()
