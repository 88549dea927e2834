from __future__ import annotations

import re
from pathlib import Path

import pytest

import drctl
from drctl.render.diagnostics import step_page
from drctl.render.errors import runbook_page
from drctl.steps.catalog import STEP_KINDS

_PACKAGE = Path(drctl.__file__).parent
_RUNBOOKS = Path(__file__).parents[2] / "runbooks"
# A code is a class's own, is given to an error, or is a finding's first word.
_CODES = re.compile(r'(?:^    code = |\bcode=|\bFinding\(\s*)"([a-z]+(?:-[a-z]+)*)"', re.MULTILINE)
_NAMED = re.compile(r'^[A-Z_]+ = "([a-z]+(?:-[a-z]+)+)"', re.MULTILINE)


@pytest.mark.parametrize("kind", STEP_KINDS)
def test_every_step_kind_has_its_part(kind: str) -> None:
    parts = _parts("failover.md") | _parts("failback.md") | _parts("undo.md")

    for what in ("**By hand**", "**Verify**", "**In force afterwards**", "**Can go wrong**"):
        assert what in parts[kind]


@pytest.mark.parametrize("kind", STEP_KINDS)
def test_a_stopped_step_names_the_page_that_has_its_part(kind: str) -> None:
    path, _, part = step_page(kind).partition("#")

    assert part in _parts(Path(path).name)


@pytest.mark.parametrize("code", ["data-loss", "source-writers-unknown", "inventory-missing", "inventory-stale"])
def test_what_a_consent_means_is_said_before_it_is_asked_for(code: str) -> None:
    table = (_RUNBOOKS / "failover.md").read_text().partition("## While it runs")[0]

    assert f"`{code}`" in table


def test_each_moment_has_its_words() -> None:
    told = _parts("communication.md")

    for moment in ("Declared", "Moving", "Moved", "What was lost", "Home again"):
        assert "____" in told[moment]


def test_every_code_has_its_part() -> None:
    told = _parts("errors.md")
    found = {
        code for file in _PACKAGE.rglob("*.py") if "lab" not in file.parts for code in _CODES.findall(file.read_text())
    }
    named = ("fence_streams", "prove_unwritten")
    findings = [code for name in named for code in _NAMED.findall((_PACKAGE / "steps" / f"{name}.py").read_text())]

    assert len(found) > 30
    assert (found | set(findings)) - told.keys() == set()


def test_an_errors_page_is_where_the_error_says() -> None:
    path, _, code = runbook_page("lock-held").partition("#")

    assert (_RUNBOOKS.parent / path).is_file()
    assert code in _parts("errors.md")


def _parts(name: str) -> dict[str, str]:
    text = (_RUNBOOKS / name).read_text()
    return {part.splitlines()[0].strip(): part for part in text.split("\n## ")[1:]}
