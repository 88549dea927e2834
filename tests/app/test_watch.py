"""What is written down while the source lives, for the day on which it cannot be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from fakes.calls import ALWAYS, Fault
from fakes.shop import EAST, INVENTORIES, NAME, TTL, WEST, lose_east, order, watch, watcher

if TYPE_CHECKING:
    from drctl.app.watch import Look
    from drctl.core.inventory import RegionInventory
    from fakes.operator import Operator


def recorded(operator: Operator) -> RegionInventory:
    payload = operator.world.region(WEST).datastore.recorded_inventory(EAST)
    assert payload is not None
    return INVENTORIES.decode(payload)


def test_a_sample_has_the_public_name_the_heads_of_both_regions_and_the_ttls(healthy: Operator) -> None:
    look = watcher(healthy.world, healthy.topology).look()

    heads = {region: dict(streams) for region, streams in look.sample.heads}
    assert look.sample.public.status == 200
    assert heads[EAST]["ORDERS"] == heads[WEST]["ORDERS"] == 3
    assert look.sample.ttls == ((f"{NAME} A", TTL),)
    assert look.sample.dark == ()
    assert healthy.world.samples.kept == [look.sample]


def test_the_heartbeat_arrives_in_the_standby_with_heads_and_floors(healthy: Operator) -> None:
    watch(healthy.world, healthy.topology, 1)

    (beat,) = healthy.world.region(WEST).datastore.heartbeats(EAST, 5)

    assert dict(beat.heads) == {"KV_SETTINGS": 1, "ORDERS": 3}
    assert dict(beat.floors) == {"ORDERS/worker": 2}


def test_a_heartbeat_says_when_the_heads_were_not_yet_read(healthy: Operator) -> None:
    before = healthy.world.clock.now()
    healthy.world.calls.before("east/datastore/streams", lambda: healthy.world.clock.wait(timedelta(seconds=1)))

    watch(healthy.world, healthy.topology, 1)

    (beat,) = healthy.world.region(WEST).datastore.heartbeats(EAST, 5)
    assert beat.at == before


def test_only_the_active_region_beats(healthy: Operator) -> None:
    look = watcher(healthy.world, healthy.topology).look()

    assert (look.beaten, look.refused) == ((EAST,), ())


def test_after_a_failover_the_new_active_region_beats(stricken: Operator) -> None:
    stricken.run()

    assert watcher(stricken.world, stricken.topology).look().beaten == (WEST,)


def test_a_dark_region_is_sampled_as_dark_and_keeps_nobody_from_sampling(stricken: Operator) -> None:
    look = watcher(stricken.world, stricken.topology).look()

    assert [region for region, _ in look.sample.dark] == [EAST]
    assert [region for region, _ in look.sample.heads] == [WEST]
    assert look.beaten == ()


def test_a_heartbeat_that_is_refused_is_told_and_the_sample_is_kept(healthy: Operator) -> None:
    healthy.world.calls.fail("east/datastore/publish*", Fault.UNREACHABLE)

    look = watcher(healthy.world, healthy.topology).look()

    assert [region for region, _ in look.refused] == [EAST]
    assert healthy.world.samples.kept == [look.sample]


def test_the_inventory_is_recorded_at_first_and_then_every_ten_seconds(healthy: Operator) -> None:
    watching = watcher(healthy.world, healthy.topology)
    for _ in range(25):
        watching.look()
        healthy.world.clock.wait(timedelta(seconds=1))

    assert healthy.world.calls.made["east/datastore/publish _drctl.inv.east"] == 3


def test_a_durable_that_was_not_in_the_last_inventory_is_recorded_at_the_next_look(healthy: Operator) -> None:
    durables = healthy.world.region(EAST).jetstream.streams["ORDERS"].durables
    carried_later = durables.pop("worker")
    watching = watcher(healthy.world, healthy.topology)
    watching.look()
    assert recorded(healthy).consumers == ()
    durables["worker"] = carried_later
    healthy.world.clock.wait(timedelta(seconds=1))

    watching.look()

    assert [durable.name for durable in recorded(healthy).consumers] == ["worker"]


def test_the_highest_replicas_are_remembered_when_a_workload_shrinks(healthy: Operator) -> None:
    watching = watcher(healthy.world, healthy.topology)
    watching.look()
    healthy.world.region(EAST).cluster.named("api").set_replicas(1)
    healthy.world.clock.wait(timedelta(seconds=11))

    watching.look()

    (api,) = [seen for seen in recorded(healthy).replicas if seen.ref.name == "api"]
    assert (api.now, api.highest) == (1, 2)


def test_an_inventory_with_a_silent_part_replaces_no_whole_one(healthy: Operator) -> None:
    watch(healthy.world, healthy.topology, 1)
    whole = recorded(healthy)
    healthy.world.calls.fail("east/cluster/*", Fault.UNREACHABLE, times=ALWAYS)
    healthy.world.clock.wait(timedelta(seconds=11))

    watch(healthy.world, healthy.topology, 1)

    assert recorded(healthy) == whole


def test_two_watchers_at_once_are_safe(healthy: Operator) -> None:
    one, other = (watcher(healthy.world, healthy.topology) for _ in range(2))
    for _ in range(3):
        one.look()
        other.look()
        order(healthy.world, 1)

    lose_east(healthy.world, healthy.topology)
    assert healthy.run().losses[1].messages_min == 3


def test_it_looks_once_a_second_until_it_is_stopped(healthy: Operator) -> None:
    looks: list[Look] = []

    watcher(healthy.world, healthy.topology).run(lambda: len(looks) == 4, looks.append)

    times = [look.sample.at for look in looks]
    assert [after - before for before, after in pairwise(times)] == [timedelta(seconds=1)] * 3


def test_without_a_read_probe_the_public_name_is_unknown_and_not_healthy(healthy: Operator) -> None:
    topology = replace(healthy.topology, probes=())

    assert watcher(healthy.world, topology).look().sample.public.error
