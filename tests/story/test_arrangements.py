"""The trap of two equal sites, told by the commands: seen before the day comes, and on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import ExitCode
from drctl.lab import faults, supervisor
from drctl.lab.arrangement import Joined
from drctl.lab.faults import Fault
from onlab.driving import EMERGENCY, Driven, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.lab, pytest.mark.long]


@pytest.fixture
def trapped(tmp_path: Path) -> Iterator[Driven]:
    """A lab whose regions are two equal sites of one super-cluster, east active."""
    layout = supervisor.prepare(tmp_path / "lab", Joined.TWO_SITE)
    supervisor.start(layout)
    yield Driven(layout)
    supervisor.stop(layout.root)


def test_two_equal_sites_are_called_unpromotable_before_the_day_comes_and_no_run_starts_on_it(trapped: Driven) -> None:
    before = trapped.run("verify")

    assert before.code == ExitCode.BLOCKED, before.out + before.err
    assert "unpromotable" in before.out
    assert "JetStream domain" in before.out
    assert "$JS.API.META.RESCUE" in before.out
    by_plan = trapped.run("failover", "--dry-run")
    assert by_plan.code == ExitCode.BLOCKED
    assert "one-meta-group" in by_plan.out + by_plan.err

    faults.break_(trapped.layout, Fault.KILL, "east")
    # For some seconds the survivor goes on naming the dead leader, and only times out.
    eventually(lambda: "unpromotable" in _said(trapped, *EMERGENCY), within_seconds=60)
    assert trapped.run(*EMERGENCY).code == ExitCode.BLOCKED
    assert "unpromotable" in trapped.run("verify").out


def _said(lab: Driven, *words: str) -> str:
    done = lab.run(*words)
    return done.out + done.err
