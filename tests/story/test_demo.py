from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from drctl.lab import processes
from drctl.lab.layout import CLIENTS, Layout
from onlab.driving import eventually

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab


def test_the_demo_ends_well_only_because_the_clients_agree_and_leaves_nothing_running(tmp_path: Path) -> None:
    root = tmp_path / "demo"

    done = subprocess.run(_demo(root, "--output", "json"), capture_output=True, text=True, check=False, timeout=170)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["failed"] == 0
    assert told["checked"] == len(told["claims"]) >= 9
    for move in ("failover", "failback"):
        ends = {client["client"]: client for client in told["clients"][move]}
        assert set(ends) == set(CLIENTS)
        assert all(end["ended"] and end["after_dns_seconds"] >= 0 and end["failed"] for end in ends.values())
    assert (root / "report.md").exists()
    assert processes.members(Layout.load(root).lab_id) == ()


def test_an_interrupted_demo_leaves_nothing_running(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    process = subprocess.Popen(_demo(root), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    eventually((root / "client-resolving.jsonl").exists)
    lab_id = Layout.load(root).lab_id

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=30) == 130
    assert processes.members(lab_id) == ()


def _demo(root: Path, *more: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "drctl", "lab", "demo", "--root", str(root), *more)
