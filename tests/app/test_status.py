"""Which region is active, by each system's own evidence."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

import pytest

from drctl.app.locking import take
from drctl.app.status import Kept, Role, Status, look, standby_by_evidence
from drctl.core.errors import ConfigError, StepFailedError
from drctl.core.lock import LockRecord
from fakes.calls import ALWAYS, Fault
from fakes.cluster import FakeCluster
from fakes.operator import PLANNED, Operator
from fakes.shop import EAST, NOBODY, WEST, ZONE, order, watch

if TYPE_CHECKING:
    from drctl.app.status import RegionStatus
    from drctl.core.observed import WorkloadState
    from drctl.core.topology import Selector


def status(operator: Operator, budget: timedelta = timedelta(seconds=2.5)) -> Status:
    kept = Kept(operator.world.runs, operator.stores.locks)
    return look(operator.world.reads(NOBODY), operator.topology, kept, budget)


def region(seen: Status, name: str) -> RegionStatus:
    return next(one for one in seen.regions if one.region == name)


def test_the_region_that_takes_writes_is_active_and_its_mirror_is_the_standby(healthy: Operator) -> None:
    seen = status(healthy)

    assert seen.active == EAST
    assert (region(seen, EAST).role, region(seen, WEST).role) == (Role.ACTIVE, Role.STANDBY)
    assert "answers the public name (200)" in region(seen, EAST).traffic
    assert region(seen, WEST).traffic == "none"


def test_after_a_failover_the_target_is_active(stricken: Operator) -> None:
    stricken.run()

    seen = status(stricken)

    assert seen.active == WEST
    assert seen.epoch == 1


def test_the_standby_is_the_region_beside_the_one_that_takes_writes(healthy: Operator, stricken: Operator) -> None:
    assert standby_by_evidence(status(healthy), healthy.topology) == WEST
    # Nothing says who is active: what the configuration says.
    assert standby_by_evidence(status(stricken), stricken.topology) == WEST

    stricken.run()

    assert standby_by_evidence(status(stricken), stricken.topology) == EAST


def test_a_dead_region_is_unknown_and_never_called_closed(stricken: Operator) -> None:
    seen = status(stricken)

    assert region(seen, EAST).role is Role.UNKNOWN
    assert region(seen, EAST).writers.startswith("unknown")
    assert region(seen, EAST).workloads.startswith("unknown")
    assert region(seen, EAST).secrets.startswith("unknown")


class HangingCluster(FakeCluster):
    """Does not answer before it is let go; the rest of the world is not held up by it."""

    let_go = Event()

    def workloads(self, select: Selector) -> tuple[WorkloadState, ...]:
        self.let_go.wait(10)
        return super().workloads(select)


def test_a_system_that_does_not_answer_in_time_is_unknown_and_holds_nothing_up(healthy: Operator) -> None:
    world = healthy.world
    hanging = HangingCluster(EAST, world.calls, world.clock)
    world.region(EAST).cluster = hanging

    seen = status(healthy, timedelta(seconds=0.3))
    hanging.let_go.set()

    assert region(seen, EAST).workloads == "unknown: no answer in 0.3 s"
    assert region(seen, EAST).role is Role.ACTIVE
    assert region(seen, WEST).role is Role.STANDBY


def test_what_cannot_be_asked_is_unknown_with_its_own_reason(healthy: Operator) -> None:
    world = healthy.world
    wrong = ConfigError("the secret file /nowhere cannot be read: No such file or directory.")

    class Unreadable(FakeCluster):
        def workloads(self, select: Selector) -> tuple[WorkloadState, ...]:  # noqa: ARG002 - it never gets there
            raise wrong

    world.region(EAST).cluster = Unreadable(EAST, world.calls, world.clock)
    world.calls.fail(f"{ZONE}/dns/*", Fault.DENIED, times=ALWAYS)

    seen = status(healthy)

    assert region(seen, EAST).workloads == f"unknown: {wrong.message}"
    assert "records unknown" in region(seen, EAST).traffic
    assert region(seen, EAST).traffic.endswith(": denied")


def test_two_regions_that_take_writes_are_shown_and_neither_is_called_active(stricken: Operator) -> None:
    stricken.run()
    stricken.world.bring_back(EAST)

    seen = status(stricken)

    assert seen.active == ""
    assert set(seen.taken_twice) == {"DRCTL_HB", "KV_SETTINGS", "ORDERS"}


def test_how_far_a_mirror_is_behind_is_counted_in_sequences(healthy: Operator) -> None:
    healthy.world.cut_link()
    order(healthy.world, 4)

    lines = {line.stream: line for line in status(healthy).replication}

    assert lines["ORDERS"].behind_messages == 4
    assert lines["ORDERS"].region == WEST
    assert lines["ORDERS"].contact_age == timedelta(seconds=2)


def test_behind_what_nobody_knows_when_the_origin_is_silent(stricken: Operator) -> None:
    lines = {line.stream: line for line in status(stricken).replication}

    assert lines["ORDERS"].behind_messages is None


def test_a_fence_that_is_pending_is_shown_until_the_region_is_seen_closed(stricken: Operator) -> None:
    stricken.run()
    assert status(stricken).pending_fences == ((EAST, "run-1"),)
    stricken.world.bring_back(EAST)
    assert status(stricken).pending_fences == ((EAST, "run-1"),)

    for name in ("ORDERS", "KV_SETTINGS", "DRCTL_HB"):
        stricken.world.region(EAST).datastore.fence(name, stricken.world.writes(NOBODY).stamp)

    assert status(stricken).pending_fences == ()
    assert region(status(stricken), EAST).role is Role.FENCED


def test_who_holds_the_lock_is_shown(healthy: Operator) -> None:
    record = LockRecord("run-7", "ann@desk", "failover east -> west", "smoke:west", None, 3)

    take(healthy.stores.locks, record)

    assert status(healthy).lock == record
    assert status(healthy).epoch == 3


def test_a_paused_run_is_unfinished(stricken: Operator) -> None:
    stricken.world.calls.fail(f"{ZONE}/dns/swap", Fault.DENIED)
    with pytest.raises(StepFailedError):
        stricken.run()

    (state,) = status(stricken).unfinished

    assert (state.run_id, state.paused_at_step) == ("run-1", f"switch_dns:{ZONE}")
    stricken.resume()
    assert status(stricken).unfinished == ()


def test_a_dns_vendor_that_is_down_leaves_the_rest_known(healthy: Operator) -> None:
    healthy.world.calls.fail(f"{ZONE}/dns/*", Fault.UNREACHABLE, times=ALWAYS)

    seen = status(healthy)

    assert seen.active == EAST
    assert "records unknown" in region(seen, WEST).traffic


def test_a_look_writes_nothing(stricken: Operator) -> None:
    status(stricken)

    assert stricken.world.calls.writes == []


def test_after_a_planned_move_the_old_region_is_the_standby(healthy: Operator) -> None:
    watch(healthy.world, healthy.topology, 2)
    healthy.run(PLANNED, ())

    seen = status(healthy)

    assert (seen.active, region(seen, EAST).role) == (WEST, Role.STANDBY)
