"""What every DNS vendor behind the ports promises, and the fake with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

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

NAME = "shop.lab.test"
EAST = RecordState(NAME, "A", 60, ("192.0.2.10", "192.0.2.11"))
WEST = RecordState(NAME, "A", 60, ("198.51.100.10",))
NOTE = RecordState(f"_drctl.{NAME}", "TXT", 60, ("drctl epoch=1 run=r1 active=west",))


@pytest.fixture
def zone(provider: Provider) -> Zone:
    """A zone whose public name points at east."""
    zone = provider.connect()
    create(zone, EAST)
    return zone


def create(zone: Zone, *records: RecordState) -> None:
    zone.swap(tuple(RecordSwap(None, record) for record in records), "test")


def switch(zone: Zone, before: RecordState | None = EAST, after: RecordState = WEST) -> None:
    zone.swap((RecordSwap(before, after),), "drctl r1 switch_dns")


def test_a_record_set_is_shown_with_its_values_and_ttl(zone: Zone) -> None:
    assert zone.record(NAME, "A") == EAST


def test_what_does_not_exist_is_none(zone: Zone) -> None:
    assert zone.record(NAME, "AAAA") is None
    assert zone.record("other.lab.test", "A") is None
    assert zone.record_types("other.lab.test") == ()


def test_a_switch_replaces_the_values(zone: Zone) -> None:
    switch(zone)

    assert zone.record(NAME, "A") == WEST


def test_a_switch_can_be_taken_back(zone: Zone) -> None:
    switch(zone)
    switch(zone, WEST, EAST)

    assert zone.record(NAME, "A") == EAST


def test_another_process_sees_the_switch_and_has_nothing_left_to_do(provider: Provider, zone: Zone) -> None:
    switch(zone)

    assert provider.connect().record(NAME, "A") == WEST


def test_the_same_switch_twice_is_refused_the_second_time(zone: Zone) -> None:
    switch(zone)

    with pytest.raises(ConflictError):
        switch(zone)
    assert zone.record(NAME, "A") == WEST


@pytest.mark.parametrize(
    "drifted",
    [replace(EAST, values=("192.0.2.99",)), replace(EAST, values=EAST.values[:1]), replace(EAST, ttl=300)],
    ids=["another address", "one address less", "another TTL"],
)
def test_a_record_set_that_was_changed_in_between_is_left_alone(
    provider: Provider, zone: Zone, drifted: RecordState
) -> None:
    switch(provider.connect(), EAST, drifted)

    with pytest.raises(ConflictError, match=NAME):
        switch(zone)
    assert zone.record(NAME, "A") == drifted


def test_a_record_set_that_must_not_exist_is_not_overwritten(zone: Zone) -> None:
    with pytest.raises(ConflictError):
        switch(zone, None, WEST)
    assert zone.record(NAME, "A") == EAST


def test_a_record_set_that_is_gone_is_not_made_anew(zone: Zone) -> None:
    other = replace(EAST, name="other.lab.test")

    with pytest.raises(ConflictError):
        switch(zone, other, replace(WEST, name=other.name))
    assert zone.record(other.name, "A") is None


def test_of_eight_twins_one_wins(provider: Provider, zone: Zone) -> None:
    wanted = [replace(WEST, values=(f"198.51.100.{number}",)) for number in range(1, 9)]
    zones = [provider.connect() for _ in wanted]
    assert [one.record(NAME, "A") for one in zones] == [EAST] * 8

    def run(number: int) -> bool:
        try:
            switch(zones[number], EAST, wanted[number])
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(run, range(8)))

    assert won.count(True) == 1
    assert zone.record(NAME, "A") == wanted[won.index(True)]


def test_several_record_sets_are_switched_together(zone: Zone) -> None:
    zone.swap((RecordSwap(EAST, WEST), RecordSwap(None, NOTE)), "both")

    assert zone.record(NAME, "A") == WEST
    assert zone.record(NOTE.name, "TXT") == NOTE


def test_one_stale_record_set_keeps_all_others_as_they_are(zone: Zone) -> None:
    create(zone, NOTE)

    with pytest.raises(ConflictError):
        zone.swap((RecordSwap(EAST, WEST), RecordSwap(None, NOTE)), "both")
    assert zone.record(NAME, "A") == EAST


def test_a_lost_answer_is_an_unknown_outcome_and_a_look_shows_that_it_was_applied(
    provider: Provider, zone: Zone
) -> None:
    provider.lose_next_answer()

    with pytest.raises(OutcomeUnknownError):
        switch(zone)
    assert zone.record(NAME, "A") == WEST


def test_a_silent_vendor_leaves_the_outcome_of_a_write_unknown(provider: Provider, zone: Zone) -> None:
    provider.fall_silent()

    with pytest.raises(OutcomeUnknownError):
        switch(zone)
    with pytest.raises(UnreachableError):
        zone.record(NAME, "A")

    provider.recover()
    assert zone.record(NAME, "A") == EAST


def test_a_throttled_write_was_not_made_and_works_later(provider: Provider, zone: Zone) -> None:
    provider.throttle_writes()
    with pytest.raises(ThrottledError):
        switch(zone)
    provider.recover()

    assert zone.record(NAME, "A") == EAST
    switch(zone)
    assert zone.record(NAME, "A") == WEST


def test_who_is_not_allowed_is_told_so(provider: Provider, zone: Zone) -> None:
    provider.deny()

    with pytest.raises(DeniedError) as reading:
        zone.record(NAME, "A")
    with pytest.raises(DeniedError) as writing:
        switch(zone)
    assert reading.value.remedy
    assert writing.value.remedy
    provider.recover()
    assert zone.record(NAME, "A") == EAST


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
def test_a_text_comes_back_as_it_was_written_and_can_be_replaced(zone: Zone, text: str) -> None:
    written = replace(NOTE, values=(text,))
    create(zone, written)

    assert zone.record(NOTE.name, "TXT") == written
    switch(zone, written, NOTE)
    assert zone.record(NOTE.name, "TXT") == NOTE


def test_several_texts_stay_apart(zone: Zone) -> None:
    several = replace(NOTE, values=("a", "a c", "b"))
    create(zone, several)

    assert zone.record(NOTE.name, "TXT") == several


def test_every_type_at_a_name_is_listed_and_none_of_its_neighbours(zone: Zone) -> None:
    create(
        zone,
        RecordState(NAME, "AAAA", 60, ("2001:db8::1",)),
        RecordState(NAME, "TXT", 60, ("hello",)),
        RecordState(f"a.{NAME}", "MX", 60, ("10 mail.lab.test.",)),
        RecordState("shopping.lab.test", "CAA", 60, ('0 issue "ca.test"',)),
    )

    assert zone.record_types(NAME) == ("A", "AAAA", "TXT")


def test_a_wildcard_is_a_name_like_others(zone: Zone) -> None:
    anything = RecordState("*.lab.test", "A", 60, ("192.0.2.1",))
    create(zone, anything)

    assert zone.record(anything.name, "A") == anything
    assert zone.record_types(anything.name) == ("A",)
    switch(zone, anything, replace(WEST, name=anything.name))
    assert zone.record(anything.name, "A") == replace(WEST, name=anything.name)


def test_propagation_is_of_the_newest_change_that_this_process_sent(provider: Provider) -> None:
    sender, watcher = provider.connect(), provider.connect()
    assert sender.propagation() is Propagation.UNKNOWN

    create(sender, EAST)
    provider.let_spread(sender)
    assert sender.propagation() is Propagation.IN_SYNC
    switch(sender)
    assert sender.propagation() in {Propagation.PENDING, Propagation.IN_SYNC}
    assert watcher is sender or watcher.propagation() is Propagation.UNKNOWN
