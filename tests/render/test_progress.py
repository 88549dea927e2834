"""Who watches a run: on a terminal, in a log, and when nobody reads any more."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from drctl.core.change import Change, Diff
from drctl.core.events import Event, RunStarted, StepChecked, StepEnded, StepOutcome
from drctl.core.finding import Finding
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.verdict import Health, Verdict
from drctl.ports.journal import Record
from drctl.render.jsonlines import JsonLines
from drctl.render.observer import LiveSteps, PlainLines
from simulation.stories import DEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
WAITS = Verdict(Health.PROGRESSING, "api: 1 of 2 ready")


class Deaf(io.StringIO):
    """A pipe whose reader went away."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def record(event: Event, seq: int = 1) -> Record:
    return Record(seq, NOW + timedelta(seconds=seq), event)


def plain(text: io.StringIO) -> PlainLines:
    return PlainLines(Console(file=text, width=80), None, lambda: NOW)


@pytest.fixture
def records() -> tuple[Record, ...]:
    operator = DEAD.begins()
    DEAD.run(operator)
    return operator.world.runs.read("run-1")


def test_a_wait_is_told_when_it_changes_and_every_ten_seconds() -> None:
    text = io.StringIO()
    lines = plain(text)

    for second in range(25):
        lines.waiting("await_workloads:west", WAITS, timedelta(seconds=second))
    lines.waiting("await_workloads:west", Verdict(Health.PROGRESSING, "api: 2 of 2 ready"), timedelta(seconds=25))

    assert text.getvalue().splitlines() == [
        "03:00:00.0Z await_workloads:west waits (0 s): api: 1 of 2 ready",
        "03:00:00.0Z await_workloads:west waits (10 s): api: 1 of 2 ready",
        "03:00:00.0Z await_workloads:west waits (20 s): api: 1 of 2 ready",
        "03:00:00.0Z await_workloads:west waits (25 s): api: 2 of 2 ready",
    ]


def test_a_fence_is_told_by_the_region_that_is_fenced() -> None:
    text = io.StringIO()
    intent = Intent(Operation.FENCE, Mode.EMERGENCY, "west", "east")

    plain(text).recorded(record(RunStarted("run-1", intent, "digest", "ann@desk", "0.1.0")))

    assert text.getvalue() == "03:00:01.0Z run run-1: fence east\n"


def test_what_stands_in_a_steps_way_is_not_called_nothing_to_change() -> None:
    text = io.StringIO()
    found = Finding("stream-fenced", "ORDERS is fenced", "See who did it.")
    change = Change("ORDERS", "west/stream/ORDERS", "mirror", "ORDERS", None)

    for seq, event in enumerate((StepChecked("a", Diff(()), (found,)), StepChecked("b", Diff((change,)), ()))):
        plain(text).recorded(record(event, seq))
    plain(text).recorded(record(StepChecked("c", Diff(()), ()), 2))

    assert [line.partition(" ")[2] for line in text.getvalue().splitlines()] == [
        "a: in its way: stream-fenced",
        "b: 1 field to change",
        "c: nothing to change",
    ]


@pytest.mark.parametrize("stream", [Deaf()])
def test_a_reader_that_went_away_stops_nothing(stream: io.StringIO, records: tuple[Record, ...]) -> None:
    plain_lines, json_lines = plain(stream), JsonLines(stream, lambda _record: "{}")

    for line in records:
        plain_lines.recorded(line)
        json_lines.recorded(line)
    plain_lines.waiting("smoke:west", WAITS, timedelta(0))


def test_each_record_is_one_line_as_it_was_encoded(records: tuple[Record, ...]) -> None:
    text = io.StringIO()
    lines = JsonLines(text, lambda line: f'{{"seq": {line.seq}}}\n'.encode())

    for line in records:
        lines.recorded(line)
    lines.waiting("smoke:west", WAITS, timedelta(0))

    assert text.getvalue().splitlines() == [f'{{"seq": {line.seq}}}' for line in records]


def test_on_a_low_terminal_what_has_ended_well_is_folded(records: tuple[Record, ...]) -> None:
    pictures = [live.picture().plain for live in pictured(records, height=16)]

    assert all(len(picture.splitlines()) <= 22 for picture in pictures)
    assert "promote: 3 done" in pictures[-1]
    assert "settle" in pictures[-1]


def test_a_step_that_waits_says_for_what_and_how_long() -> None:
    operator = DEAD.begins()
    plan = operator.prepare().plan
    live = LiveSteps(low_console(40), plan, lambda: NOW + timedelta(seconds=31))
    live.recorded(record(StepChecked("await_workloads:west", Diff(()), ())))
    live.waiting("await_workloads:west", WAITS, timedelta(seconds=30))
    live.close()

    line = next(line for line in live.picture().plain.splitlines() if "Wait for" in line)

    assert line == "  waiting     30.0 s  Wait for 1 workloads in west: api: 1 of 2 ready"


def test_no_line_is_wider_than_the_terminal(records: tuple[Record, ...]) -> None:
    for live in pictured(records, height=50):
        assert max(map(len, live.picture().plain.splitlines())) <= 80


def test_a_state_is_told_by_a_word_and_not_by_colour_alone(records: tuple[Record, ...]) -> None:
    *_, live = pictured(records, height=60)

    lines = [line for line in live.picture().plain.splitlines() if line.startswith("  ")]

    assert lines
    assert {line.split()[0] for line in lines} <= {"done", "open", "looked", "writing", "waiting", "to"}


def test_an_unplanned_step_is_shown_too() -> None:
    live = LiveSteps(low_console(40), None, lambda: NOW)
    live.recorded(record(StepEnded("smoke:west", StepOutcome.FAILED, "HTTP 503")))
    live.close()

    assert "failed       0.0 s  smoke:west: HTTP 503" in live.picture().plain


def low_console(height: int) -> Console:
    return Console(file=io.StringIO(), width=80, height=height, no_color=True, force_terminal=True)


def pictured(records: tuple[Record, ...], height: int) -> Iterator[LiveSteps]:
    """Yield the live list after each record."""
    plan = DEAD.begins().prepare().plan
    live = LiveSteps(low_console(height), plan, lambda: records[-1].at)
    for line in records:
        live.recorded(line)
        yield live
    live.close()
