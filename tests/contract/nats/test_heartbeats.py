"""What the active region knows of itself, written there and read in the other region."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from contract.nats.rigs import NatsRig, mirror_of
from contract.nats.servers import eventually
from drctl.core.errors import UnreachableError
from drctl.core.observed import Heartbeat
from drctl.core.topology import HEARTBEAT_STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract.nats.rigs import Rig
    from contract.nats.servers import Servers

AT = datetime(2026, 3, 1, 3, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def beating(rig: Rig, request: pytest.FixtureRequest) -> Iterator[Rig]:
    """The heartbeat stream, active in east, mirrored in west; its name is the same for every test."""
    origin = {"name": HEARTBEAT_STREAM, "subjects": ["_drctl.hb.>", "_drctl.inv.>"], "storage": "memory"}
    rig.create("east", origin)
    rig.create("west", mirror_of(origin))
    yield rig
    if isinstance(rig, NatsRig):
        servers: Servers = request.getfixturevalue("shared_servers")
        for region in ("west", "east"):
            servers.call(region, f"STREAM.DELETE.{HEARTBEAT_STREAM}")


def beat(number: int) -> Heartbeat:
    heads = (("KV_settings", 4), ("ORDERS", 100 + number))
    return Heartbeat("east", AT + timedelta(seconds=number), heads, (("ORDERS/billing", 90 + number),))


def test_heartbeats_arrive_in_the_other_region_newest_first(beating: Rig) -> None:
    for number in range(3):
        beating.datastore("east").beat(beat(number))

    eventually(lambda: len(beating.datastore("west").heartbeats("east", 10)) == 3)
    assert beating.datastore("west").heartbeats("east", 10) == (beat(2), beat(1), beat(0))
    assert beating.datastore("west").heartbeats("east", 2) == (beat(2), beat(1))


def test_a_region_that_never_beat_has_no_heartbeats(beating: Rig) -> None:
    beating.datastore("east").beat(beat(0))

    assert beating.datastore("east").heartbeats("west", 10) == ()


def test_without_a_heartbeat_stream_there_are_no_heartbeats(rig: Rig) -> None:
    assert rig.datastore("west").heartbeats("east", 10) == ()
    assert rig.datastore("west").recorded_inventory("east") is None


def test_the_newest_inventory_arrives_in_the_other_region(beating: Rig) -> None:
    beating.datastore("east").record_inventory("east", b"old", AT)
    beating.datastore("east").record_inventory("east", b'{"streams": []}' * 1000, AT)

    eventually(lambda: beating.datastore("west").recorded_inventory("east") == b'{"streams": []}' * 1000)
    assert beating.datastore("west").recorded_inventory("west") is None


def test_inventories_between_heartbeats_hide_none(beating: Rig) -> None:
    for number in range(4):
        beating.datastore("east").beat(beat(number))
        beating.datastore("east").record_inventory("east", b"{}", AT)

    assert [one.at for one in beating.datastore("east").heartbeats("east", 3)] == [beat(n).at for n in (3, 2, 1)]


def test_a_mirror_takes_no_heartbeat(beating: Rig) -> None:
    with pytest.raises(UnreachableError):
        beating.datastore("west").beat(beat(0))
    with pytest.raises(UnreachableError):
        beating.datastore("west").record_inventory("west", b"{}", AT)


def test_what_somebody_else_wrote_there_is_passed_over(shared_servers: Servers) -> None:
    origin = {"name": HEARTBEAT_STREAM, "subjects": ["_drctl.hb.>"], "storage": "memory"}
    rig = NatsRig(shared_servers)
    rig.create("east", origin)
    try:
        rig.datastore("east").beat(beat(0))
        for junk in (b"", b"hello", b"[]", b'{"ts": "yesterday"}', b'{"ts": 3, "heads": {}, "floors": {}}'):
            assert rig.publish("east", "_drctl.hb.east", junk)

        assert rig.datastore("east").heartbeats("east", 10) == (beat(0),)
    finally:
        shared_servers.call("east", f"STREAM.DELETE.{HEARTBEAT_STREAM}")
        rig.close()
