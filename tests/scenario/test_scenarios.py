"""Stories at the command line, as text: what happens, what is typed, what is then read and returned.

A file's paragraphs are ended by `====`. Each has lines `given ...`, one line `$ drctl ...`, then `----` and all
that the command says. DRCTL_UPDATE_GOLDEN=1 writes what it says now; the difference is for a reviewer to read.
"""

from __future__ import annotations

import difflib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog

from scenario.stage import GIVEN, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent
_FILES = sorted(_HERE.glob("*.txt"))
_GIVEN, _TYPED, _SAYS, _END = "given ", "$ ", "----\n", "====\n"


@pytest.fixture
def stage(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    shutil.copy(_HERE / "drctl.yaml", tmp_path)
    yield Stage(tmp_path, capsys, monkeypatch)
    # A command's log goes to the stderr that it had.
    structlog.reset_defaults()


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_a_story_reads_as_it_was_looked_at(file: Path, stage: Stage) -> None:
    told = file.read_text()

    played = _play(told, stage)

    if os.environ.get("DRCTL_UPDATE_GOLDEN") == "1":
        file.write_text(played)
        return
    other = difflib.unified_diff(
        told.splitlines(), played.splitlines(), "as it was read", "as it goes now", lineterm=""
    )
    assert played == told, "\n".join([*other, "DRCTL_UPDATE_GOLDEN=1 keeps it, once you have read it"])


@pytest.mark.parametrize("command", ["status", "verify", "failover --dry-run"])
def test_json_lines_are_one_document_a_line(command: str, stage: Stage) -> None:
    said = stage.type(f"drctl {command} --output jsonl")

    (line,) = said.partition("\n")[2].partition("stderr:\n")[0].splitlines()

    assert json.loads(line)["schema"].startswith("drctl.")


def test_every_thing_that_can_happen_happens_in_some_story() -> None:
    told = {
        line.removeprefix(_GIVEN)
        for file in _FILES
        for line in file.read_text().splitlines()
        if line.startswith(_GIVEN)
    }

    assert told == set(GIVEN)


def _play(told: str, stage: Stage) -> str:
    return "".join(f"{_paragraph(part, stage)}{_END}" for part in told.split(_END) if part.strip())


def _paragraph(part: str, stage: Stage) -> str:
    words, _, _ = part.partition(_SAYS)
    says = ""
    for line in words.splitlines():
        if line.startswith(_GIVEN):
            stage.given(line.removeprefix(_GIVEN))
        elif line.startswith(_TYPED):
            says = f"{_SAYS}{stage.type(line.removeprefix(_TYPED))}"
    return words + says
