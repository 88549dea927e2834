"""Who votes with whom, and what `verify` makes of it, on the real servers of every arrangement."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from contract.nats.opened import has_a_leader, west_of
from contract.nats.servers import NO_UPDATES, PATIENCE, Servers, eventually
from drctl.adapters.clock import SystemClock
from drctl.app.verify.datastore.quorum import check_quorum
from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.cli.connections import Connections, Patience
from drctl.cli.worlds import ReadWorld
from drctl.config.load import load
from drctl.core.errors import UnreachableError
from drctl.core.inventory import Inventory, RegionInventory
from drctl.core.observed import StreamRole
from drctl.lab.arrangement import Arrangement, Joined
from drctl.lab.config_file import write_config
from drctl.lab.credentials import issue_secrets
from drctl.lab.nats_servers.seed import seed
from drctl.ports.datastore import PromotionWish
from fakes.operator import EMERGENCY
from fakes.shop import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from drctl.config.load import LoadedConfig
    from drctl.core.lock import Stamp
    from drctl.core.observed import StreamState


def judged(servers: Servers, *, knows_system: bool = True) -> dict[str, CheckResult]:
    """Return what `verify` says of a failover to west, by the lab's own drctl.yaml."""
    issue_secrets(servers.layout)
    write_config(servers.layout)
    config = load(servers.layout.config_file)
    if not knows_system:
        config = _without_system_account(config)
    clock = SystemClock(threading.Event())
    with Connections(config, clock, Patience(nats=PATIENCE)) as connections:
        reads = ReadWorld(connections, NOBODY)
        streams = {region: _streams(reads, region) for region in ("east", "west")}
        east, west = (RegionInventory(region, clock.now(), streams=found) for region, found in streams.items())
        inventory = Inventory(west, east, source_is_live=bool(east.streams))
        subject = Subject(config.topology, EMERGENCY, inventory, reads, None, config.access)
        return {result.id: result for result in check_quorum(subject)}


def _without_system_account(config: LoadedConfig) -> LoadedConfig:
    regions = tuple(
        region.model_copy(update={"nats": region.nats.model_copy(update={"system": None})})
        for region in config.settings.regions
    )
    return replace(config, settings=config.settings.model_copy(update={"regions": regions}))


def _streams(reads: ReadWorld, region: str) -> tuple[StreamState, ...]:
    try:
        return reads.datastore(region).streams()
    except UnreachableError:
        return ()


@contextmanager
def arranged(root: Path, arrangement: Arrangement) -> Iterator[Servers]:
    """Yield the servers of an arrangement with the example service's streams."""
    with Servers(root, arrangement) as servers:
        servers.start_all()
        seed(servers.layout)
        yield servers


@pytest.fixture(scope="module")
def two_sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with arranged(tmp_path_factory.mktemp("nats"), Arrangement(Joined.TWO_SITE)) as servers:
        yield servers


@pytest.mark.parametrize("hub", ["east", "west"])
def test_a_leaf_with_domains_is_promotable_whoever_is_the_hub(tmp_path: Path, hub: str) -> None:
    with arranged(tmp_path, Arrangement(hub=hub)) as servers:
        found = judged(servers)

        assert {result.outcome for result in found.values()} == {Outcome.OK}
        assert found["nats.promotable"].message == "west elects its own leader among 1 server"
        assert judged(servers, knows_system=False)["nats.promotable"].outcome is Outcome.OK
        servers.kill("east")
        assert judged(servers)["nats.promotable"].outcome is Outcome.OK


def test_two_equal_sites_are_unpromotable_before_the_day_comes_and_on_it(two_sites: Servers) -> None:
    found = judged(two_sites)

    assert found["nats.promotable"].outcome is Outcome.PROBLEM
    assert "unpromotable" in found["nats.promotable"].message
    assert "1 of 2 servers that vote are left without east, 2 must be" in found["nats.promotable"].message
    assert "META.RESCUE" in found["nats.rescue"].remedy
    blind = judged(two_sites, knows_system=False)["nats.promotable"]
    assert blind.outcome is Outcome.UNKNOWN
    assert "regions[].nats.system" in blind.remedy


@pytest.mark.long
def test_the_rescue_that_is_printed_lets_the_survivor_promote(tmp_path: Path, stamp: Stamp) -> None:
    with arranged(tmp_path, Arrangement(Joined.TWO_SITE)) as servers, west_of(servers) as west:
        servers.kill("east")
        printed = judged(servers)["nats.rescue"].remedy
        assert """'$JS.API.META.RESCUE' '{"quorum_needed": 1}'""" in printed

        # As a person does it: refused with 10224 while a leader is named, so again and again until it is taken.
        eventually(lambda: _is_rescued(servers), within=60)
        eventually(lambda: has_a_leader(west), within=20)

        west.promote(PromotionWish("ORDERS", ("orders.>",)), stamp)
        assert west.stream("ORDERS").role is StreamRole.ACTIVE


def _is_rescued(servers: Servers) -> bool:
    (answer,) = servers.ask_servers("west", "$JS.API.META.RESCUE", {"quorum_needed": 1})
    return "error" not in answer


def test_a_leaf_without_domains_that_shares_the_system_account_is_the_same_trap(tmp_path: Path) -> None:
    with arranged(tmp_path, Arrangement(Joined.SHARED_LEAF)) as servers:
        assert "unpromotable" in judged(servers)["nats.promotable"].message
        servers.kill("east")
        assert "unpromotable" in judged(servers)["nats.promotable"].message


def test_a_server_of_a_cluster_keeps_no_duplicate_window_of_a_mirror(two_sites: Servers) -> None:
    """Otherwise than a lone server (nats.md 1.5): so that `verify` does not ask for what cannot be had."""
    mirror = two_sites.call("west", "STREAM.INFO.ORDERS_WEST")
    config = mirror["config"] | {"duplicate_window": 120 * 10**9}

    assert mirror["cluster"]["name"] == "west"
    assert "duplicate_window" not in two_sites.call("west", "STREAM.UPDATE.ORDERS_WEST", config)["config"]


def test_an_arbiter_makes_a_super_cluster_promotable_with_a_warning_of_its_owners(tmp_path: Path) -> None:
    with arranged(tmp_path, Arrangement(Joined.SUPERCLUSTER)) as servers:
        found = judged(servers)

        assert found["nats.promotable"].outcome is Outcome.OK
        assert "2 of 3 servers that vote are left without east, 2 must be" in found["nats.promotable"].message
        assert found["nats.ownership"].outcome is Outcome.WARN
        assert "10118" in found["nats.ownership"].message
        assert "alias" in found["nats.ownership"].remedy


def test_every_call_that_a_run_needs_is_tried_and_the_forbidden_one_named(shared_servers: Servers) -> None:
    with shared_servers.connect("east") as allowed, shared_servers.connect("east", NO_UPDATES) as bound:
        assert allowed.forbidden_calls() == ()
        assert bound.forbidden_calls() == ("$JS.API.STREAM.UPDATE.>",)


def test_the_stream_that_is_tried_is_gone_afterwards(shared_servers: Servers) -> None:
    with shared_servers.connect("west") as datastore:
        before = datastore.streams()
        datastore.try_to_create()

        assert [stream.name for stream in datastore.streams()] == [stream.name for stream in before]
