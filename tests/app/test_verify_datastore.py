"""Each fault of NATS is found by its own check, and nothing that is healthy is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.app.verify.model import Outcome
from drctl.core.errors import ExitCode
from drctl.core.meta_group import MetaGroup, MetaServer
from drctl.core.observed import AccountLimit
from fakes.shop import EAST, WEST
from fakes.verifying import orders, result, silence, verified, watched_shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.operator import Operator


@pytest.fixture
def watched() -> Operator:
    return watched_shop()


def share_a_meta_group(*clusters: str, version: str = "2.15.1") -> Callable[[Operator], object]:
    """Return what lets one server at each of these clusters vote on both regions' streams."""
    group = MetaGroup(tuple(MetaServer(name, name, version) for name in clusters), len(clusters), clusters[0])

    def share(operator: Operator) -> None:
        for region in operator.world.regions.values():
            region.datastore.meta = group

    return share


def rename_mirrors(operator: Operator) -> None:
    """Call every mirror otherwise than its origin, as one meta group would want it."""
    held = operator.world.region(WEST).jetstream.streams
    for name in list(held):
        stream = held.pop(name)
        stream.config["name"] = f"{name}_MIRROR"
        held[f"{name}_MIRROR"] = stream


def own_alike(operator: Operator) -> None:
    share_a_meta_group(EAST, WEST, "arbiter")(operator)
    orders(operator.world)["metadata"] = {"drctl.subjects": '["orders.>"]'}


def queue_before_2_14(operator: Operator) -> None:
    orders(operator.world, EAST)["retention"] = "workqueue"
    operator.world.region(EAST).datastore.api_level = 2


FAULTS: list[tuple[str, Callable[[Operator], object], str, Outcome]] = [
    (
        "one meta group that no half of can lead",
        share_a_meta_group(EAST, WEST),
        "nats.promotable",
        Outcome.PROBLEM,
    ),
    (
        "a server that is too old for a rescue",
        share_a_meta_group(EAST, WEST, version="2.14.0"),
        "nats.rescue",
        Outcome.WARN,
    ),
    (
        "names of one meta group, and nobody to ask who votes in it",
        rename_mirrors,
        "nats.promotable",
        Outcome.UNKNOWN,
    ),
    (
        "subjects that a lost origin would go on owning",
        own_alike,
        "nats.ownership",
        Outcome.WARN,
    ),
    (
        "servers of different releases",
        lambda o: setattr(o.world.region(EAST).datastore, "api_level", 5),
        "nats.versions",
        Outcome.WARN,
    ),
    (
        "an origin that lost messages by a purge",
        lambda o: o.world.region(EAST).jetstream.streams["ORDERS"].messages.clear(),
        "nats.mirror.ORDERS.deletes",
        Outcome.WARN,
    ),
    (
        "a mirror in another kind of storage",
        lambda o: orders(o.world).update({"storage": "memory"}),
        "nats.mirror.ORDERS.storage",
        Outcome.PROBLEM,
    ),
    (
        "a mirror that keeps less",
        lambda o: orders(o.world).update({"max_msgs": 10}),
        "nats.mirror.ORDERS.limits",
        Outcome.PROBLEM,
    ),
    (
        "a mirror with fewer replicas",
        lambda o: orders(o.world, EAST).update({"num_replicas": 3}),
        "nats.mirror.ORDERS.replicas",
        Outcome.WARN,
    ),
    (
        "a work queue whose mirror is none",
        lambda o: orders(o.world, EAST).update({"retention": "workqueue"}),
        "nats.mirror.ORDERS.retention",
        Outcome.PROBLEM,
    ),
    (
        "a work queue before 2.14",
        queue_before_2_14,
        "nats.mirror.ORDERS.retention",
        Outcome.PROBLEM,
    ),
    (
        "a mirror that keeps nothing without consumers",
        lambda o: [orders(o.world, region).update({"retention": "interest"}) for region in (EAST, WEST)],
        "nats.mirror.ORDERS.retention",
        Outcome.PROBLEM,
    ),
    (
        "no room for the consumers",
        lambda o: setattr(o.world.region(WEST).datastore, "limits", (AccountLimit("R1", "consumers", 5, 5),)),
        "nats.limits.R1.consumers",
        Outcome.PROBLEM,
    ),
    (
        "an account that is nearly full",
        lambda o: setattr(o.world.region(WEST).datastore, "limits", (AccountLimit("", "storage", 95, 100),)),
        "nats.limits.storage",
        Outcome.WARN,
    ),
]


