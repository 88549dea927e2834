"""A dry run on the lab predicts what the run then changes: every object and field, no more and no fewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drctl.lab import faults
from onlab.driving import ACCEPTED, EMERGENCY, Driven
from onlab.snapshot import Fields, changed, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.lab

PLANNED = ("failover", "--confirm", "shop-lab west")
HOME = ("failback", "--confirm", "shop-lab east")


def test_an_emergency_is_predicted_exactly(lab: Driven) -> None:
    assert_exact(lab, EMERGENCY, allowed={0, 6})


def test_a_planned_move_and_the_way_home_are_predicted_exactly(lab: Driven) -> None:
    lab.watch()
    assert_exact(lab, PLANNED, allowed={0})
    assert_exact(lab, HOME, allowed={0})


def test_the_way_home_after_an_outage_is_predicted_exactly(lab: Driven) -> None:
    lab.watch()
    lab.order(at_least=3)
    lab.lose_east()
    lost = lab.run(*EMERGENCY, *ACCEPTED)
    assert lost.code in {0, 6, 10}, lost.err
    faults.heal(lab.layout, "east")

    assert_exact(lab, HOME, allowed={0})


def assert_exact(lab: Driven, command: tuple[str, ...], allowed: set[int]) -> None:
    """Preview a move, run it, and compare the worlds, read by other means than drctl's."""
    before = snapshot(lab.layout)
    written = lab.writes_at_vendors()
    dry = lab.run(*command, "--dry-run", "--output", "json")

    assert dry.code == 0, dry.err
    assert lab.writes_at_vendors() == written
    assert snapshot(lab.layout) == before
    predicted = list(_changes(dry.document))

    run = lab.run(*command, "--output", "json")

    assert run.code in allowed, run.err
    made = changed(before, snapshot(lab.layout))
    told = _net(before, predicted)
    assert made.keys() == told.keys()
    fixed = {place: value for place, value in told.items() if not isinstance(value, dict)}
    assert {place: made[place] for place in fixed} == fixed
    assert len(lab.writes_at_vendors()) > len(written)


def _changes(document: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for step in document["steps"]:
        yield from step["changes"]


def _net(before: Fields, predicted: Iterable[dict[str, Any]]) -> Fields:
    """Return what is other in the end: a later step may write the same field again, or put it back.

    A value that only the run can know is a dict of its name.
    """
    last = {(one["object"], one["field"]): one["after"] for one in predicted}
    return {place: value for place, value in last.items() if isinstance(value, dict) or value != before.get(place)}
