from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from drctl.lab import faults
from drctl.lab.faults import Fault
from onlab.driving import ACCEPTED, EMERGENCY, Driven, eventually
from onlab.snapshot import changed, snapshot

if TYPE_CHECKING:
    from drctl.lab.truth import Attempt

pytestmark = pytest.mark.lab


def test_an_unreachable_source_without_a_mode_prints_the_whole_emergency_command_and_that_command_works(
    lab: Driven,
) -> None:
    lab.watch()
    lab.order(at_least=10)
    lab.lose_east()

    refused = lab.run("failover")

    assert refused.code == 3
    joined = " ".join(refused.err.split())
    command = 'drctl failover --mode emergency --confirm "shop-lab west"'
    assert f"{command} --accept data-loss --accept source-writers-unknown" in joined

    silent = lab.run("failover", "--mode", "emergency")

    assert silent.code == 5
    assert "--confirm" in silent.err

    done = lab.run(*EMERGENCY, *ACCEPTED, "--output", "json")

    assert done.code == 10, done.err
    assert done.document["pending_fences"] == ["fence_streams:east", "fence_workloads:east"]
    eventually(lambda: _served_by(lab.truth().acknowledged("west")))

    again = lab.run(*EMERGENCY, *ACCEPTED)

    assert again.code == 0
    assert "Nothing to do" in again.out
    assert "fence east" in lab.run("status").out


def test_a_killed_run_is_taken_up_and_each_effect_happens_once(lab: Driven) -> None:
    before = snapshot(lab.layout)
    process = lab.start(*EMERGENCY, "--output", "jsonl")
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)["event"]
        if event["type"] == "item_applied" and event["step_id"].startswith("promote_stream"):
            break
    process.kill()
    process.stdout.close()
    process.wait()

    second = lab.run(*EMERGENCY)
    assert second.code == 3
    assert "drctl resume" in second.err

    run_id = json.loads(lab.run("runs", "list", "--output", "json").out)["runs"][0]["run_id"]
    resumed = lab.run("resume", run_id, "--output", "json")

    assert resumed.code in {0, 6}, resumed.err
    assert lab.run("resume", run_id).code == 3
    made = changed(before, snapshot(lab.layout))
    epochs = {value for (_, field), value in made.items() if field == "metadata.drctl.epoch"}
    assert epochs == {"1"}
    assert made["lab.test/shop.lab.test A", "values"] == ["127.0.0.12"]


def test_a_vendor_that_is_down_pauses_the_run_says_what_is_in_force_and_the_run_is_resumed(lab: Driven) -> None:
    faults.break_(lab.layout, Fault.ERRORS, "route53")
    shown = lab.run("failover", "--mode", "emergency", "--dry-run")
    assert shown.code == 3
    assert "Route 53" in shown.out

    faults.heal(lab.layout, "route53")
    process = lab.start(*EMERGENCY, "--output", "jsonl")
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"]["type"] == "phase_started":
            faults.break_(lab.layout, Fault.ERRORS, "route53")
            break
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait() in {4, 11}, rest

    state = json.loads(lab.run("runs", "list", "--output", "json").out)["runs"][0]
    faults.heal(lab.layout, "route53")
    resumed = lab.run("resume", state["run_id"], "--output", "json")
    assert resumed.code in {0, 6}, resumed.err


def test_a_second_failover_while_one_runs_is_refused_by_the_lock(lab: Driven) -> None:
    process = lab.start(*EMERGENCY, "--output", "jsonl")
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"]["type"] == "phase_started":
            break
    # It holds its lock and goes no further: however slow the second one is, the first has not ended.
    process.send_signal(signal.SIGSTOP)
    try:
        second = lab.run(*EMERGENCY)
    finally:
        process.send_signal(signal.SIGCONT)
        process.stdout.read()
        process.stdout.close()
        ended = process.wait()

    assert second.code == 7
    assert "for run" in second.err
    assert ended in {0, 6}


def _served_by(orders: tuple[Attempt, ...]) -> bool:
    return len(orders) >= 5
