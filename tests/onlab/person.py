"""Somebody who has drctl's printed runbook and a shell, and neither drctl nor anything that it knows.

They work from top to bottom. A line that only looks they run again until it shows what the page says that they are
to see; what the page says only by numbers (a sequence that another one reaches) they compare themselves.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

STAND_INS = Path(__file__).parents[1] / "tools"
# Beside kubectl, aws, curl and nats: a shell, what POSIX has with it, and the Python that drctl ran on.
_VENDORS = ("kubectl", "aws")
_SYSTEM = ("curl", "sh", "cat", "cut", "date", "env", "grep")
_PATIENCE_SECONDS = 30.0
_STEP = re.compile(r"^`(?P<id>[^`]+)`, give it ")
_COMMAND = re.compile(r"^\d+\. \*\*(?P<verb>Do|Look):\*\* (?P<does>.*)$")
_NO_SUCH_STREAM = 10059


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One command of the page, and the words above it."""

    does: str
    line: str
    writes: bool


@dataclass(frozen=True, slots=True)
class PrintedStep:
    """One step of the page."""

    id: str
    lines: tuple[PrintedLine, ...]

    @property
    def kind(self) -> str:
        return self.id.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a line came to."""

    line: PrintedLine
    began: datetime
    code: int
    out: str
    err: str


def printed_steps(page: str) -> tuple[PrintedStep, ...]:
    """Return the steps of a runbook as they stand on the page."""
    steps: list[PrintedStep] = []
    verb = does = ""
    rest = iter(page.splitlines())
    for text in rest:
        if found := _STEP.match(text):
            steps.append(PrintedStep(found["id"], ()))
        elif found := _COMMAND.match(text):
            verb, does = found["verb"], found["does"]
        elif text.strip() == "```sh":
            line = PrintedLine(does, "\n".join(_block(rest)), verb == "Do")
            steps[-1] = PrintedStep(steps[-1].id, (*steps[-1].lines, line))
    return tuple(steps)


def _block(rest: Iterator[str]) -> Iterator[str]:
    for text in rest:
        if text.strip() == "```":
            return
        yield text.strip()


def tools(folder: Path) -> Path:
    """Return a folder that is all of a person's PATH."""
    folder.mkdir()
    beside = Path(sys.executable).parent
    for name in _VENDORS:
        (folder / name).symlink_to(beside / name)
    for name in _SYSTEM:
        where = shutil.which(name)
        assert where, f"{name} is not installed"
        (folder / name).symlink_to(where)
    (folder / "python3").symlink_to(sys.executable)
    (folder / "nats").symlink_to(STAND_INS / "nats")
    return folder


@dataclass
class Person:
    """One person at one shell. `ran` is everything that they ran, in order."""

    path: Path
    ran: list[Ran] = field(default_factory=list)

    def work(self, page: str, before: Mapping[str, Callable[[], object]], gone: frozenset[str] = frozenset()) -> None:
        """Do every step of a page; those of a region that is gone the page says to pass over.

        `before` says what somebody else does when the person comes to a step.
        """
        for step in printed_steps(page):
            before.get(step.id, lambda: None)()
            if step.id in gone:
                assert all(self._run(line).code != 0 for line in step.lines), step.id
                continue
            self._do(step)

    def _do(self, step: PrintedStep) -> None:
        for line in step.lines:
            done = self._run(line) if line.writes else self._until_it_runs(line)
            assert done.code == 0, (step.id, done)
            assert refusal(done) is None, (step.id, done)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._is_seen(step):
            assert time.monotonic() < deadline, (step.id, [one.out for one in self.ran[-len(step.lines) :]])
            Event().wait(0.3)
            for line in step.lines:
                if not line.writes:
                    self._run(line)

    def _until_it_runs(self, line: PrintedLine) -> Ran:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (done := self._run(line)).code != 0 and time.monotonic() < deadline:
            Event().wait(0.3)
        return done

    def _run(self, line: PrintedLine) -> Ran:
        began = datetime.now(UTC)
        argv = [str(self.path / "sh"), "-c", line.line]
        environment = {"PATH": str(self.path), "HOME": "/nonexistent", "NO_PROXY": "*"}
        done = subprocess.run(
            argv, capture_output=True, text=True, env=environment, timeout=60, check=False, stdin=subprocess.DEVNULL
        )
        self.ran.append(Ran(line, began, done.returncode, done.stdout, done.stderr))
        return self.ran[-1]

    def _is_seen(self, step: PrintedStep) -> bool:
        newest = {one.line: one for one in self.ran if one.line in step.lines}
        return _SEEN[step.kind]([newest[line] for line in step.lines])


