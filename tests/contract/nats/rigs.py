"""What holds for the real servers and for the fake: two regions, streams and mirrors, asked through the ports."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from contract.nats.servers import eventually
from drctl.ports.datastore import DatastoreProber, DatastoreReader, DatastoreWriter, HeartbeatWriter
from fakes.jetstream import Durable
from fakes.world import World

if TYPE_CHECKING:
    from contract.nats.servers import Servers
    from drctl.adapters.nats.datastore import NatsDatastore

Json = dict[str, Any]


class Datastore(DatastoreReader, DatastoreProber, DatastoreWriter, HeartbeatWriter, Protocol):
    """All ports of one region."""


class Rig(Protocol):
    """Two regions, `east` and `west`, and everybody else's side of them."""

    def datastore(self, region: str) -> Datastore:
        """Return a region as drctl sees it."""
        ...

    def create(self, region: str, config: Json) -> None:
        """Create a stream, as its owner does."""
        ...

    def update(self, region: str, stream: str, change: Json) -> None:
        """Change some fields of a stream's configuration behind drctl's back."""
        ...

    def config(self, region: str, stream: str) -> Json:
        """Return a stream's configuration as the server has it."""
        ...

    def publish(self, region: str, subject: str, data: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> bool:
        """Publish a message as a client does; say whether a stream stored it."""
        ...

    def delete_message(self, region: str, stream: str, seq: int) -> None:
        """Delete one message."""
        ...

    def consume(self, region: str, stream: str, durable: str, count: int) -> None:
        """Create a durable, and acknowledge the first `count` messages."""
        ...

    def next_for(self, region: str, stream: str, durable: str) -> int:
        """Return the sequence of the message that a durable delivers next."""
        ...

    def cut(self) -> None:
        """Cut the link between the regions."""
        ...

    def heal(self) -> None:
        """Let the link carry again."""
        ...


def mirror_of(origin: Json, domain: str = "east") -> Json:
    """Return the configuration of an origin's mirror, as people write it."""
    kept = {key: value for key, value in origin.items() if key != "subjects"}
    return kept | {
        "mirror": {"name": origin["name"], "external": {"api": f"$JS.{domain}.API"}},
        "metadata": {"drctl.subjects": json.dumps(origin["subjects"])},
    }


class Pair:
    """One stream in east and its mirror in west: where nearly every test begins."""

    def __init__(self, rig: Rig, name: str, **fields: object) -> None:
        self.rig, self.name, self.subject = rig, name, f"orders.{name}"
        origin = {"name": name, "subjects": [f"{self.subject}.>"], "storage": "memory", "duplicate_window": 120 * 10**9}
        self.origin: Json = origin | fields
        rig.create("east", self.origin)
        rig.create("west", mirror_of(self.origin))

    def fill(self, count: int, region: str = "east") -> None:
        """Publish messages; those in east are waited for in west while the link is up."""
        for number in range(count):
            assert self.rig.publish(region, f"{self.subject}.new", str(number).encode())

    def sync(self) -> None:
        """Wait until the mirror has all of its origin."""
        end = self.rig.datastore("east").stream(self.name).last_seq
        eventually(lambda: self.rig.datastore("west").stream(self.name).last_seq == end)


class NatsRig:
    """The real servers."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._open: dict[str, NatsDatastore] = {}

    def datastore(self, region: str) -> Datastore:
        if region not in self._open:
            self._open[region] = self._servers.connect(region)
        return self._open[region]

    def create(self, region: str, config: Json) -> None:
        self._servers.call(region, f"STREAM.CREATE.{config['name']}", config)

    def update(self, region: str, stream: str, change: Json) -> None:
        self._servers.call(region, f"STREAM.UPDATE.{stream}", self.config(region, stream) | change)

    def config(self, region: str, stream: str) -> Json:
        found: Json = self._servers.call(region, f"STREAM.INFO.{stream}")["config"]
        return found

    def publish(self, region: str, subject: str, data: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> bool:
        return self._servers.is_stored(region, subject, data, dict(headers))

    def delete_message(self, region: str, stream: str, seq: int) -> None:
        self._servers.call(region, f"STREAM.MSG.DELETE.{stream}", {"seq": seq})

    def consume(self, region: str, stream: str, durable: str, count: int) -> None:
        config = {"durable_name": durable, "ack_policy": "explicit", "max_ack_pending": 77, "metadata": {"team": "a"}}
        body = {"stream_name": stream, "config": config}
        self._servers.call(region, f"CONSUMER.DURABLE.CREATE.{stream}.{durable}", body)
        if count:
            self._servers.take(region, stream, durable, count)

    def next_for(self, region: str, stream: str, durable: str) -> int:
        return self._servers.take(region, stream, durable, 1)[0]

    def cut(self) -> None:
        self._servers.cut()

    def heal(self) -> None:
        self._servers.heal()

    def close(self) -> None:
        """End drctl's connections."""
        for datastore in self._open.values():
            datastore.close()


class FakeRig:
    """The fake that every other suite stands on."""

    def __init__(self) -> None:
        self._world = World(("east", "west"))

    def datastore(self, region: str) -> Datastore:
        return self._world.region(region).datastore

    def create(self, region: str, config: Json) -> None:
        self._world.region(region).jetstream.create(config)

    def update(self, region: str, stream: str, change: Json) -> None:
        self._world.region(region).jetstream.update(self.config(region, stream) | change)

    def config(self, region: str, stream: str) -> Json:
        return self._world.region(region).jetstream.existing(stream).config

    def publish(self, region: str, subject: str, data: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> bool:
        # No two messages of real servers have one time.
        self._world.clock.wait(timedelta(milliseconds=1))
        return bool(self._world.region(region).jetstream.publish(subject, data, headers))

    def delete_message(self, region: str, stream: str, seq: int) -> None:
        held = self._world.region(region).jetstream.existing(stream)
        held.messages = [message for message in held.messages if message.seq != seq]

    def consume(self, region: str, stream: str, durable: str, count: int) -> None:
        config = {"durable_name": durable, "ack_policy": "explicit", "max_ack_pending": 77, "metadata": {"team": "a"}}
        self._world.region(region).jetstream.existing(stream).durables[durable] = Durable(config, count)

    def next_for(self, region: str, stream: str, durable: str) -> int:
        held = self._world.region(region).jetstream.existing(stream)
        floor = held.durables[durable].state(stream, self._world.clock.now()).floor
        return min(message.seq for message in held.messages if message.seq > floor)

    def cut(self) -> None:
        self._world.cut_link()

    def heal(self) -> None:
        self._world.heal_link()
