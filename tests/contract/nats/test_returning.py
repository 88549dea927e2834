"""Coming home: the divergent tail, its rescue, and streams that become mirrors again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from contract.nats.rigs import Pair
from contract.nats.servers import eventually
from drctl.core.errors import NotFoundError, RefusedError
from drctl.core.lock import Stamp
from drctl.core.observed import StreamRole
from drctl.core.tail import tail_digest
from drctl.ports.datastore import MirrorWish, PromotionWish, TailWish

if TYPE_CHECKING:
    from contract.nats.rigs import Rig


@pytest.fixture
def diverged(rig: Rig, pair: Pair, stamp: Stamp) -> Pair:
    """A stream that was promoted in west at 3 while east took 4 to 8; east is fenced, the link is back."""
    rig.cut()
    try:
        for number in range(5):
            headers = (("Order-Id", f"lost-{number}"), ("Nats-Msg-Id", f"{pair.name}-{number}"))
            assert rig.publish("east", f"{pair.subject}.lost", f"lost {number}".encode(), headers)
        rig.datastore("west").promote(PromotionWish(pair.name, (f"{pair.subject}.>",)), stamp)
        pair.fill(2, "west")
        rig.datastore("east").fence(pair.name, stamp)
    finally:
        rig.heal()
    return pair


def rescue(pair: Pair) -> TailWish:
    return TailWish(f"RESCUE_{pair.name}_7", pair.name, "east", 4)


def mirror(rig: Rig, pair: Pair) -> MirrorWish:
    return MirrorWish(pair.name, "west", rig.datastore("west").stream(pair.name).config)


def kept(rig: Rig, pair: Pair) -> bool:
    there = tail_digest(rig.datastore("east").messages(pair.name, 4, 8))
    return tail_digest(rig.datastore("west").messages(rescue(pair).name, 4, 8)) == there


# Reading messages.


def test_a_range_of_messages_is_read_in_order_with_everything_that_they_have(rig: Rig, diverged: Pair) -> None:
    found = list(rig.datastore("east").messages(diverged.name, 4, 6))

    assert [message.seq for message in found] == [4, 5, 6]
    assert [message.data for message in found] == [b"lost 0", b"lost 1", b"lost 2"]
    assert {message.subject for message in found} == {f"{diverged.subject}.lost"}
    assert found[0].headers == (("Order-Id", "lost-0"), ("Nats-Msg-Id", f"{diverged.name}-0"))
    assert found[0].at <= found[1].at <= found[2].at


def test_messages_without_headers_have_none(rig: Rig, pair: Pair) -> None:
    assert [message.headers for message in rig.datastore("east").messages(pair.name, 1, 3)] == [(), (), ()]


def test_headers_keep_blanks_colons_and_repeats(rig: Rig, pair: Pair) -> None:
    rig.publish("east", f"{pair.subject}.new", b"", (("Trace", "a:b: c"), ("Empty", "")))

    message = next(iter(rig.datastore("east").messages(pair.name, 4, 4)))
    assert message.headers == (("Trace", "a:b: c"), ("Empty", ""))


def test_data_that_is_no_text_comes_through(rig: Rig, pair: Pair) -> None:
    data = bytes(range(256))
    rig.publish("east", f"{pair.subject}.new", data)

    assert [message.data for message in rig.datastore("east").messages(pair.name, 4, 4)] == [data]


def test_deleted_messages_are_passed_over(rig: Rig, diverged: Pair) -> None:
    for seq in (5, 6):
        rig.delete_message("east", diverged.name, seq)

    assert [message.seq for message in rig.datastore("east").messages(diverged.name, 4, 8)] == [4, 7, 8]
    assert [message.seq for message in rig.datastore("east").messages(diverged.name, 5, 6)] == []


def test_a_deleted_end_ends_the_range(rig: Rig, diverged: Pair) -> None:
    rig.delete_message("east", diverged.name, 8)

    assert [message.seq for message in rig.datastore("east").messages(diverged.name, 7, 100)] == [7]


def test_an_empty_range_has_no_messages(rig: Rig, pair: Pair) -> None:
    assert list(rig.datastore("east").messages(pair.name, 4, 3)) == []
    assert list(rig.datastore("east").messages(pair.name, 4, 9)) == []


def test_messages_of_a_stream_that_is_not_there_are_not_none(rig: Rig, name: str) -> None:
    with pytest.raises(NotFoundError, match=name):
        list(rig.datastore("east").messages(name, 1, 3))


# Keeping a tail.


def test_a_tail_is_kept_with_its_own_sequences_times_and_headers(rig: Rig, diverged: Pair, stamp: Stamp) -> None:
    rig.datastore("west").keep_tail(rescue(diverged), stamp)

    eventually(lambda: kept(rig, diverged))
    stream = rig.datastore("west").stream(rescue(diverged).name)
    assert (stream.first_seq, stream.last_seq, stream.messages) == (4, 8, 5)
    assert stream.epoch == stamp.epoch


def test_a_tail_with_deleted_messages_inside_is_kept_without_them(rig: Rig, diverged: Pair, stamp: Stamp) -> None:
    for seq in (4, 6):
        rig.delete_message("east", diverged.name, seq)

    rig.datastore("west").keep_tail(rescue(diverged), stamp)

    eventually(lambda: kept(rig, diverged))
    found = [message.seq for message in rig.datastore("west").messages(rescue(diverged).name, 1, 8)]
    assert found == [5, 7, 8]
    assert rig.datastore("west").stream(rescue(diverged).name).messages == 3


def test_a_condition_of_a_publish_is_no_part_of_what_is_kept(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    """A mirror leaves such headers out, and keeps all others (measured on 2.15.1)."""
    rig.cut()
    try:
        condition = ("Nats-Expected-Last-Sequence", "3")
        assert rig.publish("east", f"{pair.subject}.lost", b"", (("Order-Id", "lost"), condition))
        rig.datastore("east").fence(pair.name, stamp)
    finally:
        rig.heal()
    wish = TailWish(f"RESCUE_{pair.name}_7", pair.name, "east", 4)
    rig.datastore("west").keep_tail(wish, stamp)

    there = tail_digest(rig.datastore("east").messages(pair.name, 4, 4))
    eventually(lambda: tail_digest(rig.datastore("west").messages(wish.name, 4, 4)) == there)
    kept_headers = next(message.headers for message in rig.datastore("west").messages(wish.name, 4, 4))
    assert ("Order-Id", "lost") in kept_headers


def test_a_limit_of_the_stream_drops_nothing_from_its_tail(rig: Rig, name: str, stamp: Stamp) -> None:
    pair = Pair(rig, name, max_msgs_per_subject=100)
    rig.cut()
    try:
        pair.fill(4)
        rig.datastore("west").promote(PromotionWish(name, (f"{pair.subject}.>",)), stamp)
        rig.datastore("east").fence(name, stamp)
    finally:
        rig.heal()
    wish = TailWish(f"RESCUE_{name}_7", name, "east", 1)
    rig.datastore("west").keep_tail(wish, stamp)

    eventually(lambda: rig.datastore("west").stream(wish.name).messages == 4)


def test_keeping_twice_changes_nothing_before_and_after_the_seal(rig: Rig, diverged: Pair, stamp: Stamp) -> None:
    west, wish = rig.datastore("west"), rescue(diverged)
    west.keep_tail(wish, stamp)
    eventually(lambda: kept(rig, diverged))
    west.keep_tail(wish, stamp)
    west.seal_tail(wish.name)
    west.keep_tail(wish, stamp)
    west.seal_tail(wish.name)

    assert kept(rig, diverged)


def test_another_stream_of_that_name_is_not_taken_for_the_rescue(rig: Rig, diverged: Pair, stamp: Stamp) -> None:
    wish = rescue(diverged)
    rig.create("west", {"name": wish.name, "subjects": [f"elsewhere.{wish.name}"], "storage": "memory"})

    with pytest.raises(RefusedError, match=wish.name):
        rig.datastore("west").keep_tail(wish, stamp)


def test_a_sealed_tail_is_there_for_good(rig: Rig, diverged: Pair, stamp: Stamp) -> None:
    west, wish = rig.datastore("west"), rescue(diverged)
    west.keep_tail(wish, stamp)
    eventually(lambda: kept(rig, diverged))

    west.seal_tail(wish.name)

    config = rig.config("west", wish.name)
    assert config["sealed"] is True
    assert "mirror" not in config
    assert not rig.publish("west", f"_drctl.rescue.{wish.name}", b"one more")
    assert kept(rig, diverged)
    assert west.stream(wish.name).epoch == stamp.epoch


def test_a_sealed_tail_outlives_the_stream_that_it_came_from(rig: Rig, diverged: Pair, stamp: Stamp) -> None:
    west, wish = rig.datastore("west"), rescue(diverged)
    west.keep_tail(wish, stamp)
    eventually(lambda: kept(rig, diverged))
    west.seal_tail(wish.name)

    rig.datastore("east").rebuild_mirror(mirror(rig, diverged), stamp)

    assert [message.data for message in west.messages(wish.name, 4, 8)] == [f"lost {n}".encode() for n in range(5)]


def test_a_tail_that_is_not_there_cannot_be_sealed(rig: Rig, name: str) -> None:
    with pytest.raises(NotFoundError, match=name):
        rig.datastore("west").seal_tail(f"RESCUE_{name}")


# Becoming a mirror again.


def test_a_fenced_stream_becomes_the_mirror_of_the_active_one(rig: Rig, diverged: Pair, stamp: Stamp) -> None:
    rig.datastore("east").rebuild_mirror(mirror(rig, diverged), stamp)

    eventually(lambda: rig.datastore("east").stream(diverged.name).last_seq == 5)
    east, west = rig.datastore("east"), rig.datastore("west")
    assert east.stream(diverged.name).role is StreamRole.MIRROR
    assert tail_digest(east.messages(diverged.name, 1, 5)) == tail_digest(west.messages(diverged.name, 1, 5))
    pair_subjects = (f"{diverged.subject}.>",)
    assert east.stream(diverged.name).original_subjects == pair_subjects
    assert (east.stream(diverged.name).fork_seq, east.stream(diverged.name).epoch) == (None, stamp.epoch)


def test_a_rebuilt_mirror_keeps_limits_and_remembers_what_it_may_not_have(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    deferred = (("allow_atomic", "true"), ("max_age", "123456789012345678"))
    west = rig.datastore("west")
    west.promote(PromotionWish(pair.name, (f"{pair.subject}.>",), deferred), stamp)
    rig.datastore("east").fence(pair.name, stamp)

    rig.datastore("east").rebuild_mirror(mirror(rig, pair), stamp)

    config = rig.config("east", pair.name)
    assert config["max_age"] == 123456789012345678
    assert config["duplicate_window"] == 120 * 10**9
    assert config["storage"] == "memory"
    assert not config.get("allow_atomic")
    assert json.loads(config["metadata"]["drctl.deferred"]) == {"allow_atomic": True}
    assert json.loads(config["metadata"]["drctl.subjects"]) == [f"{pair.subject}.>"]


def test_a_stream_that_takes_writes_is_not_deleted(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    with pytest.raises(RefusedError, match=pair.name):
        rig.datastore("east").rebuild_mirror(MirrorWish(pair.name, "west", json.dumps(pair.origin)), stamp)
    assert rig.datastore("east").stream(pair.name).messages == 3


def test_a_mirror_is_left_as_it_is(rig: Rig, diverged: Pair, stamp: Stamp) -> None:
    rig.datastore("east").rebuild_mirror(mirror(rig, diverged), stamp)
    before = rig.config("east", diverged.name)

    rig.datastore("east").rebuild_mirror(mirror(rig, diverged), Stamp("later", 9))

    assert rig.config("east", diverged.name) == before


def test_a_stream_that_was_deleted_half_way_is_created(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    config = dict(pair.origin, name=f"{pair.name}_2", subjects=[f"orders.{pair.name}_2.>"])
    rig.create("west", config)
    assert rig.publish("west", f"orders.{pair.name}_2.new")
    wish = MirrorWish(f"{pair.name}_2", "west", rig.datastore("west").stream(f"{pair.name}_2").config)

    rig.datastore("east").rebuild_mirror(wish, stamp)

    eventually(lambda: rig.datastore("east").stream(f"{pair.name}_2").last_seq == 1)


def test_a_run_that_was_overtaken_rebuilds_nothing(rig: Rig, diverged: Pair) -> None:
    with pytest.raises(RefusedError, match="epoch 7"):
        rig.datastore("east").rebuild_mirror(mirror(rig, diverged), Stamp("earlier", 3))
    assert rig.datastore("east").stream(diverged.name).last_seq == 8


def test_out_and_home_again_loses_nothing_but_the_tail_that_is_kept(rig: Rig, diverged: Pair) -> None:
    """The whole way of nats.md 11.3: rescue, re-mirror, switch back, re-protect."""
    east, west, home = rig.datastore("east"), rig.datastore("west"), Stamp("home", 8)
    wish, subjects = rescue(diverged), (f"{diverged.subject}.>",)
    west.keep_tail(wish, home)
    eventually(lambda: kept(rig, diverged))
    west.seal_tail(wish.name)
    east.rebuild_mirror(mirror(rig, diverged), home)
    eventually(lambda: east.stream(diverged.name).last_seq == 5)

    west.fence(diverged.name, home)
    east.promote(PromotionWish(diverged.name, subjects), home)
    assert rig.publish("east", f"{diverged.subject}.new", b"home")
    west.rebuild_mirror(MirrorWish(diverged.name, "east", east.stream(diverged.name).config), home)

    eventually(lambda: west.stream(diverged.name).last_seq == 6)
    assert east.binders(subjects[0]) == (diverged.name,)
    assert west.binders(subjects[0]) == ()
    assert west.stream(diverged.name).role is StreamRole.MIRROR
    assert [message.seq for message in west.messages(wish.name, 4, 8)] == [4, 5, 6, 7, 8]
    assert (east.stream(diverged.name).fork_seq, east.stream(diverged.name).epoch) == (5, 8)


def test_a_planned_move_is_undone_before_its_promotion(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    """Fence, give back: the mirror goes on as if nothing had been (nats.md 5)."""
    rig.datastore("east").fence(pair.name, stamp)
    rig.datastore("east").unfence(pair.name, stamp)
    pair.fill(2)

    eventually(lambda: rig.datastore("west").stream(pair.name).last_seq == 5)


def test_a_planned_move_is_undone_after_its_promotion(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    """Nothing was written in west: fence it, give the east's subjects back, make west a mirror again."""
    east, west = rig.datastore("east"), rig.datastore("west")
    east.fence(pair.name, stamp)
    west.promote(PromotionWish(pair.name, (f"{pair.subject}.>",)), stamp)

    west.fence(pair.name, stamp)
    assert west.stream(pair.name).last_seq == west.stream(pair.name).fork_seq
    east.unfence(pair.name, stamp)
    west.rebuild_mirror(MirrorWish(pair.name, "east", east.stream(pair.name).config), stamp)

    pair.fill(1)
    eventually(lambda: west.stream(pair.name).last_seq == 4)
    assert east.stream(pair.name).subjects == (f"{pair.subject}.>",)
