"""Taking subjects away, and giving them back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from contract.nats.rigs import Pair
from contract.nats.servers import eventually
from drctl.core.errors import NotFoundError, RefusedError
from drctl.core.lock import Stamp
from drctl.core.observed import StreamRole

if TYPE_CHECKING:
    from contract.nats.rigs import Rig

EARLIER = Stamp("earlier", 3)


def binders(rig: Rig, pair: Pair, region: str = "east") -> tuple[str, ...]:
    return rig.datastore(region).binders(f"{pair.subject}.probe")


def test_a_fence_leaves_no_stream_that_takes_the_subject(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    assert binders(rig, pair) == (pair.name,)

    rig.datastore("east").fence(pair.name, stamp)

    assert binders(rig, pair) == ()
    assert not rig.publish("east", f"{pair.subject}.new")


def test_a_probe_stores_nothing(rig: Rig, pair: Pair) -> None:
    binders(rig, pair)

    assert rig.datastore("east").stream(pair.name).last_seq == 3


def test_nobody_binds_a_mirrors_subjects_in_its_own_region(rig: Rig, pair: Pair) -> None:
    assert binders(rig, pair, "west") == ()


def test_a_fence_keeps_messages_durables_and_every_other_field(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.consume("east", pair.name, "billing", 2)
    rig.update("east", pair.name, {"max_age": 123456789012345678, "metadata": {"team": "a"}, "max_msgs": 99})
    before = rig.config("east", pair.name)

    rig.datastore("east").fence(pair.name, stamp)

    after = rig.config("east", pair.name)
    assert {key for key in before | after if before.get(key) != after.get(key)} == {"subjects", "metadata"}
    assert after["metadata"]["team"] == "a"
    assert rig.datastore("east").stream(pair.name).messages == 3
    assert rig.datastore("east").consumers(pair.name)[0].floor == 2


def test_a_fence_is_signed(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("east").fence(pair.name, stamp)

    assert rig.datastore("east").stream(pair.name).epoch == stamp.epoch
    assert rig.config("east", pair.name)["metadata"]["drctl.run"] == stamp.run_id


def test_a_second_fence_keeps_the_subjects_that_the_first_one_took(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("east").fence(pair.name, stamp)
    rig.datastore("east").fence(pair.name, stamp)

    assert rig.datastore("east").stream(pair.name).original_subjects == (f"{pair.subject}.>",)


def test_a_mirror_is_not_fenced(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("west").fence(pair.name, stamp)

    assert rig.datastore("west").stream(pair.name).role is StreamRole.MIRROR


def test_a_run_that_was_overtaken_fences_nothing(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("east").fence(pair.name, stamp)
    rig.datastore("east").unfence(pair.name, stamp)

    with pytest.raises(RefusedError, match="epoch 7"):
        rig.datastore("east").fence(pair.name, EARLIER)
    assert rig.datastore("east").stream(pair.name).role is StreamRole.ACTIVE


def test_a_stream_that_is_not_there_cannot_be_fenced(rig: Rig, name: str, stamp: Stamp) -> None:
    with pytest.raises(NotFoundError, match=name):
        rig.datastore("east").fence(name, stamp)


def test_a_mirror_goes_on_while_its_origin_is_fenced(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.cut()
    try:
        pair.fill(2)
    finally:
        rig.heal()
    rig.datastore("east").fence(pair.name, stamp)

    eventually(lambda: rig.datastore("west").stream(pair.name).last_seq == 5, within=30)


def test_subjects_are_given_back(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("east").fence(pair.name, stamp)
    rig.datastore("east").unfence(pair.name, stamp)

    assert rig.datastore("east").stream(pair.name).subjects == (f"{pair.subject}.>",)
    assert rig.publish("east", f"{pair.subject}.new")
    eventually(lambda: rig.datastore("west").stream(pair.name).last_seq == 4)


def test_subjects_that_were_given_back_are_not_kept_in_the_metadata_too(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("east").fence(pair.name, stamp)
    rig.datastore("east").unfence(pair.name, stamp)

    assert "drctl.subjects" not in rig.config("east", pair.name)["metadata"]
    assert rig.datastore("east").stream(pair.name).original_subjects == ()


def test_giving_back_twice_changes_nothing(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("east").fence(pair.name, stamp)
    rig.datastore("east").unfence(pair.name, stamp)
    before = rig.config("east", pair.name)

    rig.datastore("east").unfence(pair.name, stamp)

    assert rig.config("east", pair.name) == before


def test_a_mirror_has_no_subjects_to_be_given_back(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    with pytest.raises(RefusedError, match="mirror"):
        rig.datastore("west").unfence(pair.name, stamp)


def test_a_fence_made_by_hand_without_metadata_cannot_be_undone(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.update("east", pair.name, {"subjects": [f"_drctl.fenced.{pair.name}"]})

    with pytest.raises(RefusedError, match="subjects"):
        rig.datastore("east").unfence(pair.name, stamp)


def test_several_subjects_come_back_as_they_were(rig: Rig, name: str, stamp: Stamp) -> None:
    subjects = [f"orders.{name}.one", f"orders.{name}.*.two", f"orders.{name}.a.b.>"]
    rig.create("east", {"name": name, "subjects": subjects, "storage": "memory"})

    rig.datastore("east").fence(name, stamp)
    assert json.loads(rig.config("east", name)["metadata"]["drctl.subjects"]) == subjects
    assert rig.datastore("east").binders(f"orders.{name}.*.two") == ()
    rig.datastore("east").unfence(name, stamp)

    assert rig.datastore("east").stream(name).subjects == tuple(subjects)
    assert rig.datastore("east").binders(f"orders.{name}.*.two") == (name,)


def test_a_wildcard_is_probed_inside_of_it(rig: Rig, pair: Pair) -> None:
    assert rig.datastore("east").binders(f"{pair.subject}.>") == (pair.name,)


def test_many_subjects_are_probed_together(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    other = Pair(rig, f"{pair.name}_2")
    rig.datastore("east").fence(other.name, stamp)
    subjects = (f"{pair.subject}.>", f"{pair.subject}.*.b", f"{other.subject}.>")

    found = rig.datastore("east").binders_of(subjects)

    assert found == {subjects[0]: (pair.name,), subjects[1]: (pair.name,), subjects[2]: ()}
    assert rig.datastore("east").binders_of(()) == {}


def test_two_streams_that_take_one_subject_in_two_regions_are_both_found(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.update("west", pair.name, {"mirror": None, "subjects": [f"{pair.subject}.>"]})

    assert binders(rig, pair, "east") == (pair.name,)
    assert binders(rig, pair, "west") == (pair.name,)
    rig.datastore("east").fence(pair.name, stamp)
    assert binders(rig, pair, "east") == ()
    assert binders(rig, pair, "west") == (pair.name,)
