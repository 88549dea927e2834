from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from onlab.driving import EMERGENCY, Driven
from onlab.snapshot import Fields, changed, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.lab


def test_a_dry_run_predicts_exactly_what_the_run_changes_and_writes_nothing(lab: Driven) -> None:
    before = snapshot(lab.layout)
    written = lab.writes_at_vendors()

    dry = lab.run("failover", "--mode", "emergency", "--dry-run", "--output", "json")

    assert dry.code == 0, dry.err
    assert lab.writes_at_vendors() == written
    assert snapshot(lab.layout) == before
    predicted = list(_changes(dry.document))

    run = lab.run(*EMERGENCY, "--output", "json")

    assert run.code in {0, 6}, run.err
    made = changed(before, snapshot(lab.layout))
    assert made.keys() == {(one["object"], one["field"]) for one in predicted}
    assert {place: made[place] for place in _fixed(predicted)} == _fixed(predicted)
    assert len(lab.writes_at_vendors()) > len(written)


def _changes(document: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for step in document["steps"]:
        yield from step["changes"]


def _fixed(predicted: Iterable[dict[str, Any]]) -> Fields:
    """Return the predicted values, without those that only the run itself can know."""
    return {(one["object"], one["field"]): one["after"] for one in predicted if not isinstance(one["after"], dict)}
