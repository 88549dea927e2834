"""`--step`: what is asked before each step stays on the screen, and no answer skips anything."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from drctl.cli.gates import AskingGate
from drctl.cli.options import Output
from drctl.cli.running import observers_of
from drctl.cli.screen import Screen
from drctl.core.change import Change, Diff
from drctl.ports.gate import Answer, Question
from drctl.render.observer import LiveSteps, PlainLines
from fakes.operator import EMERGENCY
from simulation.stories import DEAD

if TYPE_CHECKING:
    from collections.abc import Callable


def _screen() -> Screen:
    terminal = Console(file=io.StringIO(), width=80, height=40, force_terminal=True, no_color=True, highlight=False)
    return Screen(terminal, terminal, Output.TEXT, quiet=False)


def _said(screen: Screen) -> str:
    assert isinstance(screen.err.file, io.StringIO)
    return screen.err.file.getvalue()


def _question(fields: int) -> Question:
    changes = tuple(Change(f"S{number}", f"west/stream/S{number}", "subjects", "", "s.>") for number in range(fields))
    return Question("promote_stream:west:streams", "Promote streams", Diff(changes), "A mirror takes no writes.")


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the operator have typed some lines."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.mark.parametrize(
    ("typed", "answer"), [("run\n", Answer.RUN), ("r\n", Answer.RUN), ("p\n", Answer.PAUSE), ("quit\n", Answer.QUIT)]
)
def test_an_answer_may_be_short(types: Callable[[str], None], typed: str, answer: Answer) -> None:
    types(typed)

    assert AskingGate(_screen()).allows(_question(1)) is answer


def test_neither_silence_nor_nonsense_is_an_answer(types: Callable[[str], None]) -> None:
    types("\nskip\nyes\nrun\n")
    screen = _screen()

    assert AskingGate(screen).allows(_question(1)) is Answer.RUN
    assert _said(screen).count("run, diff, why, pause or quit?") == 4


def test_many_fields_are_cut_until_all_are_asked_for(types: Callable[[str], None]) -> None:
    screen = _screen()
    types("run\n")
    AskingGate(screen).allows(_question(30))
    assert "S29" not in _said(screen)
    assert "and 18 more" in _said(screen)

    types("diff\nrun\n")
    AskingGate(screen).allows(_question(30))

    assert "S29" in _said(screen)


def test_why_tells_what_the_step_is_there_for(types: Callable[[str], None]) -> None:
    screen = _screen()
    types("why\npause\n")

    assert AskingGate(screen).allows(_question(1)) is Answer.PAUSE
    assert "A mirror takes no writes." in _said(screen)


def test_no_list_that_draws_itself_anew_runs_where_questions_are_asked() -> None:
    plan = DEAD.begins().prepare(EMERGENCY).plan

    asking = observers_of(_screen(), plan, journal_line=str, ask=True)
    free = observers_of(_screen(), plan, journal_line=str, ask=False)

    assert isinstance(asking.live, PlainLines)
    assert isinstance(free.live, LiveSteps)
