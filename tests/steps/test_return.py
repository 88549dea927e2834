"""The steps that bring an old region back: the link, the tail, the mirrors."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.contract import FactKind
from drctl.core.errors import RefusedError
from drctl.core.verdict import Health, Tier
from drctl.ports.datastore import PromotionWish
from drctl.steps.await_link import AwaitLink
from drctl.steps.await_sync import AwaitSync
from drctl.steps.drain_streams import DrainStreams
from drctl.steps.rebuild_mirror import RebuildItem, RebuildMirror
from drctl.steps.replication import ReplicaItem
from drctl.steps.rescue_tail import RescueTail, TailItem
from drctl.steps.seal_tail import SealTail
from fakes.shop import EAST, WEST, order
from steps.table import CONVERGED, STAMP, apply, case, found, nothing, settled, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.jetstream import Stream
    from fakes.world import World

LIMIT = timedelta(minutes=5)
RESCUE = "RESCUE_ORDERS_1"
TAIL = TailItem("ORDERS", Tier.CRITICAL, 3, RESCUE)
PAIR = ReplicaItem("ORDERS", Tier.CRITICAL)
LINK = AwaitLink("await_link", EAST, WEST, LIMIT)
KEEP = RescueTail("rescue_tail:east", EAST, WEST, (TAIL,), LIMIT)
SEAL = SealTail("seal_tail:east", EAST, WEST, (TAIL,), LIMIT)
REBUILD = RebuildMirror("rebuild_mirror:east", EAST, WEST, (RebuildItem("ORDERS", Tier.CRITICAL, 3, RESCUE),), LIMIT)
SYNC = AwaitSync("await_sync:east", WEST, EAST, (PAIR,), LIMIT)


@pytest.fixture
def forked(world: World) -> World:
    """East took two orders that never crossed, west was promoted and took one; east is back and fenced."""
    world.cut_link()
    order(world, 2)
    world.region(WEST).datastore.promote(PromotionWish("ORDERS", ("orders.>",)), STAMP)
    order(world, 1, WEST)
    world.region(EAST).datastore.fence("ORDERS", STAMP)
    world.heal_link()
    world.calls.writes.clear()
    return world


def east(world: World) -> Stream:
    return world.region(EAST).jetstream.streams["ORDERS"]


def forget_the_tail(world: World) -> None:
    east(world).messages, east(world).last_seq = east(world).messages[:3], 3


def keep(world: World) -> None:
    apply(KEEP, world)


def keep_and_seal(world: World) -> None:
    apply(KEEP, world)
    apply(SEAL, world)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a link that carries both ways is healthy", nothing, Health.HEALTHY),
        case("a link that is cut is waited for", lambda world: world.cut_link(), Health.PROGRESSING),
        case("a region that does not answer is waited for", lambda world: world.kill(EAST), Health.PROGRESSING),
    ],
)
def test_the_link(world: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(world)

    assert found(LINK, world) == CONVERGED
    assert verified(LINK, world).health is expected


def delete_the_forks_message_in_west(world: World) -> None:
    stream = world.region(WEST).jetstream.streams["ORDERS"]
    stream.messages = [message for message in stream.messages if message.seq != 3]


def shift_the_forks_message(world: World) -> None:
    stream = world.region(WEST).jetstream.streams["ORDERS"]
    stream.messages[2] = replace(stream.messages[2], at=stream.messages[2].at + timedelta(seconds=1))


KEPT = (f"west/stream/{RESCUE} mirror: None -> ORDERS of east from 4",)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a tail that is not kept is to be kept", nothing, KEPT),
        case("a tail of zero needs nothing", forget_the_tail, CONVERGED),
        case("a tail that is kept needs nothing", keep, CONVERGED),
        case("a fork that differs is not two sides of one stream", shift_the_forks_message, ("blocked fork-differs",)),
        case("a forks message that was deleted proves nothing", delete_the_forks_message_in_west, KEPT),
        case("a region that is gone is unknown", lambda world: world.kill(EAST), ("unknown unreachable",)),
    ],
)
def test_what_is_to_be_rescued(forked: World, arrange: Callable[[World], object], expected: tuple[str, ...]) -> None:
    arrange(forked)

    assert found(KEEP, forked) == expected


def test_a_tail_is_kept_with_its_own_sequences_and_times(forked: World) -> None:
    keep(forked)

    kept = forked.region(WEST).jetstream.streams[RESCUE].messages
    assert kept == east(forked).messages[3:]
    assert verified(KEEP, forked).health is Health.HEALTHY


def test_a_tail_with_deleted_messages_inside_is_kept_as_it_is(forked: World) -> None:
    del east(forked).messages[3]

    keep(forked)

    assert [message.seq for message in forked.region(WEST).jetstream.streams[RESCUE].messages] == [5]
    assert verified(KEEP, forked).health is Health.HEALTHY


def test_a_tail_that_still_comes_is_waited_for(forked: World) -> None:
    forked.region(WEST).jetstream.pull_max = 1
    keep(forked)

    assert settled(KEEP, forked) is Health.HEALTHY


def test_without_the_link_a_rescue_stays_empty_and_is_never_called_whole(forked: World) -> None:
    forked.cut_link()
    keep(forked)

    assert settled(KEEP, forked) is Health.PROGRESSING


def test_a_sealed_tail_is_exported_with_its_checksums_and_takes_nothing_any_more(forked: World) -> None:
    keep_and_seal(forked)

    exported = [json.loads(line) for line in forked.evidence.files[f"{RESCUE}.jsonl"]]
    assert [line["seq"] for line in exported] == [4, 5]
    rescue = forked.region(WEST).jetstream.streams[RESCUE]
    assert rescue.config["sealed"] is True
    assert verified(SEAL, forked).health is Health.HEALTHY
    assert found(SEAL, forked) == CONVERGED
    facts = SEAL.measure(forked.probes(STAMP), forked.clock.now())
    assert FactKind.TAIL_MESSAGES in {fact.kind for fact in facts}
    assert 2 in {fact.value for fact in facts}


def test_a_tail_that_was_sealed_by_hand_is_exported_once(forked: World) -> None:
    keep(forked)
    forked.region(WEST).datastore.seal_tail(RESCUE)

    assert found(SEAL, forked) == (f"evidence/{RESCUE}.jsonl lines: None -> 2",)
    apply(SEAL, forked)

    assert [json.loads(line)["seq"] for line in forked.evidence.files[f"{RESCUE}.jsonl"]] == [4, 5]
    assert found(SEAL, forked) == CONVERGED


def test_where_a_tail_is_kept_is_measured_with_the_files_checksum(forked: World) -> None:
    keep_and_seal(forked)

    facts = {fact.kind: fact.value for fact in SEAL.measure(forked.probes(STAMP), forked.clock.now())}

    file = forked.evidence.kept(f"{RESCUE}.jsonl")
    assert file is not None
    assert facts == {
        FactKind.TAIL_MESSAGES: 2,
        FactKind.TAIL_KEPT_IN: RESCUE,
        FactKind.TAIL_FILE: file.path,
        FactKind.TAIL_SHA256: file.sha256,
    }


def test_a_tail_of_zero_is_said_and_no_stream_is_made(forked: World) -> None:
    forget_the_tail(forked)

    assert found(SEAL, forked) == CONVERGED
    facts = SEAL.measure(forked.probes(STAMP), forked.clock.now())
    assert [fact.value for fact in facts if fact.kind is FactKind.TAIL_MESSAGES] == [0]
    assert RESCUE not in forked.region(WEST).jetstream.streams


def test_nothing_is_deleted_before_its_tail_is_sealed(forked: World) -> None:
    keep(forked)

    with pytest.raises(RefusedError, match="not sealed"):
        apply(REBUILD, forked)

    assert east(forked).last_seq == 5


def test_nothing_is_deleted_that_still_takes_writes(world: World) -> None:
    world.region(WEST).datastore.promote(PromotionWish("ORDERS", ("orders.>",)), STAMP)

    with pytest.raises(RefusedError, match="fenced"):
        apply(REBUILD, world)


def test_without_a_rescue_nothing_is_deleted_that_the_active_region_does_not_hold(forked: World) -> None:
    east(forked).last_seq = 9
    step = replace(REBUILD, items=(RebuildItem("ORDERS", Tier.CRITICAL),))

    with pytest.raises(RefusedError, match="would lose messages"):
        apply(step, forked)


def test_the_heartbeat_stream_is_in_no_ledger(forked: World) -> None:
    west, item = forked.region(WEST).datastore, RebuildItem("DRCTL_HB", Tier.CRITICAL)
    west.promote(PromotionWish("DRCTL_HB", ("_drctl.hb.*", "_drctl.inv.*")), STAMP)
    forked.region(EAST).jetstream.publish("_drctl.hb.east", b"{}")
    forked.region(EAST).datastore.fence("DRCTL_HB", STAMP)

    apply(replace(REBUILD, items=(item,)), forked)

    assert forked.region(EAST).jetstream.streams["DRCTL_HB"].config["mirror"]


def test_a_rebuilt_mirror_has_what_the_active_region_has_and_nothing_else(forked: World) -> None:
    keep_and_seal(forked)

    apply(REBUILD, forked)

    assert verified(REBUILD, forked).health is Health.HEALTHY
    assert east(forked).messages == forked.region(WEST).jetstream.streams["ORDERS"].messages
    assert found(REBUILD, forked) == CONVERGED


def test_a_stream_that_the_active_region_does_not_have_cannot_be_mirrored(forked: World) -> None:
    forked.region(WEST).jetstream.delete("ORDERS")

    assert found(REBUILD, forked) == ("blocked origin-missing",)


def rebuild(world: World) -> None:
    keep_and_seal(world)
    apply(REBUILD, world)


def rebuild_slowly(world: World) -> None:
    keep_and_seal(world)
    world.region(EAST).jetstream.pull_max = 1
    apply(REBUILD, world)


def rebuild_without_the_link(world: World) -> None:
    keep_and_seal(world)
    world.cut_link()
    apply(REBUILD, world)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a mirror with everything is in sync", rebuild, Health.HEALTHY),
        case("a mirror that gets there is waited for and then in sync", rebuild_slowly, Health.HEALTHY),
        case("a mirror without its link never is", rebuild_without_the_link, Health.PROGRESSING),
        case("what is no mirror fails", nothing, Health.FAILED),
    ],
)
def test_in_sync(forked: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(forked)

    assert settled(SYNC, forked) is expected


def fence_east(world: World) -> None:
    world.region(EAST).datastore.fence("ORDERS", STAMP)


def fence_east_behind(world: World) -> None:
    world.cut_link()
    order(world, 2)
    fence_east(world)


def promote_by_hand_at_the_end(world: World) -> None:
    fence_east(world)
    west = world.region(WEST).jetstream
    stream = west.streams["ORDERS"]
    config = {key: value for key, value in stream.config.items() if key != "mirror"}
    west.update(config | {"subjects": ["orders.>"], "metadata": {"drctl.fork_seq": "3"}})


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a source that takes writes cannot be drained", nothing, Health.FAILED),
        case("a fenced source whose end the mirror has is drained", fence_east, Health.HEALTHY),
        case("a mirror that lacks the end is waited for", fence_east_behind, Health.PROGRESSING),
        case("a mirror that was promoted by hand at that end was drained", promote_by_hand_at_the_end, Health.HEALTHY),
        case("a silent source is waited for", lambda world: world.kill(EAST), Health.PROGRESSING),
    ],
)
def test_drained(world: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(world)

    assert settled(DrainStreams("drain_streams:east", EAST, WEST, (PAIR,), LIMIT), world) is expected
