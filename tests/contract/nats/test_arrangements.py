"""The harness itself: each arrangement comes up as the real thing, on servers of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract.nats.servers import Servers, eventually
from drctl.lab.arrangement import Arrangement, Joined

if TYPE_CHECKING:
    from pathlib import Path

LEAF_OF_THREE = Arrangement(servers_per_region=3, hub="west")
SUPERCLUSTER = Arrangement(Joined.SUPERCLUSTER)


def meta_sizes(servers: Servers, region: str) -> set[int]:
    """Return how large the meta groups are that the region's system account sees."""
    reports = servers.ask_servers(region, "$SYS.REQ.SERVER.PING.JSZ", {})
    return {report["data"]["meta_cluster"]["cluster_size"] for report in reports}


@pytest.mark.parametrize("arrangement", [Arrangement(hub="west"), LEAF_OF_THREE], ids=["1-hub-west", "3-hub-west"])
def test_two_domains_mirror_over_the_link_whoever_is_the_hub(tmp_path: Path, arrangement: Arrangement) -> None:
    with Servers(tmp_path, arrangement) as servers:
        servers.start_all()
        replicas = arrangement.servers_per_region
        servers.call("east", "STREAM.CREATE.S", {"name": "S", "subjects": ["orders.>"], "num_replicas": replicas})
        mirror = {"name": "S", "external": {"api": "$JS.east.API"}}
        servers.call("west", "STREAM.CREATE.S", {"name": "S", "mirror": mirror, "num_replicas": replicas})
        assert servers.is_stored("east", "orders.a", b"1", {})

        eventually(lambda: servers.call("west", "STREAM.INFO.S")["state"]["last_seq"] == 1)
        assert not servers.is_stored("west", "orders.a", b"2", {})
        servers.cut()
        assert servers.is_stored("east", "orders.a", b"2", {})
        assert servers.call("west", "STREAM.INFO.S")["state"]["last_seq"] == 1
        servers.heal()
        eventually(lambda: servers.call("west", "STREAM.INFO.S")["state"]["last_seq"] == 2)


@pytest.mark.parametrize(
    ("arrangement", "size"),
    [(SUPERCLUSTER, 3), (Arrangement(Joined.TWO_SITE), 2), (Arrangement(Joined.SHARED_LEAF), 2)],
    ids=lambda value: str(getattr(value, "joined", value)),
)
def test_what_is_one_meta_group_comes_up_as_one(tmp_path: Path, arrangement: Arrangement, size: int) -> None:
    with Servers(tmp_path, arrangement) as servers:
        servers.start_all()

        assert meta_sizes(servers, "west") == {size}
        servers.call("east", "STREAM.CREATE.S", {"name": "S", "placement": {"cluster": "east"}, "subjects": ["a"]})
        assert servers.call("west", "STREAM.INFO.S")["cluster"]["name"] == "east"
