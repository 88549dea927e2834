"""Turning mirrors into streams that take writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from contract.nats.rigs import Pair, mirror_of
from contract.nats.servers import eventually
from drctl.core.errors import NotFoundError, RefusedError
from drctl.core.lock import Stamp
from drctl.core.observed import StreamRole
from drctl.ports.datastore import PromotionWish

if TYPE_CHECKING:
    from contract.nats.rigs import Rig


def wish(pair: Pair, **deferred: object) -> PromotionWish:
    fields = tuple((field, json.dumps(value)) for field, value in deferred.items())
    return PromotionWish(pair.name, (f"{pair.subject}.>",), fields)


def test_a_promoted_mirror_takes_writes_after_the_last_one_it_got(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("east").fence(pair.name, stamp)
    rig.datastore("west").promote(wish(pair), stamp)

    stream = rig.datastore("west").stream(pair.name)
    assert stream.role is StreamRole.ACTIVE
    assert stream.subjects == (f"{pair.subject}.>",)
    assert stream.mirror_of == ""
    assert rig.datastore("west").binders(f"{pair.subject}.>") == (pair.name,)
    assert rig.publish("west", f"{pair.subject}.new")
    assert rig.datastore("west").stream(pair.name).last_seq == 4


def test_the_fork_is_written_down_with_its_time(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    last_time = rig.datastore("west").stream(pair.name).last_time

    rig.datastore("west").promote(wish(pair), stamp)
    rig.publish("west", f"{pair.subject}.new")

    stream = rig.datastore("west").stream(pair.name)
    assert (stream.fork_seq, stream.fork_time, stream.epoch) == (3, last_time, stamp.epoch)
    metadata = rig.config("west", pair.name)["metadata"]
    assert metadata["drctl.run"] == stamp.run_id
    assert json.loads(metadata["drctl.origin"])["name"] == pair.name


def test_an_empty_mirror_forks_at_zero(rig: Rig, name: str, stamp: Stamp) -> None:
    pair = Pair(rig, name)
    rig.datastore("west").promote(wish(pair), stamp)

    stream = rig.datastore("west").stream(name)
    assert (stream.fork_seq, stream.fork_time) == (0, None)


def test_a_second_promotion_changes_nothing(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("west").promote(wish(pair), stamp)
    rig.publish("west", f"{pair.subject}.new")
    before = rig.config("west", pair.name)

    rig.datastore("west").promote(wish(pair), Stamp("later", 9))

    assert rig.config("west", pair.name) == before
    assert rig.datastore("west").stream(pair.name).fork_seq == 3


def test_no_field_of_the_configuration_is_lost(rig: Rig, name: str, stamp: Stamp) -> None:
    pair = Pair(
        rig,
        name,
        max_age=123456789012345678,
        max_msgs=1000,
        max_bytes=10**7,
        max_msgs_per_subject=7,
        max_msg_size=12345,
        allow_rollup_hdrs=True,
        deny_delete=True,
        allow_msg_ttl=True,
        description="orders of the shop",
        compression="s2",
        subject_transform={"src": f"orders.{name}.>", "dest": f"orders.{name}.>"},
        republish={"src": ">", "dest": f"again.{name}.>"},
        consumer_limits={"inactive_threshold": 3600 * 10**9, "max_ack_pending": 100},
    )
    before = rig.config("west", name)

    rig.datastore("west").promote(wish(pair), stamp)

    after = rig.config("west", name)
    changed = {key for key in before | after if before.get(key) != after.get(key)}
    assert changed == {"mirror", "subjects", "metadata"}
    assert after["max_age"] == 123456789012345678


def test_messages_and_durables_stay(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.consume("west", pair.name, "audit", 2)
    times = [message.at for message in rig.datastore("west").messages(pair.name, 1, 3)]

    rig.datastore("west").promote(wish(pair), stamp)

    assert [message.at for message in rig.datastore("west").messages(pair.name, 1, 3)] == times
    assert rig.datastore("west").consumers(pair.name)[0].floor == 2


def test_features_that_a_mirror_may_not_have_come_with_the_promotion(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    deferred: dict[str, object] = {
        "allow_atomic": True,
        "allow_msg_ttl": True,
        "allow_rollup_hdrs": True,
        "allow_msg_schedules": True,
        "subject_delete_marker_ttl": 60 * 10**9,
    }
    rig.datastore("west").promote(wish(pair, **deferred), stamp)

    after = rig.config("west", pair.name)
    assert {field: after[field] for field in deferred} == deferred


def test_a_stream_on_other_subjects_is_left_alone(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("west").promote(wish(pair), stamp)

    with pytest.raises(RefusedError, match=pair.name):
        rig.datastore("west").promote(PromotionWish(pair.name, (f"{pair.subject}.other",)), stamp)
    assert rig.datastore("west").stream(pair.name).subjects == (f"{pair.subject}.>",)


def test_a_fenced_stream_is_not_promoted(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("east").fence(pair.name, stamp)

    with pytest.raises(RefusedError, match="fenced"):
        rig.datastore("east").promote(wish(pair), stamp)
    assert rig.datastore("east").stream(pair.name).role is StreamRole.FENCED


def test_a_run_that_was_overtaken_promotes_nothing(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    metadata = rig.config("west", pair.name)["metadata"]
    rig.update("west", pair.name, {"metadata": metadata | {"drctl.epoch": "8"}})

    with pytest.raises(RefusedError, match="epoch 8"):
        rig.datastore("west").promote(wish(pair), stamp)
    assert rig.datastore("west").stream(pair.name).role is StreamRole.MIRROR


def test_subjects_that_another_stream_owns_are_not_taken(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.create("west", {"name": f"{pair.name}_x", "subjects": [f"{pair.subject}.a"], "storage": "memory"})

    with pytest.raises(RefusedError, match=f"{pair.name}_x"):
        rig.datastore("west").promote(wish(pair), stamp)
    assert rig.datastore("west").stream(pair.name).role is StreamRole.MIRROR


def test_a_promotion_without_subjects_is_refused_before_it_is_sent(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    with pytest.raises(RefusedError, match="subjects"):
        rig.datastore("west").promote(PromotionWish(pair.name, ()), stamp)
    assert rig.datastore("west").stream(pair.name).role is StreamRole.MIRROR


def test_a_stream_that_is_not_there_cannot_be_promoted(rig: Rig, name: str, stamp: Stamp) -> None:
    with pytest.raises(NotFoundError, match=name):
        rig.datastore("west").promote(PromotionWish(name, ("a",)), stamp)


def test_an_old_fork_does_not_survive_the_next_promotion(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    metadata = rig.config("west", pair.name)["metadata"]
    rig.update("west", pair.name, {"metadata": metadata | {"drctl.fork_seq": "1", "drctl.fork_ts": "nonsense"}})

    rig.datastore("west").promote(wish(pair), stamp)

    assert rig.datastore("west").stream(pair.name).fork_seq == 3


def test_a_mirror_that_is_behind_forks_where_it_is(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.cut()
    try:
        pair.fill(5)
        rig.datastore("west").promote(wish(pair), stamp)
        assert rig.datastore("west").stream(pair.name).fork_seq == 3
    finally:
        rig.heal()
    assert rig.datastore("east").stream(pair.name).last_seq == 8
    assert rig.datastore("west").stream(pair.name).last_seq == 3


def test_a_bucket_goes_on_counting_its_revisions(rig: Rig, name: str, stamp: Stamp) -> None:
    bucket, subject = f"KV_{name}", f"$KV.{name}"
    origin = {"name": bucket, "subjects": [f"{subject}.>"], "storage": "memory", "max_msgs_per_subject": 5}
    rig.create("east", origin | {"allow_rollup_hdrs": True, "deny_delete": True, "discard": "new"})
    rig.create("west", mirror_of(rig.config("east", bucket)))
    rig.publish("east", f"{subject}.price", b"1")
    rig.publish("east", f"{subject}.price", b"2")
    assert not rig.publish("west", f"{subject}.price", b"too early")
    eventually(lambda: rig.datastore("west").stream(bucket).last_seq == 2)

    rig.datastore("east").fence(bucket, stamp)
    rig.datastore("west").promote(PromotionWish(bucket, (f"{subject}.>",)), stamp)

    assert rig.publish("west", f"{subject}.price", b"3")
    stored = list(rig.datastore("west").messages(bucket, 1, 9))
    assert [(message.seq, message.data) for message in stored] == [(1, b"1"), (2, b"2"), (3, b"3")]
