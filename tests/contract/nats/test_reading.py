"""What a region's streams say of themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from contract.nats.rigs import Pair
from contract.nats.servers import eventually
from drctl.core.errors import NotFoundError
from drctl.core.observed import StreamKind, StreamRole

if TYPE_CHECKING:
    from contract.nats.rigs import Rig
    from drctl.core.lock import Stamp


def test_an_origin_is_active_and_its_copy_is_a_mirror(rig: Rig, pair: Pair) -> None:
    origin, mirror = (rig.datastore(region).stream(pair.name) for region in ("east", "west"))

    assert origin.role is StreamRole.ACTIVE
    assert origin.subjects == (f"orders.{pair.name}.>",)
    assert mirror.role is StreamRole.MIRROR
    assert mirror.subjects == ()
    assert mirror.mirror_of == pair.name
    assert mirror.original_subjects == origin.subjects


def test_both_sides_show_the_same_sequences_and_times(rig: Rig, pair: Pair) -> None:
    origin, mirror = (rig.datastore(region).stream(pair.name) for region in ("east", "west"))

    assert (origin.first_seq, origin.last_seq, origin.messages) == (1, 3, 3)
    assert (mirror.first_seq, mirror.last_seq, mirror.messages) == (1, 3, 3)
    assert origin.last_time == mirror.last_time
    assert origin.last_time is not None
    assert origin.last_time.tzinfo is not None


def test_a_mirror_tells_how_long_ago_it_heard_its_origin(rig: Rig, pair: Pair) -> None:
    heard = rig.datastore("west").stream(pair.name).contact_age

    assert heard is not None
    assert timedelta(0) <= heard < timedelta(seconds=3)
    assert rig.datastore("east").stream(pair.name).contact_age is None


def test_an_empty_stream_has_no_last_time_and_no_fork(rig: Rig, name: str) -> None:
    Pair(rig, name)

    stream = rig.datastore("east").stream(name)
    assert (stream.last_seq, stream.messages, stream.last_time) == (0, 0, None)
    assert (stream.fork_seq, stream.fork_time, stream.epoch) == (None, None, 0)


def test_a_fenced_stream_says_which_subjects_it_had(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("east").fence(pair.name, stamp)

    stream = rig.datastore("east").stream(pair.name)
    assert stream.role is StreamRole.FENCED
    assert stream.original_subjects == (f"orders.{pair.name}.>",)


def test_a_stream_that_somebody_rebound_is_active_on_other_subjects(rig: Rig, pair: Pair) -> None:
    rig.update("east", pair.name, {"subjects": [f"elsewhere.{pair.name}"]})

    stream = rig.datastore("east").stream(pair.name)
    assert stream.role is StreamRole.ACTIVE
    assert stream.subjects == (f"elsewhere.{pair.name}",)


def test_the_kind_comes_from_the_name(rig: Rig, name: str) -> None:
    for prefix in ("KV_", "OBJ_", "RESCUE_", ""):
        rig.create("east", {"name": f"{prefix}{name}", "subjects": [f"kinds.{prefix}{name}"], "storage": "memory"})

    kinds = [rig.datastore("east").stream(f"{prefix}{name}").kind for prefix in ("KV_", "OBJ_", "RESCUE_", "")]
    assert kinds == [StreamKind.KV, StreamKind.OBJECT_STORE, StreamKind.RESCUE, StreamKind.STREAM]


def test_the_list_has_what_each_stream_says_alone_ordered_by_name(rig: Rig, pair: Pair) -> None:
    listed = rig.datastore("east").streams()

    assert [stream.name for stream in listed] == sorted(stream.name for stream in listed)
    mine = next(stream for stream in listed if stream.name == pair.name)
    alone = rig.datastore("east").stream(pair.name)
    assert (mine.role, mine.last_seq, mine.last_time, json.loads(mine.config)) == (
        alone.role,
        alone.last_seq,
        alone.last_time,
        json.loads(alone.config),
    )


def test_a_stream_that_is_not_there_is_named(rig: Rig, name: str) -> None:
    with pytest.raises(NotFoundError, match=name):
        rig.datastore("east").stream(name)
    with pytest.raises(NotFoundError, match=name):
        rig.datastore("east").consumers(name)


def test_durables_tell_their_floor(rig: Rig, pair: Pair) -> None:
    rig.consume("east", pair.name, "billing", 2)
    rig.consume("east", pair.name, "audit", 0)

    found = rig.datastore("east").consumers(pair.name)
    assert [(consumer.name, consumer.floor, consumer.start_seq) for consumer in found] == [
        ("audit", 0, 0),
        ("billing", 2, 0),
    ]
    assert json.loads(found[1].config)["max_ack_pending"] == 77


def test_consumers_of_the_moment_are_not_listed(rig: Rig, pair: Pair) -> None:
    assert rig.datastore("east").consumers(pair.name) == ()


def test_each_region_says_who_it_is(rig: Rig) -> None:
    for region in ("east", "west"):
        info = rig.datastore(region).info()
        assert info.domain == region
        assert info.api_level >= 2
        assert info.version.count(".") == 2
        assert abs(info.clock_skew) < timedelta(seconds=1)


def test_facts_carry_the_time_of_their_observation(rig: Rig, pair: Pair) -> None:
    first = rig.datastore("east").stream(pair.name).observed_at
    second = rig.datastore("east").stream(pair.name).observed_at

    assert first.tzinfo is UTC
    assert first <= second
    assert isinstance(first, datetime)


def test_each_side_knows_whether_the_other_answers_through_the_link(rig: Rig) -> None:
    assert rig.datastore("west").other_answers("east")
    assert rig.datastore("east").other_answers("west")


def test_behind_a_cut_link_the_mirror_answers_and_the_other_side_does_not(rig: Rig, pair: Pair) -> None:
    rig.cut()
    try:
        eventually(lambda: not rig.datastore("west").other_answers("east"))
        assert rig.publish("east", f"{pair.subject}.late")

        assert rig.datastore("east").stream(pair.name).last_seq == 4
        assert rig.datastore("west").stream(pair.name).last_seq == 3
        assert rig.datastore("west").stream(pair.name).role is StreamRole.MIRROR
    finally:
        rig.heal()
    eventually(lambda: rig.datastore("west").stream(pair.name).last_seq == 4, within=30)
