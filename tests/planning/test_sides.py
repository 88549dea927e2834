"""Which side of a stream serves, and that no stream falls out of a plan without a word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.finding import Severity
from drctl.core.observed import StreamRole
from drctl.core.sides import Serving, serving
from drctl.planning.failback import plan_failback
from drctl.planning.planned import plan_planned
from drctl.planning.selection import streams_to_move, streams_to_promote
from drctl.steps.fence_streams import FenceStreams
from fakes.operator import HOME, PLANNED
from fakes.shop import shop_topology

if TYPE_CHECKING:
    from drctl.core.inventory import Inventory
    from drctl.core.observed import StreamState

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTIVE, MIRROR, FENCED = StreamRole.ACTIVE, StreamRole.MIRROR, StreamRole.FENCED


@pytest.fixture
def bare(healthy: Inventory) -> StreamState:
    """A stream that never moved."""
    return replace(next(stream for stream in healthy.target.streams if stream.name == "ORDERS"), role=ACTIVE)


def promoted(stream: StreamState, fork: int, epoch: int = 0, minutes: int = 0) -> StreamState:
    at = NOON + timedelta(minutes=minutes)
    return replace(stream, fork_seq=fork, epoch=epoch, fork_time=at, original_subjects=("orders.>",))


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (ACTIVE, None, Serving.SOURCE),
        (ACTIVE, MIRROR, Serving.SOURCE),
        (FENCED, MIRROR, Serving.SOURCE),
        (ACTIVE, FENCED, Serving.SOURCE),
        (FENCED, ACTIVE, Serving.TARGET),
        (MIRROR, ACTIVE, Serving.TARGET),
        (ACTIVE, ACTIVE, Serving.UNDECIDED),
        (FENCED, FENCED, Serving.NOBODY),
        (MIRROR, FENCED, Serving.NOBODY),
        (MIRROR, MIRROR, Serving.NOBODY),
        (MIRROR, None, Serving.NOBODY),
    ],
)
def test_who_serves_by_role(
    bare: StreamState, source: StreamRole, target: StreamRole | None, expected: Serving
) -> None:
    other = replace(bare, role=target) if target else None

    assert serving(replace(bare, role=source), other) is expected


def test_where_both_take_writes_the_one_that_was_promoted_serves(bare: StreamState) -> None:
    assert serving(promoted(bare, 3), bare) is Serving.SOURCE
    assert serving(bare, promoted(bare, 3)) is Serving.TARGET


def test_where_both_were_promoted_the_larger_epoch_serves(bare: StreamState) -> None:
    early, late = promoted(bare, 9, 1, minutes=5), promoted(bare, 3, 2)

    assert serving(late, early) is Serving.SOURCE
    assert serving(early, late) is Serving.TARGET


@pytest.mark.parametrize("epoch", [0, 4], ids=["without epochs", "with the same epoch"])
def test_where_epochs_tie_the_later_fork_serves(bare: StreamState, epoch: int) -> None:
    early, late = promoted(bare, 3, epoch), promoted(bare, 9, epoch, minutes=5)

    assert serving(late, early) is Serving.SOURCE
    assert serving(early, late) is Serving.TARGET
    assert serving(late, promoted(bare, 9, epoch, minutes=5)) is Serving.UNDECIDED
    assert serving(late, replace(early, fork_time=None)) is Serving.UNDECIDED


def test_a_mirror_that_a_plain_edit_promoted_may_be_the_later_one(bare: StreamState) -> None:
    edited = replace(bare, epoch=2, original_subjects=("orders.>",))

    assert serving(edited, promoted(bare, 3, 2)) is Serving.UNDECIDED
    assert serving(promoted(bare, 3, 2), edited) is Serving.UNDECIDED


def with_orders(inventory: Inventory, source: StreamState, target: StreamState | None) -> Inventory:
    assert inventory.source is not None
    there = (target,) if target else ()
    return replace(
        inventory,
        source=replace(inventory.source, streams=(source,)),
        target=replace(inventory.target, streams=there),
    )


def codes(inventory: Inventory) -> set[tuple[str, Severity]]:
    plans = plan_planned(shop_topology(), PLANNED, inventory), plan_failback(shop_topology(), HOME, inventory)
    found = [{(finding.code, finding.severity) for finding in plan.findings} for plan in plans]
    assert found[0] == found[1]
    return found[0]


def test_two_sides_that_take_writes_stand_in_the_way(healthy: Inventory, bare: StreamState) -> None:
    early, late = promoted(bare, 3, 1), promoted(bare, 9, 2)

    assert codes(with_orders(healthy, bare, bare)) == {("both-active", Severity.PROBLEM)}
    assert codes(with_orders(healthy, early, late)) == {("both-active", Severity.PROBLEM)}


def test_the_old_region_that_takes_writes_again_is_no_obstacle_on_the_way_home(
    healthy: Inventory, bare: StreamState
) -> None:
    """It is fenced first."""
    returned = with_orders(healthy, promoted(bare, 9, 0, minutes=5), promoted(bare, 3))

    plan = plan_failback(shop_topology(), HOME, returned)

    assert plan.findings == ()
    (fence,) = (step for step in plan.steps() if isinstance(step, FenceStreams) and step.region == HOME.target)
    assert [item.name for item in fence.items] == ["ORDERS"]


def test_no_stream_falls_out_of_a_plan_without_a_word(healthy: Inventory, bare: StreamState) -> None:
    """Every pair of roles: it moves, the target serves it as a whole, or somebody is told."""
    for source in StreamRole:
        for target in (*StreamRole, None):
            one = replace(bare, role=source, fork_seq=None)
            inventory = with_orders(healthy, one, replace(bare, role=target) if target else None)
            moves = [item.name for item in streams_to_move(shop_topology(), inventory)] == ["ORDERS"]
            is_there = (source, target) == (MIRROR, ACTIVE)

            assert moves or is_there or codes(inventory), (source, target)


def test_a_fence_that_nobody_follows_up_blocks_and_somebodys_two_mirrors_do_not(
    healthy: Inventory, bare: StreamState
) -> None:
    fenced, mirror = replace(bare, role=FENCED), replace(bare, role=MIRROR)

    assert codes(with_orders(healthy, fenced, fenced)) == {("nobody-active", Severity.PROBLEM)}
    assert codes(with_orders(healthy, mirror, mirror)) == {("nobody-active", Severity.WARN)}
    assert codes(with_orders(healthy, fenced, bare)) == {("moved-already", Severity.WARN)}


@pytest.mark.parametrize("role", [ACTIVE, FENCED])
def test_an_emergency_leaves_out_no_stream_that_the_source_has_too(
    healthy: Inventory, bare: StreamState, role: StreamRole
) -> None:
    """Promoted by a plain edit there is no fork; it is to be fenced at the source all the same."""
    both = with_orders(healthy, bare, replace(bare, role=role))

    assert [item.name for item in streams_to_promote(shop_topology(), both)] == ["ORDERS"]
