"""The processes of one lab: started with its id, written down at once, found and ended by that id and nothing else."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drctl.lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.lab.layout import Layout

LAB_ID = "DRCTL_LAB_ID"
REGION = "REGION"
POD_NAME = "POD_NAME"

_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.02
_LOG_TAIL_LINES = 15

_EXEC_LOOKS, _EXEC_PAUSE_SECONDS = 20, 0.005

# Children of this very process, kept so that they can be reaped; everybody else's are reaped by their own parents.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Component:
    """One program of the lab. `region` is empty for what stands outside of both."""

    name: str
    argv: tuple[str, ...]
    region: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """A component that was started; it may be gone by now."""

    component: str
    pid: int
    region: str


@dataclass(frozen=True, slots=True)
class Member:
    """A process that is there now and carries the lab's id. `pod` is empty unless an actor started it as a pod."""

    pid: int
    region: str
    pod: str
    frozen: bool


def spawn(layout: Layout, component: Component) -> Started:
    """Start a component in a session of its own and write it down.

    Raises:
        LabError: The program cannot be started at all.
    """
    environment = {name: value for name, value in os.environ.items() if name not in {REGION, POD_NAME}}
    environment |= {LAB_ID: layout.lab_id, "PYTHONUNBUFFERED": "1"}
    if component.region:
        environment[REGION] = component.region
    with layout.log_file(component.name).open("ab") as log:
        try:
            child = subprocess.Popen(
                component.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        except OSError as problem:
            message = f"{component.name} cannot be started: {problem}"
            raise LabError(message, remedy="Install drctl with its lab extra: pip install 'drctl[lab]'") from problem
    _children[child.pid] = child
    started = Started(component.name, child.pid, component.region)
    with _register(layout.root) as register:
        others = [entry for entry in _read(register) if entry.component != component.name]
        _write(register, [*others, started])
    return started


def started(root: Path) -> tuple[Started, ...]:
    """Return the components that were started, in order, the newest of each name."""
    return tuple(_read(root / "processes.json"))


def forget(root: Path) -> None:
    """Empty the register: everything is gone."""
    with _register(root) as register:
        _write(register, [])


def members(lab_id: str, region: str = "") -> tuple[Member, ...]:
    """Return every process of this lab that is there now, or only those of one region. Never this process itself."""
    found = (_member(entry, lab_id) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return tuple(
        member
        for member in found
        if member is not None and member.pid != os.getpid() and (not region or member.region == region)
    )


def signal_members(lab_id: str, number: signal.Signals, region: str = "") -> tuple[int, ...]:
    """Send a signal to every process of the lab, or of one region of it; return whom it was sent to."""
    pids = tuple(member.pid for member in members(lab_id, region))
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    return pids


def signal_component(layout: Layout, name: str, number: signal.Signals) -> None:
    """Send a signal to one component.

    Raises:
        LabError: It is not running.
    """
    alive = {member.pid for member in members(layout.lab_id)}
    for entry in started(layout.root):
        if entry.component == name and entry.pid in alive:
            os.kill(entry.pid, number)
            return
    raise LabError(f"{name} is not running", remedy=f"Read {layout.log_file(name)}")


def is_running(layout: Layout, name: str) -> bool:
    """Say whether a component is there now."""
    entry = next((entry for entry in started(layout.root) if entry.component == name), None)
    _reap()
    return entry is not None and _member(Path("/proc") / str(entry.pid), layout.lab_id) is not None


def kill_members(lab_id: str, region: str = "") -> None:
    """SIGKILL the lab's processes, or one region's, until none is left: an actor may be starting one more."""
    deadline = time.monotonic() + _GRACE_SECONDS
    while signal_members(lab_id, signal.SIGKILL, region):
        _reap()
        _expect_before(deadline, lab_id)
        time.sleep(_POLL_SECONDS)
    _reap()


def end_members(lab_id: str) -> None:
    """End every process of the lab: politely, then not. Returns when all are gone."""
    if signal_members(lab_id, signal.SIGTERM):
        # What is frozen hears SIGTERM only once it runs again.
        signal_members(lab_id, signal.SIGCONT)
    deadline = time.monotonic() + _GRACE_SECONDS
    while members(lab_id) and time.monotonic() < deadline:
        _reap()
        time.sleep(_POLL_SECONDS)
    kill_members(lab_id)


def end_component(layout: Layout, name: str, grace_seconds: float) -> None:
    """End one component politely, then not, and wait until it is gone; fine when it is gone already."""
    pids = {entry.pid for entry in started(layout.root) if entry.component == name}
    deadline = time.monotonic() + grace_seconds
    number = signal.SIGTERM
    while pid := next((member.pid for member in members(layout.lab_id) if member.pid in pids), None):
        if number is signal.SIGTERM or time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            number = signal.SIGKILL
        _reap()
        time.sleep(_POLL_SECONDS)
    _reap()


def freeze_members(lab_id: str, region: str) -> None:
    """SIGSTOP a region's processes until none runs: an actor may be starting one more."""
    deadline = time.monotonic() + _GRACE_SECONDS
    while not all(member.frozen for member in members(lab_id, region)):
        signal_members(lab_id, signal.SIGSTOP, region)
        _expect_before(deadline, lab_id)
        time.sleep(_POLL_SECONDS)


def log_tail(layout: Layout, component: str) -> str:
    """Return the last lines that a component printed; empty if it printed nothing."""
    try:
        lines = layout.log_file(component).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(lines[-_LOG_TAIL_LINES:])


def _expect_before(deadline: float, lab_id: str) -> None:
    if time.monotonic() > deadline:
        left = ", ".join(str(member.pid) for member in members(lab_id))
        raise LabError(f"processes of the lab do not obey signals: {left}", remedy="Look at them with `ps`.")


def _reap() -> None:
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            # Two labs of one process may be reaping at once.
            _children.pop(pid, None)


def _member(entry: Path, lab_id: str) -> Member | None:
    try:
        environ = _environ(entry)
        if f"{LAB_ID}={lab_id}".encode() not in environ.split(b"\0"):
            return None
        # The name in parentheses may itself hold spaces; the state follows the last parenthesis.
        state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None
    variables = dict(pair.partition("=")[::2] for pair in environ.decode(errors="replace").split("\0"))
    return Member(int(entry.name), variables.get(REGION, ""), variables.get(POD_NAME, ""), state == "T")


def _environ(entry: Path) -> bytes:
    """Return a process's environment; empty for a zombie: what is dead but not reaped does not count as there.

    Whoever starts a process goes on before the kernel has laid out its environment: for some moments a living
    process with a program shows none.
    """
    for _ in range(_EXEC_LOOKS):
        environ = (entry / "environ").read_bytes()
        if environ:
            return environ
        # A zombie and a thread of the kernel have no program.
        (entry / "exe").readlink()
        time.sleep(_EXEC_PAUSE_SECONDS)
    return b""


@contextmanager
def _register(root: Path) -> Iterator[Path]:
    with (root / "processes.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield root / "processes.json"


def _read(register: Path) -> list[Started]:
    try:
        return [Started(**entry) for entry in json.loads(register.read_text())]
    except FileNotFoundError:
        return []


def _write(register: Path, entries: list[Started]) -> None:
    fresh = register.with_suffix(".new")
    fresh.write_text(json.dumps([asdict(entry) for entry in entries], indent=2) + "\n")
    fresh.replace(register)
