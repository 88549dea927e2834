"""The printed lines do what drctl does: each is run by a shell, as it is, against real servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import pytest

from contract.nats.rigs import NatsRig, Pair
from contract.nats.servers import eventually
from drctl.core.access import BY_HAND, Access
from drctl.core.lock import Stamp
from drctl.core.observed import StreamRole
from drctl.core.sides import Serving, serving
from drctl.core.verdict import Tier
from drctl.ports.datastore import MirrorWish, PromotionWish, TailWish
from drctl.steps.await_link import AwaitLink
from drctl.steps.carry_consumers import CarryConsumers, ConsumerItem
from drctl.steps.fence_streams import FenceItem, FenceStreams
from drctl.steps.promote_stream import PromoteItem, PromoteStream
from drctl.steps.rebuild_mirror import RebuildItem, RebuildMirror
from drctl.steps.rescue_tail import RescueTail, TailItem
from drctl.steps.seal_tail import SealTail
from drctl.steps.unfence_streams import UnfenceStreams

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from contract.nats.servers import Servers
    from drctl.core.access import Command

SOON = timedelta(seconds=10)
TIER = Tier.CRITICAL


@pytest.fixture
def rig(shared_servers: Servers) -> Iterator[NatsRig]:
    """The real servers only: a fake knows no shell."""
    rig = NatsRig(shared_servers)
    yield rig
    rig.close()


@pytest.fixture
def access(shared_servers: Servers, tmp_path: Path, stamp: Stamp) -> Access:
    """As drctl.yaml has it, signing as the adapter does; the password's file has a blank in its path."""
    secret = tmp_path / "my password"
    secret.write_text(shared_servers.credentials("drctl").password + "\n")

    def nats(region: str) -> str:
        url = quote(shared_servers.url(region))
        return f'NATS_PASSWORD="$(cat {quote(str(secret))})" nats --server {url} --user drctl'

    prefixes = tuple((region, nats(region)) for region in ("east", "west"))
    domains = (("east", "east"), ("west", "west"))
    bare = Access(kubectl=(), nats=prefixes, dns=(), curl="curl", public_name="shop.lab.test", domains=domains)
    return bare.signed(stamp)


