"""One meta group of three sites: what a promotion can do when the origin is lost, and what it says when it cannot."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from contract.nats.opened import has_a_leader, west_of
from contract.nats.servers import Servers, eventually
from drctl.core.errors import AdapterError, RefusedError
from drctl.core.observed import StreamRole
from drctl.lab.arrangement import Arrangement, Joined
from drctl.lab.nats_servers.config import config_file
from drctl.lab.nats_servers.seed import seed
from drctl.ports.datastore import PromotionWish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from drctl.adapters.nats.datastore import NatsDatastore
    from drctl.core.lock import Stamp

ORDERS = PromotionWish("ORDERS", ("orders.>",))
ALIASES = {region: f"in.{region}.orders.>" for region in ("east", "west")}


@contextmanager
def super_cluster(root: Path, *, aliased: bool = False) -> Iterator[Servers]:
    """Yield three sites with the example service's streams, three orders in both regions."""
    with Servers(root, Arrangement(Joined.SUPERCLUSTER)) as servers:
        if aliased:
            _map_orders(servers)
        servers.start_all()
        seed(servers.layout)
        if aliased:
            _take_aliases(servers)
        for number in range(3):
            assert servers.is_stored("east", "orders.new", str(number).encode(), {})
        eventually(lambda: servers.call("west", "STREAM.INFO.ORDERS_WEST")["state"]["last_seq"] == 3)
        yield servers


def test_each_region_shows_its_own_streams_under_the_names_of_the_service(tmp_path: Path) -> None:
    with super_cluster(tmp_path) as servers, west_of(servers) as west:
        found = {stream.name: stream for stream in west.streams()}

        assert sorted(found) == ["DRCTL_HB", "KV_settings", "ORDERS"]
        assert {stream.role for stream in found.values()} == {StreamRole.MIRROR}
        assert found["ORDERS"].mirror_of == "ORDERS"
        assert found["ORDERS"].stored_name == "ORDERS_WEST"
        assert west.binders("orders.>") == ()


@pytest.mark.long
def test_after_a_crash_the_subjects_are_moved_and_the_mirror_is_promoted(tmp_path: Path, stamp: Stamp) -> None:
    with super_cluster(tmp_path) as servers, west_of(servers) as west:
        servers.kill("east")
        eventually(lambda: has_a_leader(west), within=40)

        west.promote(ORDERS, stamp)

        assert west.stream("ORDERS").role is StreamRole.ACTIVE
        assert west.stream("ORDERS").fork_seq == 3
        eventually(lambda: west.binders("orders.>") == ("ORDERS",))
        assert servers.is_stored("west", "orders.new", b"4", {})
        west.promote(ORDERS, stamp)
        # What was asked while it was away has reached the origin, and its data is whole.
        servers.start("east")
        fenced = ["_drctl.fenced.ORDERS"]
        eventually(lambda: servers.call("east", "STREAM.INFO.ORDERS")["config"]["subjects"] == fenced, within=30)
        assert servers.call("east", "STREAM.INFO.ORDERS")["state"]["last_seq"] == 3
        assert servers.call("west", "STREAM.INFO.ORDERS_WEST")["state"]["last_seq"] == 4


def test_after_an_orderly_stop_nobody_can_take_the_subjects_and_the_ways_out_are_named(
    tmp_path: Path, stamp: Stamp
) -> None:
    with super_cluster(tmp_path) as servers, west_of(servers) as west:
        servers.stop("east")
        eventually(lambda: has_a_leader(west), within=40)
        eventually(lambda: _is_offline(west, stamp), within=40)

        with pytest.raises(RefusedError, match="10118") as caught:
            west.promote(ORDERS, stamp)

        assert "lost origin ORDERS still owns orders.>" in caught.value.message
        for way in ("alias", "volume", "resume"):
            assert way in caught.value.remedy
        assert west.stream("ORDERS").role is StreamRole.MIRROR


@pytest.mark.long
def test_with_an_alias_per_cluster_an_offline_origin_stands_in_nobodys_way(tmp_path: Path, stamp: Stamp) -> None:
    with super_cluster(tmp_path, aliased=True) as servers, west_of(servers) as west:
        servers.stop("east")
        eventually(lambda: has_a_leader(west), within=40)

        west.promote(PromotionWish("ORDERS", west.stream("ORDERS").original_subjects), stamp)

        eventually(lambda: servers.is_stored("west", "orders.new", b"4", {}))
        stored = servers.call("west", "STREAM.MSG.GET.ORDERS_WEST", {"seq": 4})["message"]
        assert stored["subject"] == "orders.new"


def _is_offline(west: NatsDatastore, stamp: Stamp) -> bool:
    """Say whether a promotion is refused for good; before that it is only unanswered."""
    try:
        west.promote(ORDERS, stamp)
    except RefusedError:
        return True
    except AdapterError:
        return False
    return False


def _map_orders(servers: Servers) -> None:
    """Let each cluster's publishers of `orders.>` reach an alias of their own (nats.md 2.4 a)."""
    mappings = [
        {"destination": alias, "weight": "100%", "cluster": region} for region, alias in sorted(ALIASES.items())
    ]
    for server in servers.layout.arrangement.servers:
        path = config_file(servers.layout, server.name)
        config = json.loads(path.read_text())
        config["accounts"]["APP"]["mappings"] = {"orders.>": mappings}
        path.write_text(json.dumps(config))


def _take_aliases(servers: Servers) -> None:
    for region, stream in (("east", "ORDERS"), ("west", "ORDERS_WEST")):
        config = servers.call(region, f"STREAM.INFO.{stream}")["config"]
        config["subject_transform"] = {"src": ALIASES[region], "dest": "orders.>"}
        if region == "east":
            config["subjects"] = [ALIASES[region]]
        else:
            config["metadata"] = {"drctl.subjects": json.dumps([ALIASES[region]])}
        servers.call(region, f"STREAM.UPDATE.{stream}", config)
