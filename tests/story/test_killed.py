"""drctl is killed at points drawn by a seed, and taken up again: what it leaves is exactly what had been shown."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from drctl.lab import faults
from drctl.lab.layout import REGIONS
from onlab.moves import (
    AWAY_FROM_DEAD,
    HOME,
    PLANNED,
    Point,
    kept_promises,
    killed_and_taken_up,
    lose_east_with_orders,
)
from onlab.snapshot import Fields, changed, snapshot

if TYPE_CHECKING:
    from onlab.driving import Driven

# Labs, and some dozens of commands one after the other.
pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]

# What each move's journal has at the least, without what comes when all is done: a point after that kills nobody.
RECORDS = {PLANNED: 110, HOME: 130, AWAY_FROM_DEAD: 65}
ROUNDS = 10


def test_a_planned_failover_and_a_failback_that_were_killed_leave_what_was_shown(lab: Driven, seed: int) -> None:
    dice = random.Random(seed)

    for words in (PLANNED, HOME):
        assert_leaves_what_was_shown(lab, words, Point.drawn(dice, RECORDS[words]))


@pytest.mark.long
def test_moves_that_were_killed_at_twenty_points_leave_what_was_shown(lab: Driven, seed: int) -> None:
    dice = random.Random(seed)
    lab.watch()
    lab.order(at_least=10)

    for number in range(ROUNDS):
        if number % 2:
            assert_leaves_what_was_shown(lab, PLANNED, Point.drawn(dice, RECORDS[PLANNED]))
        else:
            lose_east_with_orders(lab, 3)
            point = Point.drawn(dice, RECORDS[AWAY_FROM_DEAD])
            assert_leaves_what_was_shown(lab, AWAY_FROM_DEAD, point, ("west",), left_open=True)
            faults.heal(lab.layout, "east")
        assert_leaves_what_was_shown(lab, HOME, Point.drawn(dice, RECORDS[HOME]))

    promised = kept_promises(lab)
    assert promised.broken == set()
    assert len(promised.in_ledger) >= 3 * ROUNDS / 2


def assert_leaves_what_was_shown(
    lab: Driven, words: tuple[str, ...], point: Point, regions: tuple[str, ...] = REGIONS, *, left_open: bool = False
) -> None:
    """Look at a move in advance, kill it, bring it to its end, and compare what it changed with what was shown."""
    print(f"{words[0]} is killed at {point}")  # noqa: T201 - shown on failure
    before = snapshot(lab.layout, regions)
    shown = shown_by(lab, words, regions)

    ended = killed_and_taken_up(lab, words, point)

    assert ended.code == (10 if left_open else 0), lab.run("runs", "show", ended.run_id).out
    made = {place: value for place, value in changed(before, snapshot(lab.layout, regions)).items() if is_plain(place)}
    fixed = {place: value for place, value in shown.items() if not isinstance(value, dict)}
    assert made.keys() <= shown.keys()
    # What only the run can know may turn out as it was: the origin of a mirror that was rebuilt once before.
    assert {place: made.get(place) for place in fixed} == fixed
    epochs = {value for (_, field), value in made.items() if field == "metadata.drctl.epoch"}
    assert len(epochs) == 1


def shown_by(lab: Driven, words: tuple[str, ...], regions: tuple[str, ...]) -> Fields:
    """Return each field's last value as a dry run shows it; a value that only the run can know is a dict."""
    dry = lab.run(*words, "--dry-run", "--output", "json")
    assert dry.code == 0, dry.err
    first: Fields = {}
    last: Fields = {}
    for change in (change for step in dry.document["steps"] for change in step["changes"]):
        place = (change["object"], change["field"])
        first.setdefault(place, change["before"])
        last[place] = change["after"]
    elsewhere = tuple(f"{region}/" for region in REGIONS if region not in regions)
    return {
        place: value
        for place, value in last.items()
        if is_plain(place) and not is_same(first[place], value) and not place[0].startswith(elsewhere)
    }


def is_plain(place: tuple[str, str]) -> bool:
    """Say whether a field is of something that stays; a rescue is the run's own, made as a mirror and then sealed."""
    return "/RESCUE_" not in place[0]


def is_same(one: Any, other: Any) -> bool:  # noqa: ANN401 - whatever a vendor's field holds
    """Compare as the vendors do: an empty list is a field that is not there."""
    return one == other or (one in (None, [], False) and other in (None, [], False))
