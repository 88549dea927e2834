"""What every way to move a record promises: done once, whatever happens on the way, or refused with a reason."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from contract.dns.ways import EAST_ADDRESS, WEST_ADDRESS
from drctl.core.errors import ConflictError, DeniedError, OutcomeUnknownError, ThrottledError, UnreachableError
from drctl.core.observed import RecordState
from drctl.ports.dns import RecordSwap

if TYPE_CHECKING:
    from contract.dns.providers import Zone
    from contract.dns.ways import Way


@dataclass(frozen=True)
class Case:
    """A record that points at east, and one process of drctl that has read it."""

    way: Way
    zone: Zone
    east: RecordState

    @property
    def west(self) -> RecordState:
        return replace(self.east, values=(WEST_ADDRESS,))

    def shown(self) -> RecordState | None:
        return self.way.provider.connect().record(self.way.name, "A")

    def move(self, by: Zone | None = None) -> None:
        (by or self.zone).swap((RecordSwap(self.east, self.west),), "drctl r1 switch_dns")


@pytest.fixture
def case(way: Way) -> Case:
    way.prepare()
    zone = way.provider.connect()
    east = zone.record(way.name, "A")
    assert east == RecordState(way.name, "A", 60, (EAST_ADDRESS,))
    return Case(way, zone, east)


def test_a_move_is_made_and_the_next_look_finds_nothing_left_to_do(case: Case) -> None:
    case.move()

    assert case.shown() == case.west


def test_a_move_is_taken_back_by_the_same_means(case: Case) -> None:
    case.move()
    zone = case.way.provider.connect()
    assert zone.record(case.way.name, "A") == case.west
    zone.swap((RecordSwap(case.west, case.east),), "drctl r2 switch_dns")

    assert case.shown() == case.east


def test_a_move_that_was_made_already_is_a_conflict_and_changes_nothing(case: Case) -> None:
    case.move()

    with pytest.raises(ConflictError):
        case.move()
    assert case.shown() == case.west


def test_what_somebody_else_changed_in_between_is_left_alone(case: Case) -> None:
    case.way.meddle()
    meddled = case.shown()

    with pytest.raises(ConflictError):
        case.move()
    assert case.shown() == meddled != case.east


def test_of_eight_twins_one_moves_it(case: Case) -> None:
    zones = [case.way.provider.connect(expects_rivals=True) for _ in range(8)]
    assert [one.record(case.way.name, "A") for one in zones] == [case.east] * 8

    def run(zone: Zone) -> bool:
        try:
            case.move(by=zone)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(run, zones))

    assert case.shown() == case.west
    assert won.count(True) == 1 or not case.way.provider.compares
    assert any(won)


def test_a_lost_answer_leaves_the_outcome_unknown_until_somebody_looks(case: Case) -> None:
    case.way.provider.lose_next_answer()

    with pytest.raises(OutcomeUnknownError):
        case.move()
    assert case.shown() == case.west


def test_a_vendor_that_does_not_answer_writes_is_unknown_and_nothing_moved(case: Case) -> None:
    case.way.provider.fall_silent("writes")

    with pytest.raises(OutcomeUnknownError):
        case.move()
    case.way.provider.recover()
    assert case.shown() == case.east


def test_a_vendor_that_does_not_answer_reads_is_unreachable(case: Case) -> None:
    case.way.provider.fall_silent("reads")

    with pytest.raises(UnreachableError):
        case.zone.record(case.way.name, "A")


def test_a_throttled_move_was_not_made_and_works_later(case: Case) -> None:
    case.way.provider.throttle_writes()
    with pytest.raises(ThrottledError):
        case.move()
    case.way.provider.recover()

    assert case.shown() == case.east
    case.move()
    assert case.shown() == case.west


def test_who_may_not_move_it_is_told_so(case: Case) -> None:
    case.way.provider.deny()

    with pytest.raises(DeniedError) as denied:
        case.move()
    assert denied.value.remedy
    case.way.provider.recover()
    assert case.shown() == case.east