@pytest.mark.parametrize(
    ("arrange", "check", "outcome"),
    [pytest.param(arrange, check, outcome, id=says.replace(" ", "_")) for says, arrange, check, outcome in FAULTS],
)
def test_each_fault_is_found_by_its_own_check(
    watched: Operator, arrange: Callable[[Operator], object], check: str, outcome: Outcome
) -> None:
    arrange(watched)

    found = verified(watched)

    assert result(found, check).outcome is outcome
    blocks = {Outcome.PROBLEM, Outcome.UNKNOWN}
    assert (found.exit_code is ExitCode.BLOCKED) is any(one.outcome in blocks for one in found.results)


def test_two_equal_halves_are_called_unpromotable_and_the_rescue_is_left_to_a_person(watched: Operator) -> None:
    share_a_meta_group(EAST, WEST)(watched)

    found = verified(watched)

    trap, rescue = result(found, "nats.promotable"), result(found, "nats.rescue")
    assert "unpromotable" in trap.message
    assert "1 of 2 servers that vote are left without east, 2 must be" in trap.message
    assert "JetStream domain" in trap.remedy
    assert "arbiter" in trap.remedy
    assert found.exit_code is ExitCode.BLOCKED
    assert """'$JS.API.META.RESCUE' '{"quorum_needed": 1}'""" in rescue.remedy
    assert "5 minutes" in rescue.remedy
    assert "DANGER" in rescue.remedy
    assert "SERVER.REMOVE" not in rescue.remedy


def test_an_arbiter_makes_it_promotable_and_its_owners_are_looked_at(watched: Operator) -> None:
    share_a_meta_group(EAST, WEST, "arbiter")(watched)

    found = verified(watched)

    assert result(found, "nats.promotable").outcome is Outcome.OK
    assert not any(one.id == "nats.rescue" for one in found.results)


def test_a_rescue_needs_2_15_on_every_server_that_is_left(watched: Operator) -> None:
    share_a_meta_group(EAST, WEST, version="2.14.5")(watched)

    assert "west is 2.14.5: it needs 2.15" in result(verified(watched), "nats.rescue").message


def test_one_group_for_both_regions_is_seen_although_the_source_is_dead(watched: Operator) -> None:
    share_a_meta_group(EAST, WEST)(watched)
    watched.world.region(WEST).datastore.meta = MetaGroup((MetaServer("west", "west", "2.15.1"),), 2, "east")
    watched.world.kill(EAST)

    assert "unpromotable" in result(verified(watched), "nats.promotable").message


def test_a_silent_concern_is_unknown_and_the_others_still_look(watched: Operator) -> None:
    silence("west/datastore/meta_group")(watched)

    found = verified(watched)

    assert result(found, "nats.promotable").outcome is Outcome.UNKNOWN
    assert result(found, "nats.mirror.ORDERS").outcome is Outcome.OK
    assert found.exit_code is ExitCode.BLOCKED


def test_with_probes_a_missing_permission_is_named(watched: Operator) -> None:
    watched.world.region(WEST).datastore.forbidden = ("$JS.API.STREAM.UPDATE.>",)

    found = result(verified(watched, probe=True), "nats.permissions.west")

    assert found.outcome is Outcome.PROBLEM
    assert "$JS.API.STREAM.UPDATE.>" in found.message


def test_with_probes_a_target_that_takes_no_stream_is_a_problem(watched: Operator) -> None:
    silence("west/datastore/try_to_create")(watched)

    assert result(verified(watched, probe=True), "nats.write_probe").outcome is Outcome.PROBLEM
