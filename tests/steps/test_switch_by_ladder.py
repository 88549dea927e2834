"""Names that can be moved in more than one way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.contract import FactKind
from drctl.core.errors import ConflictError, OutcomeUnknownError, UnreachableError
from drctl.core.observed import RecordState
from drctl.core.topology import US_EAST_1, VENDOR, Plane, Rung
from drctl.core.verdict import Health
from drctl.steps.switch_dns import RecordItem, SwitchDns
from fakes.calls import ALWAYS, Fault
from fakes.dns import FakeSwitch
from fakes.shop import ADDRESSES, EAST, NAME, TTL, WEST, ZONE
from steps.table import CONVERGED, STAMP, apply, found, settled

if TYPE_CHECKING:
    from fakes.world import World

MARKER = "marker"
AT_VENDOR = Rung(VENDOR, Plane.GLOBAL_CONTROL, US_EAST_1, timedelta(seconds=2))
BY_MARKER = Rung(MARKER, Plane.DATA, WEST, timedelta(seconds=2))
ITEM = RecordItem(NAME, "A", (ADDRESSES[WEST],))
RECORDS_FIRST = SwitchDns(
    f"switch_dns:{ZONE}", ZONE, WEST, (ITEM,), timedelta(minutes=5), timedelta(seconds=1), (AT_VENDOR, BY_MARKER)
)
MARKER_FIRST = replace(RECORDS_FIRST, ladder=(BY_MARKER, AT_VENDOR))
HOME = replace(RECORDS_FIRST, region=EAST, items=(RecordItem(NAME, "A", (ADDRESSES[EAST],)),))
MOVE = f"{ZONE}/{NAME} A values: ('{ADDRESSES[EAST]}',) -> ('{ADDRESSES[WEST]}',)"
NOTE = f"{ZONE}/_drctl.{NAME} TXT values: None -> <epoch, run id and region>"
SWAP, TURN = f"{ZONE}/dns/swap", f"{MARKER}/switch/turn"


def record(region: str) -> RecordState:
    return RecordState(NAME, "A", TTL, (ADDRESSES[region],))


@pytest.fixture(autouse=True)
def marker(world: World) -> FakeSwitch:
    """A switch that can lead to west, and to nowhere else."""
    world.switches[MARKER] = FakeSwitch(MARKER, world.calls, world.zones[ZONE], {WEST: (record(WEST),)})
    return world.switches[MARKER]


def refuse_vendor(world: World) -> None:
    world.calls.fail(f"{ZONE}/dns/*", Fault.UNREACHABLE, times=ALWAYS)


def test_the_first_way_is_taken_and_no_other(world: World) -> None:
    apply(RECORDS_FIRST, world)

    assert world.calls.writes == [SWAP]
    assert found(RECORDS_FIRST, world) == CONVERGED
    assert settled(RECORDS_FIRST, world) is Health.HEALTHY


def test_a_vendor_that_refuses_every_call_is_passed_by(world: World) -> None:
    refuse_vendor(world)
    assert found(RECORDS_FIRST, world) == (MOVE, NOTE)

    apply(RECORDS_FIRST, world)

    assert world.calls.writes == [TURN]
    assert found(RECORDS_FIRST, world) == CONVERGED
    assert settled(RECORDS_FIRST, world) is Health.HEALTHY


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.THROTTLED, Fault.DENIED, Fault.REFUSED, Fault.LOST])
def test_whatever_keeps_a_way_from_working_the_next_is_tried(world: World, fault: Fault) -> None:
    world.calls.fail(SWAP, fault, times=ALWAYS)

    apply(RECORDS_FIRST, world)

    assert world.calls.writes == [TURN]


def test_a_way_is_tried_again_within_its_budget_before_the_next(world: World) -> None:
    world.calls.fail(SWAP, Fault.THROTTLED, times=3)

    apply(RECORDS_FIRST, world)

    assert world.calls.writes == [SWAP]


def test_a_budget_bounds_how_long_a_way_is_tried(world: World) -> None:
    world.calls.fail(SWAP, Fault.THROTTLED, times=ALWAYS)
    began = world.clock.elapsed()

    apply(RECORDS_FIRST, world)

    assert world.clock.elapsed() - began <= AT_VENDOR.budget


def test_what_was_agreed_to_is_the_same_whichever_way_can_be_read(world: World) -> None:
    before = found(RECORDS_FIRST, world)
    refuse_vendor(world)

    assert found(RECORDS_FIRST, world) == before == found(MARKER_FIRST, world)


def test_somebody_else_who_moves_at_the_same_time_stops_the_ladder(world: World) -> None:
    world.calls.fail(SWAP, Fault.CONFLICT)

    with pytest.raises(ConflictError):
        apply(RECORDS_FIRST, world)
    assert world.calls.writes == []


def test_no_way_that_works_is_told_with_every_reason(world: World) -> None:
    refuse_vendor(world)
    world.calls.fail(TURN, Fault.DENIED, times=ALWAYS)

    with pytest.raises(UnreachableError, match=r"vendor: .*; marker: .*denied"):
        apply(RECORDS_FIRST, world)


def test_an_answer_that_was_lost_on_the_last_way_is_unknown(world: World) -> None:
    refuse_vendor(world)
    world.calls.fail(TURN, Fault.LOST, times=ALWAYS)

    with pytest.raises(OutcomeUnknownError):
        apply(RECORDS_FIRST, world)


def test_going_home_turns_the_switch_back_that_the_way_out_had_turned(world: World, marker: FakeSwitch) -> None:
    refuse_vendor(world)
    apply(RECORDS_FIRST, world)
    world.calls.heal()
    assert marker.now.region == WEST

    apply(HOME, world)

    assert marker.now.region == ""
    assert found(HOME, world) == CONVERGED
    assert settled(HOME, world) is Health.HEALTHY


def test_going_home_moves_records_and_switch_where_both_lead_away(world: World, marker: FakeSwitch) -> None:
    apply(RECORDS_FIRST, world)
    marker.lead_to(WEST)

    apply(HOME, world)

    assert (world.zones[ZONE].records[NAME, "A"], marker.now.region) == (record(EAST), "")


def test_a_switch_alone_needs_no_vendor_at_all(world: World) -> None:
    refuse_vendor(world)
    step = replace(RECORDS_FIRST, ladder=(BY_MARKER,))

    apply(step, world)

    assert found(step, world) == CONVERGED


def test_the_report_says_which_switch_moved_the_names(world: World) -> None:
    apply(MARKER_FIRST, world)
    settled(MARKER_FIRST, world)

    facts = {fact.kind: fact.note for fact in MARKER_FIRST.measure(world.probes(STAMP), world.clock.now())}

    assert facts[FactKind.DNS_CONVERGED] == "by the switch marker"


def test_a_ladder_is_of_the_plane_that_fails_last_and_names_the_regions_that_it_calls() -> None:
    assert RECORDS_FIRST.plane is Plane.DATA
    assert RECORDS_FIRST.regions == (WEST,)
    assert replace(RECORDS_FIRST, ladder=(AT_VENDOR,)).plane is Plane.GLOBAL_CONTROL
