"""Items that are left out of a move from its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import ExitCode
from drctl.core.events import EpochClaimed
from fakes.calls import Crashed
from fakes.operator import PLANNED, REASON, Operator
from fakes.shop import WEST, make_shop, watch

if TYPE_CHECKING:
    from drctl.ports.journal import Record

MAILER = "deployment/shop/mailer"


@pytest.fixture
def planned() -> Operator:
    operator = Operator(make_shop())
    watch(operator.world, operator.topology, 2)
    return operator


def test_an_item_can_be_left_out_from_the_start_and_is_shown_with_what_it_breaks(planned: Operator) -> None:
    whole, prepared = planned.prepare(PLANNED), planned.prepare(PLANNED, ("mailer",))

    report = planned.run(PLANNED, (), prepared=prepared)

    assert planned.world.region(WEST).cluster.named("mailer").replicas == 0
    assert [(line.item, line.why) for line in report.open_items] == [(MAILER, REASON)]
    assert report.exit_code is ExitCode.LEFT_OPEN
    assert prepared.plan.digest == whole.plan.digest == report.plan_digest


def test_what_was_left_out_from_the_start_is_finished_later(planned: Operator) -> None:
    planned.run(PLANNED, (), prepared=planned.prepare(PLANNED, ("mailer",)))

    report = planned.finish("mailer")

    assert planned.world.region(WEST).cluster.named("mailer").replicas == 1
    assert (report.open_items, report.exit_code) == ((), ExitCode.DONE)


def test_what_is_left_out_from_the_start_is_so_before_anybody_can_take_the_run_up(planned: Operator) -> None:
    prepared = planned.prepare(PLANNED, ("mailer",))

    def kill(record: Record) -> None:
        if isinstance(record.event, EpochClaimed):
            planned.world.runs.after_record = lambda _record: None
            planned.world.calls.crash()

    planned.world.runs.after_record = kill
    with pytest.raises(Crashed):
        planned.run(PLANNED, (), prepared=prepared)
    planned.world.start_new_process()

    assert [line.item for line in planned.resume().open_items] == [MAILER]


def test_an_obstacle_of_what_is_left_out_is_none(planned: Operator) -> None:
    planned.world.region(WEST).cluster.named("mailer").paused = True
    assert planned.prepare(PLANNED).final

    assert planned.prepare(PLANNED, ("mailer",)).final == ()
