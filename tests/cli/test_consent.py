"""Consent: what is typed is what is lost, and whoever types nothing has declined."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from drctl.cli.gates import AskingGate, consent, require_known, require_questions
from drctl.cli.options import Output
from drctl.cli.screen import Screen
from drctl.core.change import Diff
from drctl.core.errors import ConfigError, ConsentMissingError, ExitCode
from drctl.core.loss import Loss, LossState, stated_loss
from drctl.ports.gate import Answer, Question
from fakes.operator import EMERGENCY, PLANNED
from fakes.shop import watch
from simulation.stories import DEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.app.prepare import Prepared

TITLE = "shop-lab west"


class _Typed(io.StringIO):
    """What an operator types at a terminal."""

    def isatty(self) -> bool:
        return True


def _screen(*, terminal: bool = True) -> Screen:
    console = Console(file=io.StringIO(), width=80, force_terminal=terminal, no_color=True, highlight=False)
    return Screen(console, console, Output.TEXT, quiet=False)


def _said(screen: Screen) -> str:
    assert isinstance(screen.err.file, io.StringIO)
    return screen.err.file.getvalue()


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the operator have typed some lines; behind them comes Ctrl-D."""
    return lambda text: monkeypatch.setattr("sys.stdin", _Typed(text))


@pytest.fixture
def dead() -> Prepared:
    """What is shown when east is dead, with three orders that never crossed."""
    return DEAD.begins().prepare(EMERGENCY)


def test_with_possible_loss_the_stated_loss_is_typed_too(types: Callable[[str], None], dead: Prepared) -> None:
    types(f"{TITLE}\nat least 3 messages\n")
    screen = _screen()

    agreed = consent(dead, screen, "", ())

    assert agreed.how == "typed"
    assert agreed.accepted == ("data-loss", "source-writers-unknown")
    assert "at least 3 messages" in _said(screen)


@pytest.mark.parametrize(
    "typed", ["", "\n", f"{TITLE}\n", f"{TITLE}\nyes\n", f"{TITLE}\n3\n", "shop-lab east\nat least 3 messages\n"]
)
def test_whoever_types_less_than_that_has_declined(types: Callable[[str], None], dead: Prepared, typed: str) -> None:
    types(typed)

    with pytest.raises(ConsentMissingError) as declined:
        consent(dead, _screen(), "", ())

    assert declined.value.exit_code is ExitCode.CONSENT_MISSING
    assert "declined" in declined.value.message


def test_a_planned_move_asks_for_its_name_alone(types: Callable[[str], None]) -> None:
    types(f"{TITLE}\n")
    operator = DEAD.begins()
    operator.world.bring_back("east")
    operator.world.heal_link()
    watch(operator.world, operator.topology, 2)

    assert consent(operator.prepare(PLANNED), _screen(), "", ()).how == "typed"


def test_a_loss_is_stated_as_well_as_it_is_known() -> None:
    bounded = Loss("ORDERS", LossState.BOUNDED, 2.5, 60, None, "")
    exact = Loss("KV", LossState.MEASURED, 0.0, 1, 1, "")
    nobody_knows = Loss("AUDIT", LossState.UNKNOWN, None, None, None, "")

    assert stated_loss((bounded, exact)) == "at least 61 messages"
    assert stated_loss((exact,)) == "1 message"
    assert stated_loss((bounded, nobody_knows)) == "unknown"
    assert stated_loss(()) == "unknown"


def test_a_code_that_no_finding_has_is_not_taken_for_an_accepted_risk(dead: Prepared) -> None:
    with pytest.raises(ConfigError, match="data-los") as refused:
        require_known(dead, ("source-writers-unknown", "data-los"))

    assert refused.value.exit_code is ExitCode.USAGE
    assert "data-loss" in refused.value.remedy
    require_known(dead, ("data-loss", "inventory-stale"))


def test_the_end_of_the_input_pauses_at_a_question(types: Callable[[str], None]) -> None:
    types("")

    assert AskingGate(_screen()).allows(Question("smoke:west", "Smoke", Diff(()), "")) is Answer.PAUSE


def test_questions_need_a_terminal() -> None:
    require_questions(_screen(terminal=False), step=False)

    with pytest.raises(ConsentMissingError, match="--step") as refused:
        require_questions(_screen(terminal=False), step=True)

    assert refused.value.exit_code is ExitCode.CONSENT_MISSING
