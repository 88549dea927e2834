"""What the rules match."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from drctl.core.inventory import ReplicasSeen
from drctl.core.observed import ObjectRef, StreamKind, StreamRole
from drctl.core.topology import ReplicasFrom, SecretRule, Selector, StreamRule, WorkloadRule
from drctl.core.verdict import Tier
from drctl.planning.selection import (
    consumers_to_carry,
    deferred_of,
    secrets_to_force,
    stream_tier,
    streams_to_move,
    streams_to_promote,
    subjects_of,
    workloads_to_start,
    workloads_to_stop,
)
from fakes.shop import shop_topology

if TYPE_CHECKING:
    from drctl.core.inventory import Inventory
    from drctl.core.observed import StreamState


def named(inventory: Inventory, name: str) -> StreamState:
    return next(stream for stream in inventory.target.streams if stream.name == name)


def test_the_first_rule_that_matches_a_workload_decides(healthy: Inventory) -> None:
    rules = (
        WorkloadRule(Selector("shop", ("api",)), Tier.CRITICAL, 5),
        WorkloadRule(Selector("shop"), Tier.REST, 1),
        WorkloadRule(Selector("shop", ("mailer",)), Tier.CRITICAL, 9),
    )

    items = workloads_to_start(shop_topology(workloads=rules), healthy, after_promote=False)

    assert {item.ref.name: (item.tier, item.replicas) for item in items} == {
        "api": (Tier.CRITICAL, 5),
        "mailer": (Tier.REST, 1),
        "worker": (Tier.REST, 1),
    }


def test_what_starts_after_the_promotion_is_not_started_before_it(healthy: Inventory) -> None:
    early = workloads_to_start(shop_topology(), healthy, after_promote=False)
    late = workloads_to_start(shop_topology(), healthy, after_promote=True)

    assert [item.ref.name for item in early] == ["api", "mailer"]
    assert [(item.ref.name, item.tier) for item in late] == [("worker", Tier.IMPORTANT)]


@pytest.mark.parametrize(
    ("where_from", "now", "highest", "wanted"),
    [
        pytest.param(ReplicasFrom.SOURCE_MAX, 2, 7, 7, id="the_most_that_the_source_ever_had"),
        pytest.param(ReplicasFrom.SOURCE_NOW, 2, 7, 2, id="what_the_source_has_now"),
        pytest.param(ReplicasFrom.SOURCE_NOW, 0, 7, 1, id="never_nothing"),
        pytest.param(ReplicasFrom.SOURCE_MAX, 0, 0, 1, id="not_even_where_the_source_had_nothing"),
        pytest.param(3, 2, 7, 3, id="a_number_is_a_number"),
    ],
)
def test_how_many_replicas_are_wanted(
    healthy: Inventory, where_from: int | ReplicasFrom, now: int, highest: int, wanted: int
) -> None:
    assert healthy.source is not None
    api = ObjectRef("deployment", "shop", "api")
    source = replace(healthy.source, replicas=(ReplicasSeen(api, now, highest),))
    topology = shop_topology(workloads=(WorkloadRule(Selector("shop", ("api",)), replicas=where_from),))

    (item,) = workloads_to_start(topology, replace(healthy, source=source), after_promote=False)

    assert item.replicas == wanted


def test_a_workload_that_nobody_recorded_is_wanted_once(healthy: Inventory) -> None:
    items = workloads_to_start(shop_topology(), replace(healthy, source=None), after_promote=False)

    assert {item.replicas for item in items} == {1}


def test_a_region_is_stopped_down_to_its_floors(healthy: Inventory) -> None:
    rules = (WorkloadRule(Selector("shop", ("api",)), standby_floor=1), WorkloadRule(Selector("shop", ("worker",))))

    items = workloads_to_stop(shop_topology(workloads=rules), healthy.source)

    assert {item.ref.name: item.replicas for item in items} == {"api": 1, "worker": 0}
    assert workloads_to_stop(shop_topology(), None) == ()


def test_a_secret_that_no_annotation_forces_is_left_out(healthy: Inventory) -> None:
    (secret,) = healthy.target.secrets
    stuck = replace(healthy.target, secrets=(replace(secret, forceable="CreatedOnce"),))

    assert [item.ref for item in secrets_to_force(shop_topology(), healthy.target)] == [secret.ref]
    assert secrets_to_force(shop_topology(), stuck) == ()


def test_the_first_rule_that_matches_a_secret_decides(healthy: Inventory) -> None:
    rules = (SecretRule(Selector("shop", ("shop-*",)), Tier.IMPORTANT), SecretRule(Selector("shop")))

    (item,) = secrets_to_force(replace(shop_topology(), secrets=rules), healthy.target)

    assert item.tier is Tier.IMPORTANT


def test_mirrors_are_promoted_and_what_promotion_made_of_them_stays_in_the_plan(healthy: Inventory) -> None:
    promoted = replace(named(healthy, "ORDERS"), role=StreamRole.ACTIVE, subjects=("orders.>",), fork_seq=3)
    own = replace(named(healthy, "ORDERS"), name="LOCAL", role=StreamRole.ACTIVE, subjects=("local.>",))
    rescue = replace(named(healthy, "ORDERS"), name="RESCUE_ORDERS_1", kind=StreamKind.RESCUE)
    target = replace(healthy.target, streams=(named(healthy, "KV_SETTINGS"), promoted, own, rescue))

    items = streams_to_promote(shop_topology(), replace(healthy, target=target))

    assert [(item.name, item.subjects) for item in items] == [
        ("KV_SETTINGS", ("$KV.SETTINGS.>",)),
        ("ORDERS", ("orders.>",)),
    ]


def test_a_stream_that_no_rule_matches_is_left_alone(healthy: Inventory) -> None:
    topology = shop_topology(streams=(StreamRule(("KV_*",), Tier.IMPORTANT), StreamRule(("ORD*",))))

    assert [(item.name, item.tier) for item in streams_to_promote(topology, healthy)] == [
        ("KV_SETTINGS", Tier.IMPORTANT),
        ("ORDERS", Tier.CRITICAL),
    ]
    assert stream_tier(topology.streams, "OTHER") is None


def test_a_living_sources_streams_move_whatever_the_target_holds_of_them(healthy: Inventory) -> None:
    bare = replace(healthy, target=replace(healthy.target, streams=()))

    assert [item.name for item in streams_to_move(shop_topology(), bare)] == ["DRCTL_HB", "KV_SETTINGS", "ORDERS"]
    assert streams_to_move(shop_topology(), replace(healthy, source=None)) == ()


def test_where_subjects_are_known_from(healthy: Inventory) -> None:
    mirror, bucket = named(healthy, "ORDERS"), named(healthy, "KV_SETTINGS")
    origin = replace(mirror, role=StreamRole.ACTIVE, subjects=("orders.>",))
    fenced = replace(
        mirror, role=StreamRole.FENCED, subjects=("_drctl.fenced.ORDERS",), original_subjects=("orders.>",)
    )

    assert subjects_of(mirror, origin) == ("orders.>",)
    assert subjects_of(mirror, fenced) == ("orders.>",)
    assert subjects_of(replace(mirror, original_subjects=("kept.>",)), None) == ("kept.>",)
    assert subjects_of(bucket, None) == ("$KV.SETTINGS.>",)
    store = replace(mirror, name="OBJ_FILES", kind=StreamKind.OBJECT_STORE)
    assert subjects_of(store, None) == ("$O.FILES.C.>", "$O.FILES.M.>")
    assert subjects_of(mirror, None) == ()


def test_what_a_mirror_could_not_have_comes_back_with_the_promotion(healthy: Inventory) -> None:
    origin = replace(named(healthy, "ORDERS"), config='{"name": "ORDERS", "allow_atomic": true, "max_age": 5}')

    assert deferred_of(origin) == (("allow_atomic", "true"),)


def test_durables_of_streams_that_do_not_move_are_not_carried(healthy: Inventory) -> None:
    assert [item.name for item in consumers_to_carry(shop_topology(), healthy)] == ["ORDERS/worker"]
    assert consumers_to_carry(shop_topology(streams=(StreamRule(("KV_*",)),)), healthy) == ()