def shell(line: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(
        [str(Path(__file__).parents[2] / "tools"), str(Path(sys.executable).parent), os.environ["PATH"]]
    )
    environment = {"PATH": path, "HOME": "/nonexistent"}
    argv = ["sh", "-c", line]
    return subprocess.run(argv, capture_output=True, text=True, env=environment, timeout=30, check=False)


def run(commands: Sequence[Command]) -> list[str]:
    """Run every line as somebody would who has drctl's environment active; return what each printed."""
    printed = []
    for command in commands:
        done = shell(command.line)
        assert done.returncode == 0, (command.line, done.stdout, done.stderr)
        assert done.stderr == "", (command.line, done.stderr)
        printed.append(done.stdout)
    return printed


def refuses(step: SealTail | RebuildMirror | FenceStreams, access: Access) -> str:
    """Run a step's first line, which must write nothing; return why it did not."""
    line = next(command.line for command in step.by_hand(access) if command.writes)
    done = shell(line)
    assert done.returncode != 0, (line, done.stdout)
    assert done.stdout == ""
    return done.stderr


def refused(printed: list[str]) -> list[Any]:
    return [json.loads(text)["error"] for text in printed if '"error"' in text]


def fence(region: str, *names: str) -> FenceStreams:
    return FenceStreams("f", region, tuple(FenceItem(name, TIER) for name in names), SOON)


def promote(region: str, pair: Pair, *deferred: tuple[str, str]) -> PromoteStream:
    item = PromoteItem(pair.name, TIER, (f"{pair.subject}.>",), deferred)
    return PromoteStream("p", region, (item,), SOON)


def wish_of(pair: Pair, *deferred: tuple[str, str]) -> PromotionWish:
    return PromotionWish(pair.name, (f"{pair.subject}.>",), deferred)


def return_by_drctl(rig: NatsRig, pair: Pair, stamp: Stamp) -> None:
    """Do what the lines do, by the adapter."""
    east, west, kept = rig.datastore("east"), rig.datastore("west"), tail(pair)
    east.fence(pair.name, stamp)
    west.keep_tail(TailWish(kept.rescue, pair.name, "east", 4), stamp)
    eventually(lambda: west.stream(kept.rescue).messages == 3)
    west.seal_tail(kept.rescue)
    east.rebuild_mirror(MirrorWish(pair.name, "west", west.stream(pair.name).config), stamp)
    eventually(lambda: east.stream(pair.name).last_seq == 5)


def tail(pair: Pair) -> TailItem:
    return TailItem(pair.name, TIER, 3, f"RESCUE_{pair.name}_7")


@pytest.fixture
def twin(rig: NatsRig, pair: Pair) -> Pair:
    """A second stream like the first: one is done by hand, the other by drctl."""
    twin = Pair(rig, f"{pair.name}_twin")
    twin.fill(3)
    twin.sync()
    return twin


def assert_same(rig: NatsRig, region: str, pair: Pair, twin: Pair, name: str = "{}") -> None:
    """Compare a stream with its twin in everything but its name and its times."""
    by_hand, by_drctl = (rig.config(region, name.format(one.name)) for one in (pair, twin))
    for config in (by_hand, by_drctl):
        config["metadata"].pop("drctl.fork_ts", None)
        if origin := config["metadata"].get("drctl.origin"):
            config["metadata"]["drctl.origin"] = json.loads(origin)
    as_text = json.dumps(by_drctl, sort_keys=True).replace(twin.name, pair.name)
    assert json.loads(as_text) == by_hand


@pytest.fixture
def rich(rig: NatsRig, name: str) -> tuple[Pair, Pair]:
    """Two streams with unusual configurations."""
    fields: dict[str, Any] = {
        "description": "the shop's $HOME of \"orders\", 'quoted' `twice` \\ {{.Count}}",
        "max_age": 123456789012345678,
        "metadata": {"team": "it's a"},
    }
    pairs = Pair(rig, name, **fields), Pair(rig, f"{name}_twin", **fields)
    for pair in pairs:
        pair.fill(3)
        pair.sync()
    return pairs


def test_a_fence_by_hand_is_a_fence(rig: NatsRig, access: Access, rich: tuple[Pair, Pair], stamp: Stamp) -> None:
    pair, twin = rich
    printed = run(fence("east", pair.name).by_hand(access))
    rig.datastore("east").fence(twin.name, stamp)

    assert refused(printed) == []
    assert rig.datastore("east").binders(f"{pair.subject}.>") == ()
    assert rig.datastore("east").stream(pair.name).original_subjects == (f"{pair.subject}.>",)
    assert_same(rig, "east", pair, twin)


def test_a_promotion_by_hand_is_a_promotion(
    rig: NatsRig, access: Access, rich: tuple[Pair, Pair], stamp: Stamp
) -> None:
    pair, twin = rich
    deferred = (
        ("allow_atomic", "true"),
        ("subject_delete_marker_ttl", "60000000000"),
        ("allow_msg_ttl", "true"),
        ("allow_rollup_hdrs", "true"),
    )
    last_time = rig.datastore("west").stream(pair.name).last_time
    printed = run(promote("west", pair, *deferred).by_hand(access))
    rig.datastore("west").promote(wish_of(twin, *deferred), stamp)

    assert refused(printed) == []
    stream = rig.datastore("west").stream(pair.name)
    assert (stream.role, stream.fork_seq, stream.fork_time) == (StreamRole.ACTIVE, 3, last_time)
    assert rig.datastore("west").binders(f"{pair.subject}.>") == (pair.name,)
    assert_same(rig, "west", pair, twin)


def test_writers_given_back_by_hand_are_given_back(
    rig: NatsRig, access: Access, rich: tuple[Pair, Pair], stamp: Stamp
) -> None:
    pair, twin = rich
    for one in rich:
        rig.datastore("east").fence(one.name, stamp)
    step = UnfenceStreams("u", "east", "west", (FenceItem(pair.name, TIER), FenceItem(f"{pair.name}_not", TIER)), SOON)
    printed = run(step.by_hand(access))
    rig.datastore("east").unfence(twin.name, stamp)

    assert [error["err_code"] for error in refused(printed)] == [10059]
    assert rig.datastore("east").binders(f"{pair.subject}.>") == (pair.name,)
    assert_same(rig, "east", pair, twin)
    before = rig.config("east", pair.name)
    run(step.by_hand(access))
    assert rig.config("east", pair.name) == before


def test_lines_that_were_run_already_change_nothing(rig: NatsRig, access: Access, pair: Pair) -> None:
    for step, region in ((fence("east", pair.name), "east"), (promote("west", pair), "west")):
        run(step.by_hand(access))
        before = rig.config(region, pair.name)
        assert refused(run(step.by_hand(access))) == []
        assert rig.config(region, pair.name) == before


def test_a_fence_by_hand_leaves_mirrors_and_missing_streams_alone(rig: NatsRig, access: Access, pair: Pair) -> None:
    run([command for command in fence("west", pair.name, f"{pair.name}_not").by_hand(access) if command.writes])

    assert rig.datastore("west").stream(pair.name).role is StreamRole.MIRROR


def test_a_promotion_by_hand_undoes_no_fence(rig: NatsRig, access: Access, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("east").fence(pair.name, stamp)

    run(promote("east", pair).by_hand(access))

    assert rig.datastore("east").stream(pair.name).role is StreamRole.FENCED


@pytest.mark.parametrize("floor", [2, 9], ids=["before the fork", "beyond the fork"])
def test_a_durable_carried_by_hand_stands_where_drctl_puts_it(
    rig: NatsRig, access: Access, rich: tuple[Pair, Pair], floor: int, stamp: Stamp
) -> None:
    pair, twin = rich
    rig.consume("east", pair.name, "billing", 2)
    rig.consume("east", twin.name, "billing", 2)
    run(promote("west", pair).by_hand(access))
    rig.datastore("west").promote(wish_of(twin), stamp)
    for one in (pair, twin):
        one.fill(2, "west")
    consumer = rig.datastore("east").consumers(pair.name)[0]
    item = ConsumerItem(pair.name, "billing", TIER, floor, consumer.config)

    printed = run(CarryConsumers("c", "east", "west", (item,), SOON).by_hand(access))
    rig.datastore("west").carry_consumer(rig.datastore("east").consumers(twin.name)[0], floor)

    assert refused(printed) == []
    by_hand, by_drctl = (rig.datastore("west").consumers(one.name)[0] for one in (pair, twin))
    assert json.loads(by_hand.config) == json.loads(by_drctl.config)
    assert by_hand.start_seq == min(floor, 3) + 1


def test_the_way_home_by_hand_is_the_way_home(
    rig: NatsRig, access: Access, pair: Pair, twin: Pair, stamp: Stamp
) -> None:
    rig.cut()
    try:
        for one in (pair, twin):
            one.fill(4)
            rig.delete_message("east", one.name, 5)
            rig.datastore("west").promote(wish_of(one, ("allow_atomic", "true")), stamp)
            one.fill(2, "west")
    finally:
        rig.heal()
    east, west = rig.datastore("east"), rig.datastore("west")
    kept = tail(pair)
    run(AwaitLink("l", "east", "west", SOON).by_hand(access))
    printed = run(fence("east", pair.name).by_hand(access))
    printed += run(RescueTail("r", "east", "west", (kept,), SOON).by_hand(access))
    eventually(lambda: west.stream(kept.rescue).messages == 3)
    printed += run(SealTail("s", "east", "west", (kept,), SOON).by_hand(access))
    item = RebuildItem(pair.name, TIER, 3, kept.rescue)
    printed += run(RebuildMirror("b", "east", "west", (item,), SOON).by_hand(access))
    return_by_drctl(rig, twin, stamp)

    assert refused(printed) == []
    assert json.loads(west.stream(kept.rescue).config)["sealed"] is True
    assert [message.seq for message in west.messages(kept.rescue, 1, 9)] == [4, 6, 7]
    eventually(lambda: east.stream(pair.name).last_seq == 5)
    assert_same(rig, "east", pair, twin)
    assert_same(rig, "west", pair, twin, "RESCUE_{}_7")


def test_without_a_tail_nothing_is_kept_or_sealed_by_hand(
    rig: NatsRig, access: Access, pair: Pair, stamp: Stamp
) -> None:
    rig.datastore("east").fence(pair.name, stamp)
    rig.datastore("west").promote(wish_of(pair), stamp)
    kept = (tail(pair),)

    run(RescueTail("r", "east", "west", kept, SOON).by_hand(access))
    run(SealTail("s", "east", "west", kept, SOON).by_hand(access))

    assert kept[0].rescue not in {stream.name for stream in rig.datastore("west").streams()}


def test_a_stream_that_takes_writes_is_not_deleted_by_hand(rig: NatsRig, access: Access, pair: Pair) -> None:
    assert "is not fenced" in refuses(delete(pair), access)
    assert rig.datastore("east").stream(pair.name).messages == 3


@pytest.fixture
def diverged(rig: NatsRig, pair: Pair, stamp: Stamp) -> Pair:
    """East took four messages that never crossed, west was promoted and took two; east is fenced."""
    rig.cut()
    try:
        pair.fill(4)
        rig.datastore("west").promote(wish_of(pair), stamp)
        pair.fill(2, "west")
        rig.datastore("east").fence(pair.name, stamp)
    finally:
        rig.heal()
    return pair


def delete(pair: Pair, rescue: str = "") -> RebuildMirror:
    return RebuildMirror("b", "east", "west", (RebuildItem(pair.name, TIER, 3, rescue),), SOON)


def test_a_tail_that_nobody_keeps_is_not_deleted_by_hand(rig: NatsRig, access: Access, diverged: Pair) -> None:
    assert "message 7" in refuses(delete(diverged), access)
    assert rig.datastore("east").stream(diverged.name).messages == 7


def test_a_tail_whose_rescue_is_not_sealed_is_not_deleted_by_hand(rig: NatsRig, access: Access, diverged: Pair) -> None:
    kept = tail(diverged)
    run(RescueTail("r", "east", "west", (kept,), SOON).by_hand(access))
    eventually(lambda: rig.datastore("west").stream(kept.rescue).messages == 4)

    assert "sealed" in refuses(delete(diverged, kept.rescue), access)
    assert rig.datastore("east").stream(diverged.name).messages == 7


def test_a_tail_is_not_deleted_by_hand_for_the_sake_of_another_ones_rescue(
    rig: NatsRig, access: Access, diverged: Pair
) -> None:
    rescue = tail(diverged).rescue
    rig.create("west", {"name": rescue, "subjects": [f"_drctl.rescue.{rescue}"], "storage": "file"})
    rig.update("west", rescue, {"sealed": True})

    assert "message 7" in refuses(delete(diverged, rescue), access)
    assert rig.datastore("east").stream(diverged.name).messages == 7


def test_a_rescue_that_has_not_everything_is_not_sealed_by_hand(rig: NatsRig, access: Access, diverged: Pair) -> None:
    rescue = tail(diverged).rescue
    rig.create("west", {"name": rescue, "subjects": [f"_drctl.rescue.{rescue}"], "storage": "file"})

    assert "message 7" in refuses(SealTail("s", "east", "west", (tail(diverged),), SOON), access)
    assert json.loads(rig.datastore("west").stream(rescue).config)["sealed"] is False


def test_what_the_active_streams_limits_dropped_since_the_fork_may_be_deleted_by_hand(
    rig: NatsRig, access: Access, pair: Pair, stamp: Stamp
) -> None:
    rig.datastore("east").fence(pair.name, stamp)
    rig.datastore("west").promote(wish_of(pair), stamp)
    for seq in (1, 2, 3):
        rig.delete_message("west", pair.name, seq)

    assert refused(run(delete(pair).by_hand(access))) == []
    assert rig.datastore("east").stream(pair.name).role is StreamRole.MIRROR


def test_a_line_refuses_where_a_later_epoch_has_signed(rig: NatsRig, access: Access, pair: Pair, stamp: Stamp) -> None:
    later = Stamp("later", stamp.epoch + 1)
    rig.datastore("east").fence(pair.name, later)
    rig.datastore("east").unfence(pair.name, later)
    rig.datastore("west").promote(wish_of(pair), later)

    assert f"epoch {later.epoch}" in refuses(fence("east", pair.name), access)
    assert f"epoch {later.epoch}" in refuses(fence("west", pair.name), access)


def test_moves_by_hand_are_told_apart_when_both_sides_take_writes(rig: NatsRig, access: Access, pair: Pair) -> None:
    """Out, home and out again by printed lines alone; the third time the old region never hears of it."""
    east, west = rig.datastore("east"), rig.datastore("west")
    for number, (there, here) in enumerate((("east", "west"), ("west", "east")), start=8):
        by = access.signed(Stamp(BY_HAND, number))
        run(fence(there, pair.name).by_hand(by))
        run(promote(here, pair).by_hand(by))
        pair.fill(1, here)
        run(RebuildMirror("b", there, here, (RebuildItem(pair.name, TIER),), SOON).by_hand(by))
        eventually(lambda: east.stream(pair.name).last_seq == west.stream(pair.name).last_seq)
    rig.cut()
    try:
        pair.fill(1)
        run(promote("west", pair).by_hand(access.signed(Stamp(BY_HAND, 10))))
    finally:
        rig.heal()

    assert serving(west.stream(pair.name), east.stream(pair.name)) is Serving.SOURCE
    assert serving(east.stream(pair.name), west.stream(pair.name)) is Serving.TARGET
    assert (east.stream(pair.name).epoch, west.stream(pair.name).epoch) == (9, 10)
