"""Items that a run goes on without: by itself, because somebody said so, and how they are finished later."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.app.items import first_of
from drctl.app.status import Kept, look
from drctl.core.contract import Compliance
from drctl.core.errors import (
    BlockedError,
    ConfigError,
    ExitCode,
    InvariantError,
    OutcomeUnknownError,
    StepFailedError,
    UnreachableError,
)
from drctl.core.events import ItemFinished, ItemLeftOut, ItemTakenUp, StepOutcome
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.item import ItemRef
from drctl.core.lock import Stamp
from drctl.core.observed import StreamRole
from drctl.core.topology import StreamRule
from drctl.core.verdict import Tier
from drctl.ports.datastore import PromotionWish
from fakes.calls import ALWAYS, Fault
from fakes.operator import HOME, PLANNED, REASON, Operator
from fakes.shop import EAST, NOBODY, WEST, lose_east, make_shop, shop_topology, watch

if TYPE_CHECKING:
    from drctl.app.report import Report
    from drctl.core.events import Event

KV = "KV_SETTINGS"
PROMOTION = f"{WEST}/datastore/promote {KV}"
BUCKETS = f"promote_stream:{WEST}:buckets"
MAILER = "deployment/shop/mailer"
RULES = (StreamRule(("KV_*",), Tier.IMPORTANT), StreamRule())


@pytest.fixture
def planned() -> Operator:
    """A living source; the bucket is important, not critical."""
    operator = Operator(make_shop(), shop_topology(streams=RULES))
    watch(operator.world, operator.topology, 2)
    operator.world.calls.writes.clear()
    return operator


@pytest.fixture
def urgent() -> Operator:
    """A dead source; the bucket is important, not critical."""
    operator = Operator(make_shop(), shop_topology(streams=RULES))
    lose_east(operator.world, operator.topology)
    operator.world.calls.writes.clear()
    return operator


def move(operator: Operator) -> Report:
    return operator.run(PLANNED, ())


def events(operator: Operator) -> list[Event]:
    return [record.event for record in operator.world.runs.read("run-1")]


def role(operator: Operator, region: str, stream: str = KV) -> StreamRole:
    return operator.world.region(region).datastore.stream(stream).role


def pause_at_the_bucket(operator: Operator) -> None:
    operator.world.calls.fail(PROMOTION, Fault.REFUSED, ALWAYS)
    with pytest.raises(StepFailedError):
        move(operator)


def leave_the_bucket_out(operator: Operator) -> Report:
    pause_at_the_bucket(operator)
    return operator.resume(without=(KV,))


def shown(operator: Operator) -> list[tuple[str, str]]:
    """Return what `drctl status` lists as open."""
    seen = look(
        operator.world.reads(NOBODY), operator.topology, Kept(operator.world.runs, (operator.world.lock,)), timedelta(9)
    )
    return [(one.run_id, one.item.ref.item) for one in seen.open_items]


def test_an_emergency_goes_on_without_a_lesser_item_that_is_refused(urgent: Operator) -> None:
    urgent.world.calls.fail(PROMOTION, Fault.REFUSED, ALWAYS)

    report = urgent.run()

    assert urgent.state().step(BUCKETS).outcome is StepOutcome.DEGRADED
    assert [(line.item, line.operator) for line in report.open_items] == [(KV, "")]
    assert report.timeline.served_since is not None
    assert not any(asked.startswith(KV) for asked in urgent.gate.asked)


def test_a_planned_run_asks_before_it_goes_on_degraded_and_stops_at_no(planned: Operator) -> None:
    planned.world.calls.fail(PROMOTION, Fault.REFUSED, ALWAYS)

    with pytest.raises(StepFailedError) as stopped:
        move(planned)

    assert (stopped.value.code, stopped.value.exit_code) == ("degraded", ExitCode.PAUSED)
    assert planned.gate.asked[-1].startswith(f"{KV} of {BUCKETS}: {PROMOTION}: refused")
    assert planned.state().paused_at_step == BUCKETS
    assert not any("promote ORDERS" in name for name in planned.world.calls.writes)


def test_a_planned_run_that_was_told_to_go_on_goes_on_and_asks_once(planned: Operator) -> None:
    planned.gate.goes_on_degraded = True
    planned.world.calls.fail(PROMOTION, Fault.REFUSED, ALWAYS)
    planned.world.calls.fail("lab.test/dns/swap", Fault.REFUSED)
    with pytest.raises(StepFailedError):
        move(planned)

    report = planned.resume()

    assert len([asked for asked in planned.gate.asked if asked.startswith(KV)]) == 1
    assert [(line.item, line.operator, line.why) for line in report.open_items] == [
        (KV, "ann@desk", "agreed to when asked")
    ]


def test_a_critical_item_that_is_refused_is_never_gone_on_without_by_itself(urgent: Operator) -> None:
    urgent.world.calls.fail(f"{WEST}/datastore/promote ORDERS", Fault.REFUSED)

    with pytest.raises(StepFailedError, match="ORDERS"):
        urgent.run()


def test_a_lesser_item_whose_write_may_have_happened_stops_an_emergency_too(urgent: Operator) -> None:
    urgent.world.calls.fail(PROMOTION, Fault.LOST)

    with pytest.raises(OutcomeUnknownError):
        urgent.run()


def test_a_fence_is_done_or_failed_and_never_degraded(planned: Operator) -> None:
    planned.gate.goes_on_degraded = True
    planned.world.calls.fail(f"{EAST}/datastore/fence {KV}", Fault.REFUSED, ALWAYS)

    with pytest.raises(StepFailedError):
        move(planned)

    assert planned.state().step(f"fence_streams:{EAST}").outcome is StepOutcome.FAILED
    with pytest.raises(BlockedError) as refused:
        planned.resume(without=(KV,))
    assert refused.value.code == "item-never-left-out"


def test_what_is_left_out_is_written_down_before_the_run_goes_on(planned: Operator) -> None:
    leave_the_bucket_out(planned)

    left = [event for event in events(planned) if isinstance(event, ItemLeftOut)]
    assert [(one.ref, one.operator, one.reason) for one in left] == [(ItemRef(BUCKETS, KV), "ann@desk", REASON)]
    assert f"{KV} takes no writes in {WEST}: what is published to it there is refused" in left[0].breaks


def test_a_run_without_an_item_ends_and_says_so(planned: Operator) -> None:
    report = leave_the_bucket_out(planned)

    assert report.verdict == f"done, without {KV}"
    assert planned.state().step(BUCKETS).outcome is StepOutcome.LEFT_OUT
    assert shown(planned) == [("run-1", KV)]


def test_nothing_that_rests_on_an_item_is_done_without_it(planned: Operator) -> None:
    leave_the_bucket_out(planned)

    assert (role(planned, EAST), role(planned, WEST)) == (StreamRole.FENCED, StreamRole.MIRROR)
    assert role(planned, EAST, "ORDERS") is StreamRole.MIRROR


def test_a_contract_that_ends_with_the_last_stream_is_not_met_while_one_is_left_out(planned: Operator) -> None:
    report = leave_the_bucket_out(planned)

    rto = next(line for line in report.contracts if (line.component, line.what) == ("nats", "RTO"))
    assert rto.compliance is Compliance.UNKNOWN
    assert KV in rto.evidence
    assert report.exit_code is ExitCode.CONTRACT_UNPROVEN


def test_a_workload_that_is_left_out_leaves_every_contract_met_and_the_run_open(planned: Operator) -> None:
    planned.world.calls.fail(f"{WEST}/cluster/scale {MAILER}", Fault.REFUSED, ALWAYS)
    with pytest.raises(StepFailedError):
        move(planned)

    report = planned.resume(without=("mailer",))

    assert {line.compliance for line in report.contracts} == {Compliance.MET}
    assert report.exit_code is ExitCode.LEFT_OPEN


def test_only_what_failed_is_left_out_of_a_run_that_was_started(planned: Operator) -> None:
    pause_at_the_bucket(planned)

    with pytest.raises(BlockedError) as refused:
        planned.resume(without=("mailer",))

    assert refused.value.code == "item-not-failed"
    assert KV in refused.value.message


@pytest.mark.parametrize(("name", "said"), [("KV_SETINGS", KV), ("mialer", MAILER)])
def test_a_name_that_no_item_has_is_answered_with_the_nearest(planned: Operator, name: str, said: str) -> None:
    pause_at_the_bucket(planned)

    with pytest.raises(ConfigError) as refused:
        planned.resume(without=(name,))

    assert refused.value.exit_code is ExitCode.USAGE
    assert said in refused.value.remedy


def test_a_last_part_that_several_items_have_is_not_guessed_at(planned: Operator) -> None:
    plan = planned.prepare(PLANNED).plan

    with pytest.raises(ConfigError) as refused:
        first_of(plan, ("worker",))

    assert "deployment/shop/worker" in refused.value.message
    assert "ORDERS/worker" in refused.value.message
    assert first_of(plan, ("ORDERS/worker",)) == (ItemRef(f"carry_consumers:{WEST}", "ORDERS/worker"),)


def test_an_open_item_is_finished_under_the_runs_own_epoch(planned: Operator) -> None:
    leave_the_bucket_out(planned)
    planned.world.calls.heal()

    report = planned.finish(KV)

    assert (role(planned, EAST), role(planned, WEST)) == (StreamRole.MIRROR, StreamRole.ACTIVE)
    assert planned.world.region(WEST).datastore.stream(KV).epoch == planned.state().epoch == 1
    assert (report.open_items, report.exit_code) == ((), ExitCode.DONE)
    assert shown(planned) == []
    ref = ItemRef(BUCKETS, KV)
    assert [event.ref for event in events(planned) if isinstance(event, ItemTakenUp | ItemFinished)] == [ref, ref]


def test_an_item_that_is_finished_twice_is_finished_once(planned: Operator) -> None:
    leave_the_bucket_out(planned)
    planned.world.calls.heal()
    planned.finish(KV)
    planned.world.calls.writes.clear()

    assert planned.finish(KV).exit_code is ExitCode.DONE
    assert planned.world.calls.writes == []


def test_nothing_but_the_item_is_touched_when_it_is_finished(planned: Operator) -> None:
    leave_the_bucket_out(planned)
    planned.world.calls.heal()
    planned.world.calls.writes.clear()

    planned.finish(KV)

    assert planned.world.calls.writes == [
        PROMOTION,
        *(f"{EAST}/datastore/{call} {KV}" for call in ("delete", "create")),
    ]


def test_an_item_that_was_finished_by_hand_is_found_finished(planned: Operator) -> None:
    leave_the_bucket_out(planned)
    planned.world.calls.heal()
    by_hand = planned.world.region(WEST).datastore
    by_hand.promote(PromotionWish(KV, ("$KV.SETTINGS.>",), ()), Stamp("by-hand", 1))
    planned.world.calls.writes.clear()

    planned.finish(KV)

    assert PROMOTION not in planned.world.calls.writes
    assert shown(planned) == []


def test_an_item_that_fails_again_stays_open_and_the_run_stays_ended(planned: Operator) -> None:
    first = leave_the_bucket_out(planned)

    with pytest.raises(StepFailedError):
        planned.finish(KV)

    assert planned.state().ended is first.exit_code
    assert shown(planned) == [("run-1", KV)]


def test_a_degraded_item_that_fails_again_stays_open_too(urgent: Operator) -> None:
    urgent.world.calls.fail(PROMOTION, Fault.REFUSED, ALWAYS)
    urgent.run()

    with pytest.raises(StepFailedError) as stopped:
        urgent.finish(KV)

    assert stopped.value.code == "degraded"
    assert shown(urgent) == [("run-1", KV)]


def test_a_degraded_item_is_finished_like_one_that_was_left_out(urgent: Operator) -> None:
    urgent.world.calls.fail(PROMOTION, Fault.REFUSED, ALWAYS)
    urgent.run()
    urgent.world.calls.heal()

    report = urgent.finish(KV)

    assert role(urgent, WEST) is StreamRole.ACTIVE
    assert report.open_items == ()


def test_an_item_is_not_finished_once_a_later_run_has_moved_the_service(planned: Operator) -> None:
    planned.run(PLANNED, (), prepared=planned.prepare(PLANNED, ("mailer",)))
    planned.run(HOME, (), "run-2")
    planned.world.calls.writes.clear()

    with pytest.raises(InvariantError) as refused:
        planned.finish("mailer")

    assert refused.value.code == "epoch-stale"
    assert planned.world.calls.writes == []


def test_the_way_home_is_blocked_while_a_stream_that_was_left_out_is_served_by_nobody(planned: Operator) -> None:
    leave_the_bucket_out(planned)

    final = planned.prepare(HOME).final

    assert [(finding.code, finding.subject) for finding in final] == [("nobody-active", KV)]
    assert "`drctl status`" in final[0].remedy


def test_an_item_of_a_run_whose_source_was_fenced_since_can_still_be_finished(urgent: Operator) -> None:
    urgent.world.calls.fail(PROMOTION, Fault.REFUSED, ALWAYS)
    urgent.run()
    urgent.world.calls.heal()
    urgent.world.bring_back(EAST)
    urgent.run(Intent(Operation.FENCE, Mode.EMERGENCY, WEST, EAST), (), "run-2")

    assert urgent.finish(KV).open_items == ()
    assert role(urgent, WEST) is StreamRole.ACTIVE


def test_an_item_is_not_finished_while_nobody_can_say_who_came_after(planned: Operator) -> None:
    leave_the_bucket_out(planned)
    planned.world.calls.heal()
    planned.world.calls.fail(f"{WEST}/datastore/streams", Fault.UNREACHABLE, ALWAYS)

    with pytest.raises(UnreachableError):
        planned.finish(KV)

    assert role(planned, WEST) is StreamRole.MIRROR


def test_an_item_that_a_later_run_did_is_open_no_more(planned: Operator) -> None:
    planned.world.region(WEST).cluster.named("mailer").ready_after = ALWAYS
    with pytest.raises(StepFailedError):
        move(planned)
    planned.resume(without=("mailer",))
    assert ("run-1", MAILER) in shown(planned)

    planned.run(HOME, (), "run-2")

    assert shown(planned) == []


def test_an_item_that_was_left_out_of_a_paused_run_can_be_taken_back(planned: Operator) -> None:
    pause_at_the_bucket(planned)
    planned.world.calls.fail("lab.test/dns/swap", Fault.REFUSED)
    with pytest.raises(StepFailedError):
        planned.resume(without=(KV,))
    planned.world.calls.heal()

    report = planned.finish(KV)

    assert (report.exit_code, report.open_items) == (ExitCode.DONE, ())
    assert role(planned, WEST) is StreamRole.ACTIVE
