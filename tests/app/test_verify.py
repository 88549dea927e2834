"""Can we fail over now? Each check on a healthy service is ok, and each seeded fault is found by its own check."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.app.verify.model import Outcome
from drctl.core.errors import ExitCode
from drctl.core.observed import RecordState
from drctl.core.topology import US_EAST_1, Plane, RecordMode, Rung
from drctl.ports.dns import Light
from fakes.calls import Crashed, Fault
from fakes.operator import Operator
from fakes.shop import ADDRESSES, EAST, NAME, READ, TTL, WEST, ZONE, make_shop
from fakes.verifying import orders, result, silence, verified, watched_shop

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def watched() -> Operator:
    return watched_shop()


def test_a_healthy_service_raises_no_alarm(watched: Operator) -> None:
    found = verified(watched)

    assert [one.id for one in found.results if one.outcome is not Outcome.OK] == []
    assert found.exit_code is ExitCode.DONE


def test_every_result_is_dated_and_grouped_and_every_problem_has_a_remedy(watched: Operator) -> None:
    watched.world.kill(EAST)
    watched.world.region(WEST).cluster.named("api").paused = True

    for one in verified(watched).results:
        assert one.group == one.id.partition(".")[0]
        assert one.observed_at == watched.world.clock.now()
        assert one.remedy or one.outcome is not Outcome.PROBLEM


def test_a_target_that_serves_is_no_standby(watched: Operator) -> None:
    watched.world.kill(EAST)
    watched.run()

    said = result(verified(watched), "run.standby")

    assert (said.outcome, said.message) == (Outcome.PROBLEM, "west takes writes itself: it is no standby")
    assert "drctl verify --to east" in said.remedy


def test_verify_reads_only(watched: Operator) -> None:
    verified(watched)

    assert watched.world.calls.writes == []
    assert not any("binders" in name for name in watched.world.calls.made)


def stop_half_way(operator: Operator) -> None:
    operator.world.calls.fail(f"{ZONE}/dns/swap", Fault.CRASH_BEFORE)
    with pytest.raises(Crashed):
        operator.run()
    operator.world.start_new_process()


def leave_a_fence_pending(operator: Operator) -> None:
    operator.world.kill(EAST)
    operator.run()
    operator.world.bring_back(EAST)


def take_writes_in_both(operator: Operator) -> None:
    orders(operator.world).pop("mirror")
    orders(operator.world)["subjects"] = ["orders.>"]


def put(ttl: int = TTL, address: str = ADDRESSES[EAST]) -> Callable[[Operator], None]:
    return lambda operator: operator.world.zones[ZONE].put(RecordState(NAME, "A", ttl, (address,)))


def give_ways(operator: Operator, *needed: str) -> None:
    """Let the name be moved in ways that each need one region."""
    ladder = tuple(Rung(f"way-{needs}", Plane.DATA, needs) for needs in needed)
    (rule,) = operator.topology.records
    operator.topology = replace(operator.topology, records=(replace(rule, ladder=ladder),))


def make_members_red(operator: Operator) -> None:
    """Let the name be moved by members, of which the standby's health check is red."""
    (rule,) = operator.topology.records
    operator.topology = replace(operator.topology, records=(replace(rule, mode=RecordMode.FAILOVER),))
    operator.world.zones[ZONE].light = Light.RED


