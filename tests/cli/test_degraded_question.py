"""A planned run that is degraded asks whether it may go on; only a person who says yes lets it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from drctl.cli.gates import OpenGate
from drctl.cli.options import Output
from drctl.cli.screen import Screen
from drctl.core.item import ItemRef
from drctl.ports.gate import Lame

LAME = Lame(ItemRef("promote_stream:west:streams", "AUDIT"), "refused", ("AUDIT takes no writes in west",))


class Keyboard(io.StringIO):
    """A terminal's input."""

    def isatty(self) -> bool:
        return True


def screen() -> Screen:
    terminal = Console(file=io.StringIO(), width=80, force_terminal=True, no_color=True, highlight=False)
    return Screen(terminal, terminal, Output.TEXT, quiet=False)


@pytest.mark.parametrize(
    ("typed", "goes_on"), [("yes\n", True), ("Y\n", True), ("no\n", False), ("\n", False), ("ok\n", False)]
)
def test_only_yes_is_yes(monkeypatch: pytest.MonkeyPatch, typed: str, *, goes_on: bool) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard(typed))

    assert OpenGate(screen()).goes_on((LAME,)) is goes_on


def test_what_is_wrong_and_what_it_breaks_is_read_before_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, order = screen(), list[str]()
    monkeypatch.setattr("sys.stdin", Keyboard("no\n"))

    OpenGate(shown, lambda: order.append("room was made")).goes_on((LAME,))

    assert isinstance(shown.err.file, io.StringIO)
    said = shown.err.file.getvalue()
    assert said.index("refused") < said.index("AUDIT takes no writes in west") < said.index("yes or no")
    assert order == ["room was made"]


def test_where_nobody_can_be_asked_the_answer_is_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))

    assert not OpenGate(screen()).goes_on((LAME,))
