"""What every DNS vendor behind the ports promises, and the fake with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from drctl.core.errors import (
    ConflictError,
    DeniedError,
    OutcomeUnknownError,
    ThrottledError,
    UnreachableError,
)
from drctl.core.observed import RecordState
from drctl.ports.dns import Propagation, RecordSwap

if TYPE_CHECKING:
    from contract.dns.providers import Provider, Zone


@dataclass(frozen=True)
class Case:
    """A zone whose public name points at east."""

    provider: Provider
    zone: Zone

    def named(self, label: str) -> str:
        return f"{label}.{self.provider.zone}"

    @property
    def name(self) -> str:
        return self.named("shop")

    @property
    def east(self) -> RecordState:
        return RecordState(self.name, "A", 60, ("192.0.2.10", "192.0.2.11"))

    @property
    def west(self) -> RecordState:
        return RecordState(self.name, "A", 60, ("198.51.100.10",))

    @property
    def note(self) -> RecordState:
        return RecordState(f"_drctl.{self.name}", "TXT", 60, ("drctl epoch=1 run=r1 active=west",))

    def shown(self) -> RecordState | None:
        return self.zone.record(self.name, "A")

    def to_west(self) -> None:
        self.switch(self.east, self.west)

    def switch(self, before: RecordState | None, after: RecordState, by: Zone | None = None) -> None:
        (by or self.zone).swap((RecordSwap(before, after),), "drctl r1 switch_dns")

    def create(self, *records: RecordState) -> None:
        self.zone.swap(tuple(RecordSwap(None, record) for record in records), "test")


@pytest.fixture
def case(provider: Provider) -> Case:
    case = Case(provider, provider.connect())
    case.create(case.east)
    return case


def test_a_record_set_is_shown_with_its_values_and_ttl(case: Case) -> None:
    assert case.shown() == case.east


def test_what_does_not_exist_is_none(case: Case) -> None:
    assert case.zone.record(case.name, "AAAA") is None
    assert case.zone.record(case.named("other"), "A") is None
    assert case.zone.record_types(case.named("other")) == ()


def test_a_switch_replaces_the_values(case: Case) -> None:
    case.to_west()

    assert case.shown() == case.west


def test_a_switch_can_be_taken_back(case: Case) -> None:
    case.to_west()
    case.switch(case.west, case.east)

    assert case.shown() == case.east


def test_another_process_sees_the_switch_and_has_nothing_left_to_do(case: Case) -> None:
    case.to_west()

    assert case.provider.connect().record(case.name, "A") == case.west


def test_the_same_switch_twice_is_refused_the_second_time(case: Case) -> None:
    case.to_west()

    with pytest.raises(ConflictError):
        case.to_west()
    assert case.shown() == case.west


@pytest.mark.parametrize(
    "changed",
    [{"values": ("192.0.2.99",)}, {"values": ("192.0.2.10",)}, {"ttl": 300}],
    ids=["another address", "one address less", "another TTL"],
)
def test_a_record_set_that_was_changed_in_between_is_left_alone(case: Case, changed: dict[str, Any]) -> None:
    drifted = replace(case.east, **changed)
    case.switch(case.east, drifted, by=case.provider.connect())

    with pytest.raises(ConflictError, match=case.name):
        case.to_west()
    assert case.shown() == drifted


def test_a_record_set_that_must_not_exist_is_not_overwritten(case: Case) -> None:
    with pytest.raises(ConflictError):
        case.switch(None, case.west)
    assert case.shown() == case.east


def test_a_record_set_that_is_gone_is_not_made_anew(case: Case) -> None:
    other = replace(case.east, name=case.named("other"))

    with pytest.raises(ConflictError):
        case.switch(other, replace(case.west, name=other.name))
    assert case.zone.record(other.name, "A") is None


def test_of_eight_twins_one_wins(case: Case) -> None:
    wanted = [replace(case.west, values=(f"198.51.100.{number}",)) for number in range(1, 9)]
    zones = [case.provider.connect(expects_rivals=True) for _ in wanted]
    assert [one.record(case.name, "A") for one in zones] == [case.east] * 8

    def run(number: int) -> bool:
        try:
            case.switch(case.east, wanted[number], by=zones[number])
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(run, range(8)))

    assert won.count(True) == 1
    assert case.shown() == wanted[won.index(True)]


def test_several_record_sets_are_switched_together(case: Case) -> None:
    case.zone.swap((RecordSwap(case.east, case.west), RecordSwap(None, case.note)), "both")

    assert case.shown() == case.west
    assert case.zone.record(case.note.name, "TXT") == case.note


def test_one_stale_record_set_keeps_all_others_as_they_are(case: Case) -> None:
    case.create(case.note)

    with pytest.raises(ConflictError):
        case.zone.swap((RecordSwap(case.east, case.west), RecordSwap(None, case.note)), "both")
    assert case.shown() == case.east


def test_a_lost_answer_is_an_unknown_outcome_and_a_look_shows_that_it_was_applied(case: Case) -> None:
    case.provider.lose_next_answer()

    with pytest.raises(OutcomeUnknownError):
        case.to_west()
    assert case.shown() == case.west


def test_a_write_into_silence_has_an_unknown_outcome(case: Case) -> None:
    case.provider.fall_silent("writes")

    with pytest.raises(OutcomeUnknownError):
        case.to_west()
    case.provider.recover()
    assert case.shown() == case.east


def test_a_silent_vendor_is_unreachable_for_reading(case: Case) -> None:
    case.provider.fall_silent("reads")

    with pytest.raises(UnreachableError):
        case.shown()
    case.provider.recover()
    assert case.shown() == case.east


def test_a_throttled_write_was_not_made_and_works_later(case: Case) -> None:
    case.provider.throttle_writes()
    with pytest.raises(ThrottledError):
        case.to_west()
    case.provider.recover()

    assert case.shown() == case.east
    case.to_west()
    assert case.shown() == case.west


def test_who_is_not_allowed_is_told_so(case: Case) -> None:
    case.provider.deny()

    with pytest.raises(DeniedError) as reading:
        case.shown()
    with pytest.raises(DeniedError) as writing:
        case.to_west()
    assert reading.value.remedy
    assert writing.value.remedy
    case.provider.recover()
    assert case.shown() == case.east


@pytest.mark.parametrize(
    "text",
    [
        'say "yes" and mean it',
        "back\\slash \\052 \\\\",
        "x" * 255,
        "y" * 256,
        "quotes at the seam" + '"' * 600,
        "v=spf1 include:example.com; a  b ",
        "tab\tand \x7f and \xe9",
        "",
    ],
    ids=["quotes", "backslashes", "255", "256", "seams", "spaces", "bytes", "empty"],
)
def test_a_text_comes_back_as_it_was_written_and_can_be_replaced(case: Case, text: str) -> None:
    written = replace(case.note, values=(text,))
    case.create(written)

    assert case.zone.record(case.note.name, "TXT") == written
    case.switch(written, case.note)
    assert case.zone.record(case.note.name, "TXT") == case.note


def test_a_name_is_shown_without_its_final_dot_and_can_be_replaced(case: Case) -> None:
    east = RecordState(case.named("www"), "CNAME", 60, (case.named("east"),))
    west = replace(east, values=(case.named("west"),))
    case.create(east)

    assert case.zone.record(east.name, "CNAME") == east
    assert case.zone.record(east.name, "A") is None
    case.switch(east, west)
    assert case.zone.record(east.name, "CNAME") == west


def test_several_texts_stay_apart(case: Case) -> None:
    several = replace(case.note, values=("a", "a c", "b"))
    case.create(several)

    assert case.zone.record(case.note.name, "TXT") == several


def test_every_type_at_a_name_is_listed_and_none_of_its_neighbours(case: Case) -> None:
    case.create(
        RecordState(case.name, "AAAA", 60, ("2001:db8::1",)),
        RecordState(case.name, "TXT", 60, ("hello",)),
        RecordState(f"a.{case.name}", "CNAME", 60, (case.name,)),
        RecordState(case.named("shopping"), "TXT", 60, ("hello",)),
    )

    assert case.zone.record_types(case.name) == ("A", "AAAA", "TXT")


def test_a_wildcard_is_a_name_like_others(case: Case) -> None:
    anything = RecordState(case.named("*"), "A", 60, ("192.0.2.1",))
    case.create(anything)

    assert case.zone.record(anything.name, "A") == anything
    assert case.zone.record_types(anything.name) == ("A",)
    case.switch(anything, replace(case.west, name=anything.name))
    assert case.zone.record(anything.name, "A") == replace(case.west, name=anything.name)


def test_propagation_is_of_the_newest_change_that_this_process_sent(case: Case) -> None:
    assert case.provider.connect().propagation() is Propagation.UNKNOWN

    case.to_west()
    assert case.zone.propagation() in {Propagation.PENDING, Propagation.IN_SYNC}
    case.provider.let_spread(case.zone)
    assert case.zone.propagation() is Propagation.IN_SYNC
