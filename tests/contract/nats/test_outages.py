"""Servers that are gone, frozen, cut off or out of quorum; answers that are lost. Real servers only."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from contract.nats.servers import PATIENCE, Servers, eventually
from contract.nats.tap import Loss, Tap
from drctl.core.errors import AdapterError, OutcomeUnknownError, ThrottledError, UnreachableError
from drctl.core.observed import Heartbeat, StreamRole
from drctl.lab.layout import ADDRESSES
from drctl.lab.nats_servers.config import argv, config_file
from drctl.ports.datastore import PromotionWish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from drctl.adapters.nats.datastore import NatsDatastore
    from drctl.core.lock import Stamp

SHORT = timedelta(seconds=1)
LONG = timedelta(seconds=60)


@pytest.fixture
def tap(shared_servers: Servers) -> Iterator[Tap]:
    """A wire to the east that can lose things."""
    with Tap(ADDRESSES["east"], shared_servers.layout.ports.nats) as tap:
        yield tap


@pytest.fixture
def behind(shared_servers: Servers, tap: Tap) -> Iterator[NatsDatastore]:
    """The east as seen over that wire."""
    with shared_servers.connect("east", url=tap.url, timeout=SHORT) as datastore:
        yield datastore


@pytest.fixture
def stream(shared_servers: Servers, name: str) -> str:
    """A stream of the east."""
    shared_servers.call("east", f"STREAM.CREATE.{name}", {"name": name, "subjects": [f"orders.{name}.>"]})
    return name


def role(servers: Servers, stream: str) -> StreamRole:
    with servers.connect("east") as datastore:
        return datastore.stream(stream).role


def test_a_killed_server_is_unreachable_for_reads_and_writes_at_once(lone_east: Servers, stamp: Stamp) -> None:
    with lone_east.connect("east") as datastore:
        assert datastore.streams() == ()
        lone_east.kill("east")

        began = time.monotonic()
        with pytest.raises(UnreachableError, match="NATS of east"):
            datastore.streams()
        with pytest.raises(UnreachableError):
            datastore.fence("ANY", stamp)
        with pytest.raises(UnreachableError):
            datastore.binders("orders.any")
        assert time.monotonic() - began < PATIENCE.total_seconds()


def test_a_server_that_comes_back_is_asked_again(lone_east: Servers) -> None:
    lone_east.call("east", "STREAM.CREATE.S", {"name": "S", "subjects": ["orders.s"]})
    with lone_east.connect("east") as datastore:
        assert datastore.stream("S").name == "S"
        lone_east.kill("east")
        with pytest.raises(UnreachableError):
            datastore.stream("S")

        lone_east.start("east")
        assert datastore.stream("S").name == "S"


def test_a_server_that_was_restarted_between_two_calls_is_not_noticed(lone_east: Servers, stamp: Stamp) -> None:
    lone_east.call("east", "STREAM.CREATE.S", {"name": "S", "subjects": ["orders.s"]})
    with lone_east.connect("east") as datastore:
        assert datastore.stream("S").role is StreamRole.ACTIVE
        lone_east.kill("east")
        lone_east.start("east")

        datastore.fence("S", stamp)
        assert datastore.stream("S").role is StreamRole.FENCED


def test_the_mirror_of_a_killed_source_answers_and_its_contact_grows_old(own_servers: Servers, stamp: Stamp) -> None:
    origin = {"name": "S", "subjects": ["orders.s"]}
    own_servers.call("east", "STREAM.CREATE.S", origin)
    external = {"api": "$JS.east.API"}
    own_servers.call("west", "STREAM.CREATE.S", {"name": "S", "mirror": {"name": "S", "external": external}})
    assert own_servers.is_stored("east", "orders.s", b"1", {})
    with own_servers.connect("west") as datastore:
        eventually(lambda: datastore.stream("S").last_seq == 1)
        own_servers.kill("east")

        assert not datastore.other_answers("east")
        eventually(lambda: (datastore.stream("S").contact_age or timedelta(0)) > timedelta(seconds=2))
        datastore.promote(PromotionWish("S", ("orders.s",)), stamp)
        assert datastore.binders("orders.s") == ("S",)


def test_a_frozen_server_is_given_up_in_time(lone_east: Servers, stamp: Stamp) -> None:
    lone_east.call("east", "STREAM.CREATE.S", {"name": "S", "subjects": ["orders.s"]})
    known = lone_east.connect("east", timeout=SHORT)
    new = lone_east.connect("east", timeout=SHORT)
    with known, new:
        assert known.stream("S").name == "S"
        lone_east.freeze("east")
        try:
            for call in (known.streams, new.streams, lambda: known.binders("orders.s")):
                began = time.monotonic()
                with pytest.raises(UnreachableError):
                    call()
                assert time.monotonic() - began < 2 * SHORT.total_seconds() + 0.5
            with pytest.raises(UnreachableError):
                known.fence("S", stamp)
        finally:
            lone_east.thaw("east")
        assert known.stream("S").role is StreamRole.ACTIVE


def test_a_connection_to_a_frozen_server_can_be_closed(lone_east: Servers) -> None:
    datastore = lone_east.connect("east", timeout=SHORT)
    datastore.info()
    lone_east.freeze("east")
    try:
        began = time.monotonic()
        datastore.close()
        assert time.monotonic() - began < 3
    finally:
        lone_east.thaw("east")


def test_what_is_asked_of_a_frozen_server_ends_with_the_connection(lone_east: Servers) -> None:
    """Every thread that waits gets its error, from a call that was sent as from one that still connects."""
    known, new = lone_east.connect("east", timeout=LONG), lone_east.connect("east", timeout=LONG)
    known.info()
    lone_east.freeze("east")
    try:
        with ThreadPoolExecutor() as threads:
            asked = [threads.submit(datastore.streams) for datastore in (known, known, new, new)]
            assert not wait(asked, timeout=0.5).done
            known.close()
            new.close()
            for one in asked:
                with pytest.raises(UnreachableError, match="NATS of east"):
                    one.result(timeout=LONG.total_seconds() / 2)
    finally:
        lone_east.thaw("east")


def test_a_write_that_was_lost_is_an_unknown_outcome(
    shared_servers: Servers, tap: Tap, behind: NatsDatastore, stream: str, stamp: Stamp
) -> None:
    tap.lose("STREAM.UPDATE", Loss.REQUEST)

    with pytest.raises(OutcomeUnknownError, match=stream):
        behind.fence(stream, stamp)
    assert role(shared_servers, stream) is StreamRole.ACTIVE


def test_a_write_whose_answer_was_lost_is_an_unknown_outcome(
    shared_servers: Servers, tap: Tap, behind: NatsDatastore, stream: str, stamp: Stamp
) -> None:
    tap.lose("STREAM.UPDATE", Loss.REPLY)

    with pytest.raises(OutcomeUnknownError, match=stream):
        behind.fence(stream, stamp)
    assert role(shared_servers, stream) is StreamRole.FENCED


def test_a_write_whose_connection_broke_is_looked_at_before_it_is_called_unknown(
    shared_servers: Servers, tap: Tap, behind: NatsDatastore, stream: str, stamp: Stamp
) -> None:
    tap.lose("STREAM.UPDATE", Loss.CONNECTION)

    behind.fence(stream, stamp)

    assert role(shared_servers, stream) is StreamRole.FENCED
    assert tap.accepted == 2


def test_a_heartbeat_whose_answer_was_lost_was_not_taken_for_certain(
    shared_servers: Servers, tap: Tap, behind: NatsDatastore
) -> None:
    shared_servers.call("east", "STREAM.CREATE.DRCTL_HB", {"name": "DRCTL_HB", "subjects": ["_drctl.hb.>"]})
    try:
        observed = behind.info().observed_at
        tap.lose("_drctl.hb.east", Loss.REPLY)
        with pytest.raises(UnreachableError):
            behind.beat(Heartbeat("east", observed, ()))
    finally:
        shared_servers.call("east", "STREAM.DELETE.DRCTL_HB")


def test_a_stream_that_somebody_fenced_meanwhile_keeps_its_subjects(
    shared_servers: Servers, tap: Tap, behind: NatsDatastore, stream: str, stamp: Stamp
) -> None:
    def fence_too() -> None:
        with shared_servers.connect("east") as other:
            other.fence(stream, stamp)

    tap.before("STREAM.UPDATE", fence_too)
    behind.fence(stream, stamp)

    with shared_servers.connect("east") as datastore:
        assert datastore.stream(stream).original_subjects == (f"orders.{stream}.>",)


def test_a_mute_port_is_given_up_in_time(shared_servers: Servers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"nats://127.0.0.1:{mute.getsockname()[1]}"
        with shared_servers.connect("east", url=url, timeout=SHORT) as datastore:
            began = time.monotonic()
            with pytest.raises(UnreachableError):
                datastore.info()
            assert time.monotonic() - began < SHORT.total_seconds() + 0.5


def test_many_calls_at_once_share_one_connection(tap: Tap, behind: NatsDatastore, stream: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: behind.stream(stream).name, range(64)))

    assert found == [stream] * 64
    assert tap.accepted == 1


def test_closing_ends_the_thread_and_every_later_call(shared_servers: Servers) -> None:
    before = set(threading.enumerate())
    datastore = shared_servers.connect("east")
    assert set(threading.enumerate()) == before
    datastore.info()
    assert len(set(threading.enumerate()) - before) == 1

    datastore.close()
    datastore.close()

    assert set(threading.enumerate()) == before
    with pytest.raises(UnreachableError, match="drctl has closed this connection"):
        datastore.info()


def test_without_a_majority_nothing_is_known_and_nothing_is_written(
    lone_east: Servers, tmp_path: Path, stamp: Stamp
) -> None:
    """One server of a cluster of two: its JetStream has no leader (nats.md 0.2, fact 2)."""
    path = config_file(lone_east.layout, "east")
    config = json.loads(path.read_text())
    routes = [f"nats-route://127.0.0.1:{port}" for port in (9, 11)]
    config["cluster"] = {"name": "east", "listen": f"{ADDRESSES['east']}:-1", "routes": routes}
    config["jetstream"]["store_dir"] = str(tmp_path)
    path.write_text(json.dumps(config))
    lone_east.kill("east")
    process = subprocess.Popen(argv(lone_east.layout, "east"), stderr=subprocess.DEVNULL)
    try:
        with lone_east.connect("east", timeout=SHORT) as datastore:
            # The server says so only when it has waited for a leader long enough.
            eventually(lambda: _says(datastore, "10008"), within=30)
            with pytest.raises(UnreachableError, match="10008"):
                datastore.info()
            with pytest.raises((ThrottledError, OutcomeUnknownError, UnreachableError)):
                datastore.fence("S", stamp)
    finally:
        process.kill()
        process.wait()


def _says(datastore: NatsDatastore, words: str) -> bool:
    try:
        datastore.info()
    except AdapterError as error:
        return words in str(error)
    return False
