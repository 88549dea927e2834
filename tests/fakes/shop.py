"""The example service in the fake world: east serves and writes, west mirrors and waits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.adapters.journal.codec import DataclassCodec
from drctl.app.watch import Watcher
from drctl.core.inventory import RegionInventory
from drctl.core.lock import Stamp
from drctl.core.observed import RecordState
from drctl.core.topology import (
    DEFAULT_CONTRACTS,
    HEARTBEAT_STREAM,
    ProbeKind,
    ProbeRule,
    RecordRule,
    Region,
    SecretRule,
    Selector,
    StreamRule,
    Timing,
    Topology,
    WorkloadRule,
    Zone,
)
from drctl.core.verdict import Tier
from fakes.cluster import FakeWorkload
from fakes.dns import FakeZone, NameServer
from fakes.jetstream import Durable
from fakes.secrets import FakeSecret
from fakes.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

EAST, WEST = "east", "west"
ADDRESSES = {EAST: "127.0.0.11", WEST: "127.0.0.12"}
ZONE, NAME, TTL = "lab.test", "shop.lab.test", 2
NOBODY = Stamp("", 0)
REPLICAS: Mapping[str, int] = {"api": 2, "mailer": 1, "worker": 1}
STREAMS: Mapping[str, tuple[str, ...]] = {
    HEARTBEAT_STREAM: ("_drctl.hb.*", "_drctl.inv.*"),
    "KV_SETTINGS": ("$KV.SETTINGS.>",),
    "ORDERS": ("orders.>",),
}
INVENTORIES: DataclassCodec[RegionInventory] = DataclassCodec(RegionInventory)

READ = ProbeRule("home", "/", region_header="X-Region")
WRITE = ProbeRule(
    "order", "/orders", ProbeKind.WRITE, "POST", "{}", (201,), marker_header="X-Drctl-Smoke", region_header="X-Region"
)


def shop_topology(
    workloads: tuple[WorkloadRule, ...] | None = None,
    streams: tuple[StreamRule, ...] = (StreamRule(),),
    probes: tuple[ProbeRule, ...] = (READ, WRITE),
) -> Topology:
    """Return the rules of the example service."""
    rules = (
        WorkloadRule(Selector("shop", ("api",))),
        WorkloadRule(Selector("shop", ("worker",)), Tier.IMPORTANT, after_promote=True),
        WorkloadRule(Selector("shop"), Tier.REST),
    )
    second = timedelta(seconds=1)
    return Topology(
        service="shop",
        environment="lab",
        regions=tuple(Region(name, (address,)) for name, address in ADDRESSES.items()),
        home=EAST,
        standby=WEST,
        public_name=NAME,
        zones=(Zone(ZONE, "route53"),),
        records=(RecordRule(ZONE, NAME),),
        workloads=rules if workloads is None else workloads,
        secrets=(SecretRule(Selector("shop")),),
        streams=streams,
        probes=probes,
        contracts=DEFAULT_CONTRACTS[:3],
        timing=Timing(second, 3 * second, 3 * second, timedelta(minutes=5), second),
    )


def make_shop() -> World:
    """Return the world with both regions deployed, every mirror in sync, and a client's orders in east."""
    world = World((EAST, WEST))
    for region in world.regions.values():
        active = region.name == EAST
        for name, replicas in REPLICAS.items():
            region.cluster.deploy(FakeWorkload(name, replicas if active else 0, has_service=name == "api"))
        refreshed = world.clock.now() - timedelta(minutes=10)
        region.secrets.add(FakeSecret("shop-nats", refreshed))
    _make_streams(world)
    _make_names(world)
    world.http.public_name = NAME
    world.http.addresses = {address: name for name, address in ADDRESSES.items()}
    order(world, 3)
    world.region(EAST).jetstream.publish("$KV.SETTINGS.theme", b"dark")
    world.region(EAST).jetstream.streams["ORDERS"].durables["worker"].acknowledged = 2
    return world


def _make_streams(world: World) -> None:
    east, west = world.region(EAST).jetstream, world.region(WEST).jetstream
    for name, subjects in STREAMS.items():
        east.create({"name": name, "subjects": list(subjects)})
        mirror = {"name": name, "external": {"api": f"$JS.{EAST}.API"}}
        west.create({"name": name, "mirror": mirror, "mirror_direct": True})
    east.streams["ORDERS"].durables["worker"] = Durable({"durable_name": "worker", "ack_policy": "explicit"})


def _make_names(world: World) -> None:
    zone = FakeZone(ZONE, world.calls, (NameServer("ns1"), NameServer("ns2", lag=2)))
    zone.put(RecordState(NAME, "A", TTL, (ADDRESSES[EAST],)))
    world.zones[ZONE] = zone


def order(world: World, count: int, region: str = EAST) -> None:
    """Let a client order; each order half a second after the one before."""
    for _ in range(count):
        world.clock.wait(timedelta(seconds=0.5))
        stream = world.region(region).jetstream.streams["ORDERS"]
        world.region(region).jetstream.publish("orders.new", f"order {stream.last_seq + 1}".encode())


def watcher(world: World, topology: Topology) -> Watcher:
    """Return a watcher of the service."""
    return Watcher(world.watches(NOBODY), topology, INVENTORIES)


def watch(world: World, topology: Topology, rounds: int, each: timedelta = timedelta(seconds=1)) -> None:
    """Let `watch` look some times, each a while after the one before."""
    watching = watcher(world, topology)
    for _ in range(rounds):
        watching.look()
        world.clock.wait(each)


def lose_east(world: World, topology: Topology, lost: int = 3) -> None:
    """Play the outage: watched while it lived, the link cut, orders that never cross, east dead, the outage seen."""
    watch(world, topology, 3)
    world.cut_link()
    watching = watcher(world, topology)
    for _ in range(lost):
        order(world, 1)
        watching.look()
    world.kill(EAST)
    watch(world, topology, 2)