def refusal(done: Ran) -> object:
    """Return the error that an answer carries although the command ended well, but for a stream that is not there."""
    try:
        error = json.loads(done.out).get("error")
    except (ValueError, AttributeError):
        return None
    return None if error is None or error.get("err_code") == _NO_SUCH_STREAM else error


def _infos(ran: list[Ran]) -> list[dict[str, Any]]:
    return [json.loads(one.out) for one in ran if not one.line.writes]


def _one_sequence(ran: list[Ran]) -> bool:
    """Say whether each stream's second reading has reached the first one."""
    ends = defaultdict(list)
    for info in _infos(ran):
        ends[info["config"]["name"]].append(info["state"]["last_seq"])
    return all(len(seqs) == 2 and seqs[1] >= seqs[0] for seqs in ends.values())


def _tails_kept(ran: list[Ran]) -> bool:
    """Say whether each rescue has reached the stream that was looked at right before it."""
    infos = _infos(ran)
    return all(
        "error" in kept or kept["state"]["last_seq"] == left["state"]["last_seq"]
        for left, kept in zip(infos[::2], infos[1::2], strict=True)
    )


def _synced(ran: list[Ran]) -> bool:
    """Say whether each secret is ready, and refreshed since it was forced."""
    pairs = zip(ran[::2], ran[1::2], strict=True)
    return all(
        '"SecretSynced"' in looked.out
        and datetime.fromisoformat(looked.out.split()[0]) >= forced.began.replace(microsecond=0)
        for forced, looked in pairs
    )


def _answered(ran: list[Ran]) -> bool:
    """Say whether each probe got the status, or the header, that its words say."""
    for one in ran:
        _, _, expected = one.line.does.partition("expect ")
        status = re.match(r"(\d+)", expected)
        first, _, rest = one.out.partition("\n")
        if status and first.split()[1] != status[1]:
            return False
        if not status and expected.strip("`").lower() not in rest.lower():
            return False
    return True


def _scaled(ran: list[Ran]) -> bool:
    return all(f"--replicas={shown.out.strip()}" in do.line.line for do, shown in zip(ran[::2], ran[1::2], strict=True))


def _fenced(ran: list[Ran]) -> bool:
    return all(
        "error" in info or "mirror" in info["config"] or info["config"]["subjects"][0].startswith("_drctl.fenced.")
        for info in _infos(ran)
    )


_SEEN: dict[str, Callable[[list[Ran]], bool]] = {
    "fence_streams": _fenced,
    "fence_workloads": _scaled,
    "resync_secret": _synced,
    "scale_workload": _scaled,
    "await_workloads": lambda ran: all(one.code == 0 for one in ran),
    "drain_streams": _one_sequence,
    "freeze_point": lambda ran: all("state" in info for info in _infos(ran)),
    "promote_stream": lambda ran: all("mirror" not in info["config"] for info in _infos(ran)),
    "carry_consumers": lambda ran: all("error" not in info for info in _infos(ran)),
    "smoke": _answered,
    "switch_dns": lambda ran: all(one.code == 0 for one in ran),
    "settle": _answered,
    "await_link": lambda ran: all("error" not in info for info in _infos(ran)),
    "rescue_tail": _tails_kept,
    "seal_tail": lambda ran: all("error" in info or info["config"]["sealed"] for info in _infos(ran)),
    "rebuild_mirror": lambda ran: all("mirror" in info["config"] for info in _infos(ran)),
    "await_sync": _one_sequence,
}
