"""Ending what belongs to a lab, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from drctl.lab import processes, supervisor
from drctl.lab.errors import LabError
from drctl.lab.layout import RESOLVING, Layout
from drctl.lab.processes import LAB_ID, Component

if TYPE_CHECKING:
    from pathlib import Path

    from lab.world.conftest import Eventually

_SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
_DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
)
_PARENT_OF_AN_ORPHAN = (
    sys.executable,
    "-c",
    "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])",
)


def test_stop_ends_this_lab_and_no_other(tmp_path: Path, layout: Layout) -> None:
    (tmp_path / "other").mkdir()
    other = Layout.make(tmp_path / "other")
    other.save()
    processes.spawn(layout, Component("sleeper", _SLEEPER))
    spared = processes.spawn(other, Component("sleeper", _SLEEPER))

    supervisor.stop(layout.root)

    assert processes.members(layout.lab_id) == ()
    assert [member.pid for member in processes.members(other.lab_id)] == [spared.pid]
    supervisor.stop(other.root)
    assert processes.members(other.lab_id) == ()


def test_stop_finds_what_a_dead_parent_left_behind(layout: Layout, eventually: Eventually) -> None:
    parent = processes.spawn(layout, Component("parent", _PARENT_OF_AN_ORPHAN))
    eventually(lambda: parent.pid not in {member.pid for member in processes.members(layout.lab_id)})
    assert len(processes.members(layout.lab_id)) == 1

    supervisor.stop(layout.root)

    assert processes.members(layout.lab_id) == ()


def test_stop_ends_what_does_not_listen_and_what_is_frozen(layout: Layout, eventually: Eventually) -> None:
    processes.spawn(layout, Component("deaf", _DEAF))
    processes.spawn(layout, Component("frozen", _SLEEPER, "west"))
    eventually(lambda: "deaf" in processes.log_tail(layout, "deaf"))
    supervisor.freeze(layout, "west")

    supervisor.stop(layout.root)

    assert processes.members(layout.lab_id) == ()


def test_stop_is_fine_twice_and_where_no_lab_is(tmp_path: Path, layout: Layout) -> None:
    (tmp_path / "empty").mkdir()

    supervisor.stop(layout.root)
    supervisor.stop(layout.root)
    supervisor.stop(tmp_path / "empty")


def test_a_process_is_written_down_as_soon_as_it_is_started(layout: Layout) -> None:
    started = processes.spawn(layout, Component("sleeper", _SLEEPER, "east"))

    register = json.loads((layout.root / "processes.json").read_text())
    assert register == [{"component": "sleeper", "pid": started.pid, "region": "east"}]


def test_a_recorded_pid_that_is_somebody_elses_by_now_is_left_alone(layout: Layout) -> None:
    with subprocess.Popen(_SLEEPER) as stranger:
        record = [{"component": "sleeper", "pid": stranger.pid, "region": ""}]
        (layout.root / "processes.json").write_text(json.dumps(record))

        supervisor.stop(layout.root)

        assert stranger.poll() is None
        stranger.kill()


def test_killing_a_region_spares_the_other_and_what_is_outside(layout: Layout) -> None:
    for name, region in (("nats-east", "east"), ("nats-west", "west"), ("link", "")):
        processes.spawn(layout, Component(name, _SLEEPER, region))

    processes.kill_members(layout.lab_id, "east")

    alive = {part.name: part.alive for part in supervisor.status(layout)}
    assert alive == {"nats-east": False, "nats-west": True, "link": True}


def test_a_frozen_region_is_there_and_runs_on_when_thawed(layout: Layout, eventually: Eventually) -> None:
    processes.spawn(layout, Component("nats-east", _SLEEPER, "east"))

    supervisor.freeze(layout, "east")
    (frozen,) = supervisor.status(layout)
    supervisor.thaw(layout, "east")

    assert frozen.alive
    assert frozen.frozen
    eventually(lambda: not supervisor.status(layout)[0].frozen)


def test_pods_are_shown_beside_the_components(layout: Layout) -> None:
    environment = os.environ | {LAB_ID: layout.lab_id, "REGION": "east", "POD_NAME": "api-1"}
    with subprocess.Popen(_SLEEPER, env=environment) as pod:
        shown = supervisor.status(layout)
        pod.kill()

    assert [(part.name, part.region, part.pid) for part in shown] == [("pod/api-1", "east", pod.pid)]


def test_a_signal_to_a_part_that_is_gone_is_refused(layout: Layout) -> None:
    with pytest.raises(LabError, match="nats-east is not running"):
        processes.signal_component(layout, "nats-east", signal.SIGHUP)


def test_a_lab_is_not_laid_out_over_a_running_one(layout: Layout) -> None:
    processes.spawn(layout, Component("sleeper", _SLEEPER))

    with pytest.raises(LabError, match="a lab is running"):
        supervisor.prepare(layout.root)


def test_what_an_earlier_lab_left_is_removed_and_nothing_else(layout: Layout) -> None:
    record = layout.client_record(RESOLVING)
    record.write_text("{}\n")
    (layout.root / "mine.txt").write_text("mine")

    fresh = supervisor.prepare(layout.root)

    assert fresh.lab_id != layout.lab_id
    assert not record.exists()
    assert (layout.root / "mine.txt").exists()


def test_a_part_that_dies_while_starting_is_named_with_the_end_of_its_log(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Component("nats-east", (sys.executable, "-c", "raise SystemExit('no such disk')"), "east")
    monkeypatch.setattr("drctl.lab.startup.foundation", lambda _: (broken,))

    with pytest.raises(LabError, match="no such disk"):
        supervisor.start(layout, timeout_seconds=2)

    assert processes.members(layout.lab_id) == ()
