"""A region's datastore as drctl sees it: the ports over one fake JetStream domain."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from drctl.core.errors import NotFoundError, RefusedError, UnreachableError
from drctl.core.observed import DatastoreInfo, Heartbeat, StreamRole
from drctl.core.stream_config import mirrored, role_of
from drctl.core.topology import HEARTBEAT_STREAM
from fakes.jetstream import Durable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drctl.core.lock import Stamp
    from drctl.core.meta_group import MetaGroup
    from drctl.core.observed import AccountLimit, ConsumerState, StoredMessage, StreamState
    from drctl.ports.datastore import MirrorWish, PromotionWish, TailWish
    from fakes.calls import Calls
    from fakes.clock import FakeClock
    from fakes.jetstream import Config, Domain, Stream

_OF_ONE_RUN = ("drctl.fork_seq", "drctl.fork_ts", "drctl.origin", "drctl.epoch", "drctl.run")


class FakeDatastore:
    """Every datastore port of one region. `skew` is its clock minus ours."""

    def __init__(self, region: str, domain: Domain, calls: Calls, clock: FakeClock) -> None:
        self._region, self._domain, self._calls, self._clock = region, domain, calls, clock
        self.skew = timedelta(0)
        self.api_level = 4
        self.meta: MetaGroup | None = None
        self.limits: tuple[AccountLimit, ...] = ()
        self.forbidden: tuple[str, ...] = ()

    # Reading.

    def info(self) -> DatastoreInfo:
        with self._calls.read(self._name("info")):
            name, now = self._domain.name, self._clock.now()
            return DatastoreInfo(name, self.api_level, "2.15.1", self.skew, now, self._region, self.limits)

    def meta_group(self) -> MetaGroup | None:
        with self._calls.read(self._name("meta_group")):
            return self.meta

    def streams(self) -> tuple[StreamState, ...]:
        with self._calls.read(self._name("streams")):
            self._domain.pull()
            found = self._domain.streams
            return tuple(found[name].state(self._clock.now()) for name in sorted(found))

    def stream(self, name: str) -> StreamState:
        with self._calls.read(self._name(f"stream {name}")):
            return self._domain.existing(name).state(self._clock.now())

    def consumers(self, stream: str) -> tuple[ConsumerState, ...]:
        with self._calls.read(self._name(f"consumers {stream}")):
            durables = self._domain.existing(stream).durables
            return tuple(durables[name].state(stream, self._clock.now()) for name in sorted(durables))

    def heartbeats(self, region: str, newest: int) -> tuple[Heartbeat, ...]:
        with self._calls.read(self._name("heartbeats")):
            beats = [_heartbeat(region, message) for message in self._stored(f"_drctl.hb.{region}")]
            return tuple(reversed(beats))[:newest]

    def recorded_inventory(self, region: str) -> bytes | None:
        with self._calls.read(self._name("recorded_inventory")):
            stored = self._stored(f"_drctl.inv.{region}")
            return stored[-1].data if stored else None

    def other_answers(self, domain: str) -> bool:
        with self._calls.read(self._name("other_answers")):
            peer = self._domain.peer
            return self._domain.reaches_peer() and peer is not None and peer.name == domain

    def messages(self, stream: str, first: int, last: int) -> Iterator[StoredMessage]:
        with self._calls.read(self._name(f"messages {stream}")):
            held = self._domain.existing(stream).messages
            return iter([message for message in held if first <= message.seq <= last])

    # Probing.

    def binders(self, subject: str) -> tuple[str, ...]:
        with self._calls.read(self._name(f"binders {subject}")):
            return self._domain.bound_by(subject)

    def binders_of(self, subjects: Iterable[str]) -> dict[str, tuple[str, ...]]:
        return {subject: self.binders(subject) for subject in subjects}

    def forbidden_calls(self) -> tuple[str, ...]:
        with self._calls.read(self._name("forbidden_calls")):
            return self.forbidden

    def try_to_create(self) -> None:
        with self._calls.read(self._name("try_to_create")):
            """What is created is deleted at once."""

    # Writing. What a writer reads first is a call of its own: somebody else may write in between.

    def fence(self, stream: str, stamp: Stamp) -> None:
        config = self._read(stream).config
        if role_of(config) is not StreamRole.ACTIVE:
            return
        self._require_epoch(config, stamp)
        kept = _metadata(config) | {"drctl.subjects": json.dumps(config["subjects"])}
        self._update("fence", config | {"subjects": [f"_drctl.fenced.{stream}"], "metadata": kept | _signed(stamp)})

    def promote(self, wish: PromotionWish, stamp: Stamp) -> None:
        if not wish.subjects:
            raise RefusedError(f"no subjects are known for {wish.stream}")
        stream = self._read(wish.stream)
        role = role_of(stream.config)
        if role is StreamRole.FENCED:
            raise RefusedError(f"{wish.stream} is fenced")
        if role is StreamRole.ACTIVE:
            if set(stream.config["subjects"]) != set(wish.subjects):
                raise RefusedError(f"{wish.stream} takes other subjects")
            return
        self._require_epoch(stream.config, stamp)
        fork = {
            "drctl.fork_seq": str(stream.last_seq),
            "drctl.fork_ts": stream.last_time.isoformat() if stream.last_time else "",
            "drctl.origin": json.dumps(stream.config["mirror"], separators=(",", ":")),
        }
        config = {key: value for key, value in stream.config.items() if key != "mirror"}
        config |= {field: json.loads(text) for field, text in wish.deferred}
        config |= {"mirror_direct": False, "subjects": list(wish.subjects)}
        self._update("promote", config | {"metadata": _metadata(config, _OF_ONE_RUN) | fork | _signed(stamp)})

    def carry_consumer(self, consumer: ConsumerState, floor: int) -> None:
        stream = self._read(consumer.stream)
        fork = int(stream.metadata.get("drctl.fork_seq", stream.last_seq))
        start = min(max(floor, consumer.start_seq - 1), fork, stream.last_seq) + 1
        existing = stream.durables.get(consumer.name)
        if existing is not None:
            if existing.state(consumer.stream, self._clock.now()).floor + 1 < start:
                raise RefusedError(f"{consumer.stream}/{consumer.name} stands before {start}")
            return
        config = json.loads(consumer.config)
        config |= {"durable_name": consumer.name, "deliver_policy": "by_start_sequence", "opt_start_seq": start}
        with self._calls.write(self._name(f"carry_consumer {consumer.stream}/{consumer.name}")):
            stream.durables[consumer.name] = Durable(config)

    def unfence(self, stream: str, stamp: Stamp) -> None:
        config = self._read(stream).config
        role, subjects = role_of(config), json.loads(_metadata(config).get("drctl.subjects", "[]"))
        if role is StreamRole.ACTIVE:
            return
        if role is StreamRole.MIRROR or not subjects:
            raise RefusedError(f"{stream} is {role.value}, and nobody knows its subjects")
        self._require_epoch(config, stamp)
        kept = _metadata(config, without=("drctl.subjects",))
        self._update("unfence", config | {"subjects": subjects, "metadata": kept | _signed(stamp)})

    def keep_tail(self, wish: TailWish, stamp: Stamp) -> None:
        origin = {"name": wish.stream, "opt_start_seq": wish.first_seq}
        mirror = origin | {"external": {"api": f"$JS.{wish.domain}.API"}}
        with self._calls.read(self._name(f"stream {wish.name}")):
            existing = self._domain.streams.get(wish.name)
        if existing is not None:
            if existing.config.get("sealed") or existing.config.get("mirror") == mirror:
                return
            raise RefusedError(f"another stream is called {wish.name}")
        with self._calls.write(self._name(f"keep_tail {wish.name}")):
            self._domain.create({"name": wish.name, "mirror": mirror, "metadata": _signed(stamp)})

    def seal_tail(self, name: str) -> None:
        config = self._read(name).config
        if config.get("sealed"):
            return
        plain = {key: value for key, value in config.items() if key != "mirror"}
        self._update("seal_tail", plain | {"subjects": [f"_drctl.rescue.{name}"], "sealed": True})

    def rebuild_mirror(self, wish: MirrorWish, stamp: Stamp) -> None:
        with self._calls.read(self._name(f"stream {wish.stream}")):
            existing = self._domain.streams.get(wish.stream)
        role = role_of(existing.config) if existing else None
        if role is StreamRole.MIRROR:
            return
        if role is StreamRole.ACTIVE:
            raise RefusedError(f"{wish.stream} takes writes: fence it first")
        if existing is not None:
            self._require_epoch(existing.config, stamp)
            with self._calls.write(self._name(f"delete {wish.stream}")):
                self._domain.delete(wish.stream)
        with self._calls.write(self._name(f"create {wish.stream}")):
            self._domain.create(mirrored(json.loads(wish.config), wish.domain, stamp.epoch, stamp.run_id))

    # Heartbeats.

    def beat(self, heartbeat: Heartbeat) -> None:
        body = {"ts": heartbeat.at.isoformat(), "heads": dict(heartbeat.heads), "floors": dict(heartbeat.floors)}
        self._publish(f"_drctl.hb.{heartbeat.region}", json.dumps(body).encode())

    def record_inventory(self, region: str, payload: bytes, at: datetime) -> None:  # noqa: ARG002 - stored as of now
        self._publish(f"_drctl.inv.{region}", payload)

    def _name(self, call: str) -> str:
        return f"{self._region}/datastore/{call}"

    def _read(self, stream: str) -> Stream:
        with self._calls.read(self._name(f"stream {stream}")):
            return self._domain.existing(stream)

    def _update(self, call: str, config: Config) -> None:
        with self._calls.write(self._name(f"{call} {config['name']}")):
            self._domain.update(config)

    def _publish(self, subject: str, payload: bytes) -> None:
        with self._calls.write(self._name(f"publish {subject}")):
            if not self._domain.publish(subject, payload):
                raise UnreachableError(f"no stream of {self._region} takes {subject}")

    def _stored(self, subject: str) -> list[StoredMessage]:
        try:
            held = self._domain.existing(HEARTBEAT_STREAM).messages
        except NotFoundError:
            return []
        return [message for message in held if message.subject == subject]

    def _require_epoch(self, config: Config, stamp: Stamp) -> None:
        epoch = int(_metadata(config).get("drctl.epoch", 0))
        if epoch > stamp.epoch:
            raise RefusedError(f"{config['name']} was signed by epoch {epoch}; this run has {stamp.epoch}")


def _metadata(config: Config, without: tuple[str, ...] = ()) -> dict[str, str]:
    return {key: value for key, value in (config.get("metadata") or {}).items() if key not in without}


def _signed(stamp: Stamp) -> dict[str, str]:
    return {"drctl.epoch": str(stamp.epoch), "drctl.run": stamp.run_id}


def _heartbeat(region: str, message: StoredMessage) -> Heartbeat:
    body = json.loads(message.data)
    heads, floors = (tuple(sorted(body[part].items())) for part in ("heads", "floors"))
    return Heartbeat(region, datetime.fromisoformat(body["ts"]), heads, floors)