FAULTS: list[tuple[str, Callable[[Operator], object], str, Outcome]] = [
    ("a dead source", lambda o: o.world.kill(EAST), "reach.source", Outcome.WARN),
    ("a silent target cluster", silence("west/cluster/*"), "reach.target.cluster", Outcome.PROBLEM),
    ("a silent target datastore", silence("west/datastore/*"), "reach.target.datastore", Outcome.PROBLEM),
    ("silent target secrets", silence("west/secrets/*"), "reach.target.secrets", Outcome.PROBLEM),
    ("a silent DNS vendor", silence(f"{ZONE}/dns/*"), f"reach.dns.{ZONE}", Outcome.PROBLEM),
    (
        "a silent name server",
        lambda o: setattr(o.world.zones[ZONE].servers[1], "error", "timed out"),
        f"reach.names.{NAME}",
        Outcome.WARN,
    ),
    (
        "a datastore whose clock is off",
        lambda o: setattr(o.world.region(WEST).datastore, "skew", timedelta(seconds=9)),
        "clock.datastore",
        Outcome.WARN,
    ),
    (
        "a control plane whose clock is off",
        lambda o: setattr(o.world.region(WEST).cluster, "skew", timedelta(seconds=-9)),
        "clock.cluster",
        Outcome.WARN,
    ),
    (
        "a server that cannot promote",
        lambda o: setattr(o.world.region(WEST).datastore, "api_level", 1),
        "nats.api_level",
        Outcome.PROBLEM,
    ),
    (
        "one domain for both regions",
        lambda o: setattr(o.world.region(WEST).jetstream, "name", EAST),
        "nats.domains",
        Outcome.PROBLEM,
    ),
    (
        "a stream without a mirror",
        lambda o: o.world.region(EAST).jetstream.create({"name": "NEW", "subjects": ["new.>"]}),
        "nats.pair.NEW",
        Outcome.PROBLEM,
    ),
    ("a stream that takes writes twice", take_writes_in_both, "nats.one_writer", Outcome.PROBLEM),
    (
        "a counter stream",
        lambda o: orders(o.world, EAST).update({"allow_msg_counter": True}),
        "nats.mirror.ORDERS.features",
        Outcome.PROBLEM,
    ),
    (
        "a mirror without a duplicate window",
        lambda o: orders(o.world).pop("duplicate_window"),
        "nats.mirror.ORDERS.duplicates",
        Outcome.WARN,
    ),
    (
        "a workload that is paused at zero",
        lambda o: setattr(o.world.region(WEST).cluster.named("api"), "paused", True),
        "workload.api",
        Outcome.PROBLEM,
    ),
    (
        "a workload whose pods cannot be made",
        lambda o: setattr(o.world.region(WEST).cluster.named("api"), "failure", "exceeded quota"),
        "workload.api",
        Outcome.PROBLEM,
    ),
    (
        "a workload that the standby does not have",
        lambda o: o.world.region(WEST).cluster.deployed.pop(o.world.region(WEST).cluster.named("api").ref),
        "workload.api",
        Outcome.PROBLEM,
    ),
    (
        "a secret that never synced",
        lambda o: setattr(o.world.region(WEST).secrets.named("shop-nats"), "refreshed_at", None),
        "secret.shop-nats",
        Outcome.PROBLEM,
    ),
    (
        "a secret that is not ready",
        lambda o: setattr(o.world.region(WEST).secrets.named("shop-nats"), "ready", False),
        "secret.shop-nats",
        Outcome.PROBLEM,
    ),
    (
        "a secret that cannot be forced",
        lambda o: setattr(o.world.region(WEST).secrets.named("shop-nats"), "forceable", "refreshInterval 0"),
        "secret.shop-nats",
        Outcome.WARN,
    ),
    ("a TTL of five minutes and more", put(ttl=301), f"dns.{NAME}.A.ttl", Outcome.PROBLEM),
    ("a TTL over a minute", put(ttl=120), f"dns.{NAME}.A.ttl", Outcome.WARN),
    ("a name that points at no region", put(address="10.9.9.9"), f"dns.{NAME}.A.target", Outcome.PROBLEM),
    ("a name that does not exist", lambda o: o.world.zones[ZONE].records.clear(), f"dns.{NAME}.A", Outcome.PROBLEM),
    (
        "an AAAA record that would stay behind",
        lambda o: o.world.zones[ZONE].put(RecordState(NAME, "AAAA", TTL, ("::1",))),
        f"dns.{NAME}.A.types",
        Outcome.PROBLEM,
    ),
    ("a name that only us-east-1 can move", lambda o: give_ways(o, US_EAST_1), f"dns.{NAME}.A.ways", Outcome.WARN),
    ("a name that only the source can move", lambda o: give_ways(o, EAST), f"dns.{NAME}.A.ways", Outcome.PROBLEM),
    (
        "a name that the source and us-east-1 can move",
        lambda o: give_ways(o, US_EAST_1, EAST),
        f"dns.{NAME}.A.ways",
        Outcome.WARN,
    ),
    (
        "a name that the standby can move too",
        lambda o: give_ways(o, US_EAST_1, WEST),
        f"dns.{NAME}.A.ways",
        Outcome.OK,
    ),
    ("a standby whose health check is red", make_members_red, f"dns.{NAME}.A.health", Outcome.WARN),
    ("a service that is down", silence("east/http/*"), "probe.home", Outcome.WARN),
    (
        "no write probe",
        lambda o: setattr(o, "topology", replace(o.topology, probes=(READ,))),
        "probe.write",
        Outcome.WARN,
    ),
    ("a run that was killed", stop_half_way, "run.unfinished", Outcome.PROBLEM),
    ("a fence that is pending", leave_a_fence_pending, "run.pending_fence", Outcome.PROBLEM),
    ("a held lock", lambda o: o.world.lock.steal(), "run.lock", Outcome.WARN),
    (
        "a heartbeat that is old",
        lambda o: o.world.clock.wait(timedelta(minutes=1)),
        "nats.heartbeat",
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


def test_a_link_that_is_cut_is_found_although_nothing_is_behind(watched: Operator) -> None:
    watched.world.cut_link()
    watched.world.clock.wait(timedelta(seconds=5))

    found = result(verified(watched), "nats.mirror.ORDERS")

    assert found.outcome is Outcome.WARN
    assert "0 messages behind" in found.message


def test_nothing_recorded_of_a_dead_source_is_a_problem() -> None:
    operator = Operator(make_shop())
    operator.world.kill(EAST)

    assert result(verified(operator), "run.inventory").outcome is Outcome.PROBLEM


def test_an_old_inventory_of_a_dead_source_is_a_problem(watched: Operator) -> None:
    watched.world.kill(EAST)
    watched.world.clock.wait(watched.topology.timing.inventory_age_max + timedelta(hours=1))

    assert result(verified(watched), "run.inventory").outcome is Outcome.PROBLEM


def test_with_probes_the_binders_of_the_standby_are_asked(watched: Operator) -> None:
    found = verified(watched, probe=True)

    assert result(found, "nats.probe.KV_SETTINGS").outcome is Outcome.OK
    assert not any("/http/write" in name for name in watched.world.calls.writes)


def test_an_unknown_check_weighs_as_its_severity(watched: Operator) -> None:
    one = verified(watched).results[0]
    unknown = replace(one, outcome=Outcome.UNKNOWN)

    assert replace(verified(watched), results=(unknown,)).exit_code is ExitCode.BLOCKED
    light = replace(unknown, weighs=Outcome.WARN)
    assert replace(verified(watched), results=(light,)).exit_code is ExitCode.DONE


def test_a_stream_of_a_kind_that_nobody_knows_the_subjects_of_is_a_problem() -> None:
    operator = Operator(make_shop())
    operator.world.kill(EAST)

    found = verified(operator)

    assert result(found, "nats.mirror.ORDERS").outcome is Outcome.PROBLEM
    assert result(found, "nats.mirror.KV_SETTINGS").outcome is not Outcome.PROBLEM
