"""The questions on a real terminal: what the operator sees there, and what the end of the input means."""

from __future__ import annotations

import os
import pty
import shlex
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog

from drctl.cli.main import main
from scenario.stage import GIVEN, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

_CTRL_D = "\x04"
_QUESTION = "run, diff, why, pause or quit?"
_DEAD = "the link is cut, three orders come, and east dies"


class Terminal:
    """One end of a pseudo-terminal, and a person who answers what appears on it, one answer a question."""

    def __init__(self, answers: tuple[tuple[str, str], ...]) -> None:
        self._near, self._far = pty.openpty()
        self._answers = list(answers)
        self._seen = b""
        self._reads = threading.Thread(target=self._answer, daemon=True)

    def run(self, line: str, patch: pytest.MonkeyPatch) -> tuple[int, str]:
        """Run one command here; return its exit code and the screen."""
        keys, screen = os.fdopen(os.dup(self._far), "r"), os.fdopen(os.dup(self._far), "w")
        patch.setattr(sys, "argv", shlex.split(line))
        self._reads.start()
        with keys, screen, patch.context() as only_here:
            only_here.setattr(sys, "stdin", keys)
            only_here.setattr(sys, "stderr", screen)
            with pytest.raises(SystemExit) as ended:
                main()
        os.close(self._far)
        self._reads.join()
        os.close(self._near)
        return int(ended.value.code or 0), self._seen.decode().replace("\r\n", "\n")

    def _answer(self) -> None:
        answered = 0
        while said := self._read():
            self._seen += said
            if self._answers and self._answers[0][0].encode() in self._seen[answered:]:
                answered = len(self._seen)
                os.write(self._near, self._answers.pop(0)[1].encode())

    def _read(self) -> bytes:
        try:
            return os.read(self._near, 4096)
        except OSError:
            # Nobody holds the other end any more.
            return b""


@pytest.fixture
def stage(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    shutil.copy(Path(__file__).parent / "drctl.yaml", tmp_path)
    played = Stage(tmp_path, capsys, monkeypatch)
    GIVEN[_DEAD](played)
    yield played
    structlog.reset_defaults()


def test_the_end_of_the_input_at_a_step_pauses_the_run_and_says_how_to_go_on(stage: Stage) -> None:
    answers = (("Type shop-lab west", "shop-lab west\n"), ("what may be lost", "at least 3 messages\n"))

    terminal = Terminal((*answers, (_QUESTION, _CTRL_D)))
    code, screen = terminal.run("drctl failover --mode emergency --step", stage.patch)

    assert code == 130
    assert _QUESTION in screen
    assert "Aborted" not in screen
    assert screen.rstrip().splitlines()[-1].startswith("drctl resume ")
    assert "paused" in stage.type("drctl runs list")


def test_the_end_of_the_input_at_the_consent_declines_and_writes_nothing(stage: Stage) -> None:
    code, screen = Terminal((("Type shop-lab west", _CTRL_D),)).run(
        "drctl failover --mode emergency --quiet", stage.patch
    )

    assert code == 5
    assert "declined: nothing was written" in screen
    assert not list((stage.folder / "state" / "runs").glob("*"))


def test_however_quiet_what_is_agreed_to_is_on_the_screen(stage: Stage) -> None:
    _, screen = Terminal((("Type shop-lab west", "no\n"),)).run("drctl failover --mode emergency --quiet", stage.patch)

    assert "data-loss (problem)" in screen
    assert "source-writers-unknown (problem)" in screen
    assert screen.index("What is lost") < screen.index("Type shop-lab west")
