"""The harness itself: what the link carries. How the other arrangements come up, `test_meta_group` sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract.nats.servers import Servers, eventually
from drctl.lab.arrangement import Arrangement

if TYPE_CHECKING:
    from pathlib import Path


def test_two_domains_of_three_servers_mirror_over_the_link_until_it_is_cut(tmp_path: Path) -> None:
    arrangement = Arrangement(servers_per_region=3, hub="west")
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
