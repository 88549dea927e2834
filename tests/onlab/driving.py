"""Driving drctl against a lab as a user does: as a process, by its exit code and its output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from drctl.lab import faults, supervisor
from drctl.lab.faults import Fault
from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import OUTSIDE, RESOLVING
from drctl.lab.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drctl.lab.layout import Layout

EMERGENCY = ("failover", "--mode", "emergency", "--confirm", "shop-lab west", "--accept", "data-loss")
ACCEPTED = ("--accept", "source-writers-unknown")
_DEADLINE_SECONDS = 120.0
_RESULT_MAX_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Done:
    """One command that ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What stdout carried as one JSON document."""
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True, slots=True)
class Driven:
    """A lab that runs, and the commands against it."""

    layout: Layout

    def run(self, *words: str, within_seconds: float = _DEADLINE_SECONDS) -> Done:
        """Run one command to its end, which must come in time."""
        done = subprocess.run(
            self.argv(*words),
            env=self.env(),
            capture_output=True,
            text=True,
            check=False,
            timeout=within_seconds,
            stdin=subprocess.DEVNULL,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start one command; its stdout is a pipe."""
        return subprocess.Popen(
            self.argv(*words),
            env=self.env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def argv(self, *words: str) -> tuple[str, ...]:
        """Return the whole command line."""
        return (sys.executable, "-m", "drctl", *words)

    def env(self) -> dict[str, str]:
        """Return the environment: it points drctl at this lab, and lets the lab's end take the process with it."""
        return os.environ | {
            "DRCTL_CONFIG": str(self.layout.config_file),
            "DRCTL_LAB_ID": self.layout.lab_id,
            "NO_COLOR": "1",
        }

    def watch(self) -> None:
        """Start `drctl watch`, and wait for what it recorded of a living source."""
        supervisor.start_beside(
            self.layout, "watch", self.argv("watch", "--quiet", "--config", str(self.layout.config_file))
        )
        eventually(lambda: len(self._samples()) >= 3)

    def order(self, at_least: int) -> None:
        """Start the client that resolves each time, and wait for some acknowledged orders."""
        supervisor.start_client(self.layout)
        eventually(lambda: len(self.truth().acknowledged()) >= at_least)

    def lose_east(self) -> None:
        """Kill east, and wait until `watch` has seen it dark and the public name failing."""
        faults.break_(self.layout, Fault.KILL, "east")
        eventually(self._is_seen_dark)

    def truth(self) -> Truth:
        """Return what that client saw so far."""
        return Truth.read(self.layout.client_record(RESOLVING))

    def writes_at_vendors(self) -> list[str]:
        """Return the requests that could change something, as each simulator logged them for drctl."""
        kube = [
            f"{region}: {entry['method']} {entry['path']}"
            for region in ("east", "west")
            for entry in self._audit(f"kube_{region}")
            if entry["user"] == "drctl" and entry["method"] not in {"GET", "HEAD"}
        ]
        return kube + [
            f"{vendor}: {one['path']}"
            for vendor in ("route53", "cloudflare")
            for one in self._audit(vendor)
            if one["method"] != "GET"
        ]

    def _audit(self, name: str) -> Iterator[dict[str, Any]]:
        yield from self._admin(name).must("GET", "/audit")

    def _admin(self, name: str) -> JsonCaller:
        return JsonCaller(f"http://{OUTSIDE}:{getattr(self.layout.ports, f'admin_{name}')}")

    def _samples(self) -> list[str]:
        file = self.layout.state_dir / "samples.jsonl"
        return file.read_text().splitlines() if file.exists() else []

    def _is_seen_dark(self) -> bool:
        last = json.loads(self._samples()[-1])
        return "east" in dict(last["dark"]) and bool(last["public"]["error"] or last["public"]["status"] >= 500)


def eventually(holds: Callable[[], object], within_seconds: float = _RESULT_MAX_SECONDS) -> None:
    """Wait until something holds, or fail."""
    deadline = time.monotonic() + within_seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not become true"
        Event().wait(0.05)
