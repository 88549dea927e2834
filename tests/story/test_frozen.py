"""A region that is frozen: its connections stay, and nothing answers. A command that waits for it must still end."""

from __future__ import annotations

import json

import pytest

from drctl.lab import faults
from drctl.lab.faults import Fault
from onlab.driving import EMERGENCY, Driven

pytestmark = pytest.mark.lab

# A guard against hanging for ever, and no promise of how fast it is: both take seconds.
_ENDS_WITHIN_SECONDS = 60.0


def test_a_status_ends_though_a_region_is_frozen(lab: Driven) -> None:
    faults.break_(lab.layout, Fault.FREEZE, "east")

    seen = lab.run("status", "--output", "json", within_seconds=_ENDS_WITHIN_SECONDS)

    assert seen.code == 0
    assert seen.err == ""
    assert seen.document["regions"][0]["role"] == "unknown"


def test_a_paused_run_ends_though_the_region_that_it_goes_to_is_frozen(lab: Driven) -> None:
    run = lab.start(*EMERGENCY, "--output", "jsonl")
    assert run.stdout is not None
    for line in run.stdout:
        if json.loads(line)["event"]["type"] == "phase_started":
            faults.break_(lab.layout, Fault.FREEZE, "west")
            break

    assert any(json.loads(line)["event"]["type"] == "run_paused" for line in run.stdout)

    assert run.wait(_ENDS_WITHIN_SECONDS) in {4, 11}
    run.stdout.close()
