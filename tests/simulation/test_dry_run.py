"""What a dry run shows is what the run then changes, no more and no less; and looking changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.core.change import RunMade
from fakes.picture import changes, contents, picture
from simulation.stories import BACK, STORIES, Story

if TYPE_CHECKING:
    from drctl.app.prepare import Prepared
    from drctl.core.change import Value

Shown = dict[tuple[str, str], tuple["Value", "Value"]]

stories = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name.replace(" ", "_"))


def shown(prepared: Prepared) -> Shown:
    """Return what a preview shows for each field, from the first change of it to the last."""
    fields: Shown = {}
    for one in prepared.previews:
        for change in one.diff.changes:
            first = fields.get(change.place, (change.before, change.after))[0]
            fields[change.place] = (first, change.after)
    return {place: both for place, both in fields.items() if not _same(*both)}


def _same(one: Value, other: Value) -> bool:
    """Compare as the vendors do: an empty list is a field that is not there."""
    return one == other or (one in {None, (), False} and other in {None, (), False})


@stories
def test_a_dry_run_predicts_exactly_the_objects_and_fields_that_the_run_then_changes(story: Story) -> None:
    operator = story.begins()
    before = picture(operator.world)
    predicted = shown(operator.prepare(story.intent))

    story.run(operator)

    changed = changes(before, picture(operator.world))
    if story is BACK:
        # The rescue is an object of the run's own: shown as the mirror that it begins as and the seal that it gets.
        changed = {place: both for place, both in changed.items() if "RESCUE" not in place[0]}
        predicted = {place: both for place, both in predicted.items() if "RESCUE" not in place[0]}
    assert predicted.keys() == changed.keys()
    assert {
        place: (both, changed[place])
        for place, both in predicted.items()
        if not _same(both[0], changed[place][0])
        or not (isinstance(both[1], RunMade) or _same(both[1], changed[place][1]))
    } == {}


@stories
def test_what_a_run_made_is_typed_so_and_nothing_else_is(story: Story) -> None:
    made = {
        place[1]
        for place, (_, after) in shown(story.begins().prepare(story.intent)).items()
        if isinstance(after, RunMade)
    }

    assert made <= {
        *(f"metadata.drctl.{key}" for key in ("epoch", "run", "fork_seq", "fork_ts", "origin")),
        *(f"metadata.annotations.drctl.io/{key}" for key in ("epoch", "run", "synced-before", "forced-after")),
        "metadata.annotations.force-sync",
        "opt_start_seq",
        "values",
    }


@stories
def test_a_dry_run_sends_no_write(story: Story) -> None:
    operator = story.begins()
    before, held = picture(operator.world), contents(operator.world)

    operator.prepare(story.intent)

    assert operator.world.calls.writes == []
    assert (picture(operator.world), contents(operator.world)) == (before, held)
    assert operator.world.runs.run_ids() in {(), ("run-0",)}


@stories
def test_two_looks_show_the_same(story: Story) -> None:
    operator = story.begins()

    one, other = operator.prepare(story.intent), operator.prepare(story.intent)

    assert one.plan.digest == other.plan.digest
    assert shown(one) == shown(other)
