"""Could a region's streams be reconfigured without the other region? Pure judgement over who votes."""

from __future__ import annotations

from dataclasses import dataclass

RESCUE_VERSION = (2, 15)
RESCUE_MINUTES = 5


@dataclass(frozen=True, slots=True)
class MetaServer:
    """One JetStream server: its own name, its cluster's (empty for a lone server), and its version."""

    name: str
    cluster: str
    version: str


@dataclass(frozen=True, slots=True)
class MetaGroup:
    """The servers that elect one leader for the assignments of all their streams, as a system account saw them.

    `servers` are those that answered; `size` counts all that vote. `leader` is empty where none is known; a leader's
    name is no proof that it lives: for a while the survivors go on naming a dead one (measured on 2.15.1).
    """

    servers: tuple[MetaServer, ...]
    size: int
    leader: str

    @property
    def majority(self) -> int:
        """How many servers must agree on every change."""
        return self.size // 2 + 1

    def outside(self, cluster: str) -> tuple[MetaServer, ...]:
        """Return the servers that would be left without one cluster."""
        return tuple(server for server in self.servers if not cluster or server.cluster != cluster)

    def survives_without(self, cluster: str) -> bool:
        """Say whether what is left could elect a leader: without that, no stream can be promoted."""
        return len(self.outside(cluster)) >= self.majority

    def spans(self, cluster: str) -> bool:
        """Say whether servers of a cluster vote here."""
        return any(server.cluster == cluster for server in self.servers)


def rescue_refused(survivors: tuple[MetaServer, ...]) -> str:
    """Return why META.RESCUE is not possible on these servers; empty if it is (nats-server 2.15 and later)."""
    old = [f"{server.name} is {server.version}" for server in survivors if _release(server.version) < RESCUE_VERSION]
    if not survivors:
        return "no server outside of it answers"
    return f"{', '.join(old)}: it needs 2.15 on each server that is left" if old else ""


def rescue_by_hand(nats: str, survivors: int) -> str:
    """Return what a person does where a meta group has lost its majority for good: drctl never does it.

    `nats` begins the region's `nats` lines as a user of the system account. The server's answers, its window and its
    danger: measured on 2.15.1.
    """
    every = f"{nats} req --replies 0 --timeout 2s"
    quorum = f'{{"quorum_needed": {survivors // 2 + 1}}}'
    return "\n".join(
        (
            f"By hand, never by drctl, and only if the lost region is really down: META.RESCUE lets the {survivors}",
            f"servers that are left decide alone for {RESCUE_MINUTES} minutes; finish the failover in that time.",
            "DANGER: if the other side is only cut off and is rescued too, both write: streams fork for good.",
            "NEVER remove a peer: its data would be unreadable when it returns.",
            "1. Wait until no server names a leader (3-30 s; before that each answers 10224):",
            f"   {every} '$SYS.REQ.SERVER.PING.JSZ' '{{}}'",
            "2. Lower the majority. Each server answers; see `new_quorum`, and repeat where one says 10224:",
            f"   {every} '$JS.API.META.RESCUE' '{quorum}'",
            "3. See a leader by step 1's line (about 2 s later), then run drctl again at once.",
            f"After {RESCUE_MINUTES} minutes writes go on, but every create is refused (10008): rescue again.",
        )
    )


def _release(version: str) -> tuple[int, ...]:
    parts = version.split("-", maxsplit=1)[0].split(".")
    return tuple(int(part) for part in parts if part.isdecimal())[:2]
