"""Runs the actors of a region: whenever something changed all of them look, in the order of cause and effect."""

from __future__ import annotations

import asyncio
import sys
import traceback
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from drctl.lab.kube_actors import node as nodes
from drctl.lab.kube_actors.deployments import Deployments
from drctl.lab.kube_actors.endpoints import EndpointSlices
from drctl.lab.kube_actors.external_secrets import ExternalSecrets
from drctl.lab.kube_actors.garbage import Garbage
from drctl.lab.kube_actors.kubelet import Kubelet, Scheduler
from drctl.lab.kube_actors.replica_sets import ReplicaSets
from drctl.lab.kube_actors.secret_stores import SecretStores
from drctl.lab.kube_api.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from drctl.lab.kube_actors.node import Node
    from drctl.lab.kube_api.cluster import Cluster

# The real controllers see a write some 50 ms after it (kubernetes.md 1.5): until then the status is of before.
_REACTION_SECONDS = 0.04
_CLOSING_GRACE_SECONDS = 1.0


class Actor(Protocol):
    """One controller. Level-triggered: it compares what is wanted with what is, and never counts events."""

    def act(self) -> float:
        """Bring the world nearer to what is wanted; return in how many seconds to look even if nothing changes.

        Raises:
            ApiError: The API refused a write; the next look tries again.
        """
        ...


@asynccontextmanager
async def acting(cluster: Cluster, node: Node) -> AsyncIterator[None]:
    """Run every actor until the context ends; no process of a pod is left after it."""
    nodes.register(cluster, node)
    kubelet = Kubelet(cluster, node)
    actors: tuple[Actor, ...] = (
        SecretStores(cluster),
        ExternalSecrets(cluster),
        Deployments(cluster),
        ReplicaSets(cluster),
        Garbage(cluster),
        Scheduler(cluster, node),
        kubelet,
        EndpointSlices(cluster),
    )
    task = asyncio.create_task(_act(cluster, actors))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await kubelet.close(_CLOSING_GRACE_SECONDS)


async def _act(cluster: Cluster, actors: Sequence[Actor]) -> None:
    while True:
        version = cluster.store.version
        pause = min(_look(actor) for actor in actors)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await cluster.store.wait_beyond(version)
        await asyncio.sleep(_REACTION_SECONDS)


def _look(actor: Actor) -> float:
    try:
        return actor.act()
    except ApiError as refused:
        print(f"{type(actor).__name__}: {refused.message}", file=sys.stderr)  # noqa: T201 - the component's log
    except Exception:  # noqa: BLE001 - a fault of one controller must show, and not stop the others
        traceback.print_exc()
    return 1.0
