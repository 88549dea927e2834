"""Starts, watches and ends one lab. What `drctl lab up|down|status` and the tests call."""

from __future__ import annotations

import shutil
import signal
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.lab import processes, startup
from drctl.lab.arrangement import Arrangement, Joined
from drctl.lab.errors import LabError
from drctl.lab.layout import ADDRESSES, CLIENTS, KEEP_ALIVE, PUBLISHER, RESOLVING, Layout

if TYPE_CHECKING:
    from pathlib import Path

_OWN_FOLDERS = ("tls", "secrets", "store", "kube", "logs", "nats", "state")
_CLIENT_RECORDS = tuple(f"client-{client}.jsonl" for client in CLIENTS)
_OWN_FILES = ("lab.json", "drctl.yaml", *_CLIENT_RECORDS, "processes.json", "processes.lock")
# The first is the judge of RTO and sees every moment; the others need only be there.
ORDER_INTERVAL_SECONDS = {RESOLVING: 0.1, KEEP_ALIVE: 0.3, PUBLISHER: 0.3}
_CLIENT_GRACE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """One program of the lab, or one pod (`pod/NAME`). `region` is empty for what stands outside of both."""

    name: str
    pid: int
    region: str
    alive: bool
    frozen: bool


def prepare(root: Path, joined: Joined = Joined.LEAF) -> Layout:
    """Lay out a new lab in a folder, and write down where everything of it is.

    What an earlier lab left there is removed, its journals included: they speak of a world that is gone.

    Raises:
        LabError: A lab runs there, or this machine cannot hold one.
    """
    _require_addresses()
    root = root.resolve()
    if (root / "lab.json").exists():
        if processes.members(Layout.load(root).lab_id):
            raise LabError(f"a lab is running in {root}", remedy=f"End it with `drctl lab down --root {root}`.")
        _remove_leftovers(root)
    layout = Layout.make(root, Arrangement(joined))
    layout.save()
    return layout


def start(layout: Layout, timeout_seconds: float = 30.0) -> None:
    """Bring everything up, east active and west standby with a stale secret; return when users would be served.

    Whatever goes wrong, nothing is left running; the logs stay.

    Raises:
        LabError: A part did not come up; the message has the end of its log.
    """
    _require_addresses()
    try:
        startup.bring_up(layout, timeout_seconds)
    except BaseException:
        processes.end_members(layout.lab_id)
        processes.forget(layout.root)
        raise


def stop(root: Path) -> None:
    """End every process of the lab in that folder and nothing else; fine when there is none.

    Finds them by the lab's id in their environment, so that also what a dead parent left behind is ended.
    """
    try:
        layout = Layout.load(root)
    except FileNotFoundError:
        return
    if processes.members(layout.lab_id):
        stop_clients(layout)
    processes.end_members(layout.lab_id)
    processes.forget(layout.root)


def status(layout: Layout) -> tuple[ComponentStatus, ...]:
    """Return every component that was started, and every pod that is there now."""
    there = {member.pid: member for member in processes.members(layout.lab_id)}
    components = tuple(
        ComponentStatus(
            entry.component, entry.pid, entry.region, entry.pid in there, entry.pid in there and there[entry.pid].frozen
        )
        for entry in processes.started(layout.root)
    )
    pods = sorted((member for member in there.values() if member.pod), key=lambda member: (member.region, member.pod))
    return components + tuple(
        ComponentStatus(f"pod/{pod.pod}", pod.pid, pod.region, alive=True, frozen=pod.frozen) for pod in pods
    )


def kill(layout: Layout, region: str) -> None:
    """SIGKILL everything of a region at once: its NATS, its Kubernetes API with all pods, its ingress."""
    startup.remember_replicas(layout, region)
    processes.kill_members(layout.lab_id, region)


def revive(layout: Layout, region: str, timeout_seconds: float = 30.0) -> None:
    """Start a killed region again, from what its NATS and its Kubernetes API had stored.

    Raises:
        LabError: A part did not come up.
    """
    startup.bring_region_back(layout, region, timeout_seconds)


def freeze(layout: Layout, region: str) -> None:
    """SIGSTOP everything of a region: connections stay, and nothing answers."""
    processes.freeze_members(layout.lab_id, region)


def thaw(layout: Layout, region: str) -> None:
    """Let a frozen region run on, as if no time had passed."""
    processes.signal_members(layout.lab_id, signal.SIGCONT, region)


def start_client(layout: Layout, client: str = RESOLVING, interval_seconds: float | None = None) -> None:
    """Start one of `CLIENTS`, by default at its own pace; it writes `layout.client_record(client)`."""
    interval = ORDER_INTERVAL_SECONDS[client] if interval_seconds is None else interval_seconds
    words = ("--root", str(layout.root), "--client", client, "--interval", str(interval))
    argv = (sys.executable, "-m", "drctl.lab.clients", *words)
    processes.spawn(layout, processes.Component(f"client-{client}", argv))


def start_clients(layout: Layout) -> None:
    """Start every client."""
    for client in CLIENTS:
        start_client(layout, client)


def stop_clients(layout: Layout) -> None:
    """End the clients, after the answers to their open orders; fine when none runs. Their records are then whole."""
    for client in CLIENTS:
        processes.end_component(layout, f"client-{client}", _CLIENT_GRACE_SECONDS)


def start_beside(layout: Layout, name: str, argv: tuple[str, ...]) -> int:
    """Start a program that lives and ends with the lab, such as `drctl watch`; return its pid."""
    return processes.spawn(layout, processes.Component(name, argv)).pid


def _require_addresses() -> None:
    for address in ADDRESSES.values():
        with socket.socket() as probe:
            try:
                probe.bind((address, 0))
            except OSError as problem:
                message = f"the lab needs the loopback address {address}, which cannot be bound here: {problem}"
                raise LabError(message, remedy="Run the lab on Linux, where all of 127.0.0.0/8 is there.") from problem


def _remove_leftovers(root: Path) -> None:
    for folder in _OWN_FOLDERS:
        shutil.rmtree(root / folder, ignore_errors=True)
    for name in _OWN_FILES:
        (root / name).unlink(missing_ok=True)
