"""The steps that take a run back: the proof that nothing is lost by it, and the source's writers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.contract import FactKind
from drctl.core.errors import RefusedError
from drctl.core.lock import Stamp
from drctl.core.topology import HEARTBEAT_STREAM
from drctl.core.verdict import Health, Tier
from drctl.ports.datastore import MirrorWish, PromotionWish
from drctl.steps.fence_streams import FenceItem
from drctl.steps.prove_unwritten import ProveUnwritten
from drctl.steps.rebuild_mirror import RebuildItem, RebuildMirror
from drctl.steps.replication import ReplicaItem
from drctl.steps.unfence_streams import UnfenceStreams
from fakes.shop import EAST, WEST, order
from steps.table import CONVERGED, STAMP, apply, case, found, nothing, settled, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.jetstream import Stream
    from fakes.world import World

LIMIT = timedelta(minutes=5)
# The run that is taken back; `STAMP` is the one that does it.
UNDONE, MARKER = Stamp("run-0", 1), "drctl-smoke-run-0"
NAMES = (HEARTBEAT_STREAM, "ORDERS")
PROVE = ProveUnwritten(
    "prove_unwritten:west", WEST, EAST, tuple(ReplicaItem(name, Tier.CRITICAL) for name in NAMES), "run-0", LIMIT
)
GIVE = UnfenceStreams("unfence_streams:east", EAST, WEST, (FenceItem("ORDERS", Tier.CRITICAL),), LIMIT)
REBUILD = RebuildMirror(
    "rebuild_mirror:west", WEST, EAST, (RebuildItem("ORDERS", Tier.CRITICAL, marker=MARKER),), LIMIT
)


@pytest.fixture
def moved(world: World) -> World:
    """East is fenced at three orders, west is promoted there."""
    for name, subjects in ((HEARTBEAT_STREAM, ("_drctl.hb.*", "_drctl.inv.*")), ("ORDERS", ("orders.>",))):
        world.region(EAST).datastore.fence(name, UNDONE)
        world.region(WEST).datastore.streams()
        world.region(WEST).datastore.promote(PromotionWish(name, subjects), UNDONE)
    world.calls.writes.clear()
    return world


def west(world: World, name: str = "ORDERS") -> Stream:
    return world.region(WEST).jetstream.streams[name]


def smoke_in_the_body(world: World) -> None:
    world.region(WEST).jetstream.publish("orders.smoke", json.dumps({"mark": MARKER}).encode())


def smoke_in_a_header(world: World) -> None:
    world.region(WEST).jetstream.publish("orders.new", b"{}", (("Shop-Mark", MARKER),))


def smoke_by_hand(world: World) -> None:
    world.region(WEST).jetstream.publish("orders.new", b"{}", (("Shop-Mark", "drctl-smoke-by-hand"),))


def smoke_of_another_run(world: World) -> None:
    world.region(WEST).jetstream.publish("orders.new", b"{}", (("Shop-Mark", "drctl-smoke-run-9"),))


def beat(world: World) -> None:
    world.region(WEST).jetstream.publish("_drctl.hb.west", b"{}")


def an_order(world: World) -> None:
    order(world, 1, WEST)


def smoke_and_an_order(world: World) -> None:
    smoke_in_the_body(world)
    an_order(world)


def forget_the_fork(world: World) -> None:
    del west(world).config["metadata"]["drctl.fork_seq"]


def receive_what_came_late(world: World) -> None:
    """Let the fork in the metadata be one behind: a mirror that still received was promoted (nats.md 1.4, T7)."""
    west(world).config["metadata"]["drctl.fork_seq"] = "2"


def fence_west(world: World) -> None:
    for name in NAMES:
        world.region(WEST).datastore.fence(name, STAMP)


def rebuild_west(world: World) -> None:
    fence_west(world)
    config = world.region(EAST).datastore.stream("ORDERS").config
    world.region(WEST).datastore.rebuild_mirror(MirrorWish("ORDERS", EAST, config), STAMP)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("nothing behind the fork is no loss", nothing, CONVERGED),
        case("a marked write in the body is drctls own", smoke_in_the_body, CONVERGED),
        case("a marked write in a header is drctls own", smoke_in_a_header, CONVERGED),
        case("a marked write by hand is drctls own", smoke_by_hand, CONVERGED),
        case("a heartbeat is drctls own", beat, CONVERGED),
        case("a message that came from the origin late is no write", receive_what_came_late, CONVERGED),
        case("a mirror has no fork", rebuild_west, CONVERGED),
        case("an order is the point of no return", an_order, ("blocked no-return-passed",)),
        case("an order behind a marked write is found", smoke_and_an_order, ("blocked no-return-passed",)),
        case("another runs mark is not this ones", smoke_of_another_run, ("blocked no-return-passed",)),
        case("a fork that nobody wrote down proves nothing", forget_the_fork, ("blocked fork-unknown",)),
        case("a region that is gone is unknown", lambda world: world.kill(WEST), ("unknown unreachable",)),
    ],
)
def test_what_may_be_taken_back(moved: World, arrange: Callable[[World], object], expected: tuple[str, ...]) -> None:
    arrange(moved)

    assert found(PROVE, moved) == expected
    blocked = Health.PROGRESSING if expected == ("unknown unreachable",) else Health.FAILED
    assert verified(PROVE, moved).health is (Health.HEALTHY if expected == CONVERGED else blocked)


def test_the_first_write_of_the_applications_own_is_named_with_its_stream_and_sequence(moved: World) -> None:
    smoke_and_an_order(moved)
    order(moved, 3, WEST)

    assert "west stored ORDERS 5 (orders.new)" in verified(PROVE, moved).message


def test_an_origin_that_is_silent_proves_nothing(moved: World) -> None:
    an_order(moved)
    moved.kill(EAST)

    assert found(PROVE, moved) == ("unknown unreachable",)


def test_what_will_be_dropped_is_listed_and_is_no_loss(moved: World) -> None:
    smoke_in_the_body(moved)
    beat(moved)

    facts = PROVE.measure(moved.probes(STAMP), moved.clock.now())

    told = {fact.kind: (fact.subject, fact.value, fact.note) for fact in facts}
    listed = "1 of drctl's own after its fork at 3, to be dropped: 4"
    assert told[FactKind.LOSS_MESSAGES_EXACT] == ("ORDERS", 0, listed)
    assert told[FactKind.FREEZE_SEQ][:2] == ("ORDERS", 3)
    assert {fact.subject for fact in facts} == {"ORDERS"}


def unfence_east(world: World) -> None:
    world.region(EAST).datastore.unfence("ORDERS", STAMP)


def make_east_a_mirror(world: World) -> None:
    config = world.region(WEST).datastore.stream("ORDERS").config
    world.region(EAST).datastore.rebuild_mirror(MirrorWish("ORDERS", WEST, config), STAMP)


BACK = (
    "east/stream/ORDERS subjects: ('_drctl.fenced.ORDERS',) -> ('orders.>',)",
    'east/stream/ORDERS metadata.drctl.subjects: ["orders.>"] -> None',
    "east/stream/ORDERS metadata.drctl.epoch: 1 -> <epoch>",
    "east/stream/ORDERS metadata.drctl.run: run-0 -> <run id>",
)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a fenced stream gets its subjects back", fence_west, BACK),
        case("a stream that was rebuilt elsewhere is no writer", rebuild_west, BACK),
        case("what the other region takes stays fenced", nothing, ("blocked two-writers",)),
        case("a mirror has no copy of its own", make_east_a_mirror, ("blocked undo-impossible",)),
        case("a region that is gone is unknown", lambda world: world.kill(EAST), ("unknown unreachable",)),
        case("an other region that is gone is unknown", lambda world: world.kill(WEST), ("unknown unreachable",)),
    ],
)
def test_what_is_given_back(moved: World, arrange: Callable[[World], object], expected: tuple[str, ...]) -> None:
    arrange(moved)

    assert found(GIVE, moved) == expected


def test_a_stream_that_was_given_back_takes_writes_and_goes_on_behind_its_last_sequence(moved: World) -> None:
    fence_west(moved)
    assert verified(GIVE, moved).health is Health.PROGRESSING

    apply(GIVE, moved)

    assert found(GIVE, moved) == CONVERGED
    assert settled(GIVE, moved) is Health.HEALTHY
    order(moved, 1, EAST)
    assert moved.region(EAST).jetstream.streams["ORDERS"].last_seq == 4


def test_a_second_taker_of_the_same_subject_is_seen(moved: World) -> None:
    fence_west(moved)
    apply(GIVE, moved)
    moved.region(EAST).jetstream.streams["COPY"] = type(west(moved))({"name": "COPY", "subjects": ["orders.>"]})

    assert verified(GIVE, moved).health is Health.FAILED


def test_what_carries_the_mark_is_dropped_by_the_rebuild(moved: World) -> None:
    smoke_in_the_body(moved)
    fence_west(moved)
    unfence_east(moved)

    apply(REBUILD, moved)

    assert found(REBUILD, moved) == CONVERGED
    assert west(moved).config["mirror"]["name"] == "ORDERS"


@pytest.mark.parametrize("arrange", [smoke_and_an_order, forget_the_fork], ids=["an order", "no fork"])
def test_what_is_not_proved_to_be_drctls_own_is_never_deleted(moved: World, arrange: Callable[[World], object]) -> None:
    arrange(moved)
    fence_west(moved)
    unfence_east(moved)

    with pytest.raises(RefusedError, match="would lose messages"):
        apply(REBUILD, moved)
    assert not any("delete" in name for name in moved.calls.writes)
