"""The one node of a region: what its pods get from it, and its Node object."""

from __future__ import annotations

import os
import random
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drctl.lab.kube_actors.writing import write_status
from drctl.lab.kube_api.cluster import Writer
from drctl.lab.kube_api.kinds import NODE
from drctl.lab.kube_api.objects import timestamp
from drctl.lab.processes import REGION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from drctl.lab.kube_api.cluster import Cluster

# Of our own environment a pod gets what a program needs to run at all, and nothing that could be a secret.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR")
_TRIES = 50


@dataclass(frozen=True, slots=True)
class Node:
    """Where pods run. `marks` go into the environment of each: the lab finds its processes by them.

    `back_off_seconds` is the pause before a container that crashed twice is started a third time; it doubles up to
    `back_off_seconds_max`. The real one is 10 s and 300 s.
    """

    region: str
    logs: Path
    marks: Mapping[str, str] = field(default_factory=dict)
    back_off_seconds: float = 1.0
    back_off_seconds_max: float = 10.0

    @property
    def name(self) -> str:
        """What it is called in `spec.nodeName`."""
        return f"node-{self.region}"

    def environment(self) -> dict[str, str]:
        """Return what every container of a pod here starts with."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return inherited | {"PYTHONUNBUFFERED": "1", REGION: self.region} | dict(self.marks)


def register(cluster: Cluster, node: Node) -> None:
    """Create the Node object, ready and large."""
    body = {"metadata": {"name": node.name, "labels": {"topology.kubernetes.io/region": node.region}}, "spec": {}}
    created = cluster.create(NODE, "", body, Writer("kubelet"))
    room = {"cpu": "64", "memory": "256Gi", "pods": "110"}
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
        "lastHeartbeatTime": timestamp(),
        "lastTransitionTime": timestamp(),
    }
    write_status(cluster, NODE, created, {"capacity": room, "allocatable": room, "conditions": [ready]}, "kubelet")


def free_address(ports: Sequence[int]) -> str:
    """Return a loopback address of its own for a pod, on which its ports are free now.

    All of 127.0.0.0/8 is there on Linux; each pod has one address, as in a real cluster, so that two pods can have
    the same port and endpoints can be counted by address.

    Raises:
        OSError: None was found.
    """
    for _ in range(_TRIES):
        address = f"127.{random.randrange(64, 128)}.{random.randrange(256)}.{random.randrange(1, 255)}"
        if all(_is_free(address, port) for port in ports):
            return address
    raise OSError(f"no loopback address with the ports {list(ports)} free after {_TRIES} tries")


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True
