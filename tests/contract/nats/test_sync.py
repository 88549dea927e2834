"""When a mirror has everything: by what both sides store, where the last sequences differ for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest

from contract.nats.rigs import mirror_of
from contract.nats.servers import eventually
from drctl.core.verdict import Health, Tier
from drctl.steps.replication import ReplicaItem, judge_in_sync

if TYPE_CHECKING:
    from contract.nats.rigs import Datastore, Pair, Rig
    from drctl.core.lock import Stamp
    from drctl.ports.world import ReadPorts


@dataclass
class Regions:
    """What the judge asks for of a world."""

    rig: Rig
    stamp: Stamp

    def datastore(self, region: str) -> Datastore:
        return self.rig.datastore(region)


@pytest.fixture
def regions(rig: Rig, stamp: Stamp) -> ReadPorts:
    return cast("ReadPorts", Regions(rig, stamp))


def health(regions: ReadPorts, stream: str) -> Health:
    return judge_in_sync(regions, "east", "west", ReplicaItem(stream, Tier.CRITICAL)).health


def test_a_mirror_that_has_every_message_is_in_sync(regions: ReadPorts, pair: Pair) -> None:
    assert health(regions, pair.name) is Health.HEALTHY


def test_a_mirror_that_is_behind_is_not(rig: Rig, regions: ReadPorts, pair: Pair) -> None:
    rig.cut()
    try:
        pair.fill(2)
        assert health(regions, pair.name) is Health.PROGRESSING
    finally:
        rig.heal()
    eventually(lambda: health(regions, pair.name) is Health.HEALTHY, within=30)


def test_a_mirror_of_a_stream_whose_end_was_deleted_is_in_sync(rig: Rig, regions: ReadPorts, name: str) -> None:
    """The server never tells a new mirror of sequences that were deleted at the end."""
    origin = {"name": name, "subjects": [f"orders.{name}"], "storage": "memory"}
    rig.create("east", origin)
    for _ in range(5):
        assert rig.publish("east", f"orders.{name}")
    for seq in (4, 5):
        rig.delete_message("east", name, seq)

    rig.create("west", mirror_of(origin))

    eventually(lambda: health(regions, name) is Health.HEALTHY)
    assert rig.datastore("east").stream(name).last_seq == 5
    assert rig.datastore("west").stream(name).last_seq == 3
