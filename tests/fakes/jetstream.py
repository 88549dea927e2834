"""Two JetStream domains over one link: streams, mirrors that pull while the link is up, durables."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from drctl.core.errors import NotFoundError, RefusedError
from drctl.core.observed import ConsumerState, StoredMessage, StreamState
from drctl.core.stream_config import kind_of, role_of

if TYPE_CHECKING:
    from fakes.clock import FakeClock

Config = dict[str, Any]
_DUPLICATE_WINDOW = 120_000_000_000


@dataclass
class Link:
    """What joins the two domains."""

    is_up: bool = True


@dataclass
class Durable:
    """One durable consumer: its configuration, and what was acknowledged."""

    config: Config
    acknowledged: int = 0

    def state(self, stream: str, now: datetime) -> ConsumerState:
        start = int(self.config.get("opt_start_seq", 0))
        floor = max(self.acknowledged, start - 1, 0)
        return ConsumerState(stream, self.config["durable_name"], floor, start, json.dumps(self.config), now)


@dataclass
class Stream:
    """One stream: configuration as the server has it, messages, durables. Sequences are never used twice."""

    config: Config
    messages: list[StoredMessage] = field(default_factory=list)
    last_seq: int = 0
    durables: dict[str, Durable] = field(default_factory=dict)
    heard_at: datetime | None = None

    @property
    def name(self) -> str:
        return str(self.config["name"])

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(self.config.get("subjects", ()))

    @property
    def metadata(self) -> dict[str, str]:
        return dict(self.config.get("metadata") or {})

    @property
    def last_time(self) -> datetime | None:
        return self.messages[-1].at if self.messages else None

    def takes(self, subject: str) -> bool:
        """Say whether a publish to a subject is stored here."""
        return not self.config.get("sealed") and any(covers(bound, subject) for bound in self.subjects)

    def state(self, now: datetime) -> StreamState:
        metadata = self.metadata
        fork_time = metadata.get("drctl.fork_ts")
        return StreamState(
            name=self.name,
            kind=kind_of(self.name),
            role=role_of(self.config),
            subjects=self.subjects,
            original_subjects=tuple(json.loads(metadata.get("drctl.subjects", "[]"))),
            first_seq=self.messages[0].seq if self.messages else 0,
            last_seq=self.last_seq,
            messages=len(self.messages),
            last_time=self.last_time,
            contact_age=now - self.heard_at if self.config.get("mirror") and self.heard_at else None,
            mirror_of=(self.config.get("mirror") or {}).get("name", ""),
            fork_seq=int(metadata["drctl.fork_seq"]) if "drctl.fork_seq" in metadata else None,
            fork_time=datetime.fromisoformat(fork_time) if fork_time else None,
            epoch=int(metadata.get("drctl.epoch", 0)),
            config=json.dumps(self.config, separators=(",", ":")),
            observed_at=now,
        )


class Domain:
    """One region's JetStream. Mirrors pull at each look and at each publish of the other side.

    `pull_max` bounds what a mirror gets at one look.
    """

    def __init__(self, name: str, clock: FakeClock, link: Link) -> None:
        self.name, self._clock, self._link = name, clock, link
        self.peer: Domain | None = None
        self.is_up = True
        self.pull_max = 10**9
        self.streams: dict[str, Stream] = {}

    def publish(self, subject: str, data: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> tuple[str, ...]:
        """Store a message in every stream that takes its subject; return their names."""
        taken = [stream for stream in self.streams.values() if stream.takes(subject)]
        for stream in taken:
            stream.last_seq += 1
            stream.messages.append(StoredMessage(stream.last_seq, self._clock.now(), subject, headers, data))
        if self.peer is not None:
            self.peer.pull()
        return tuple(stream.name for stream in taken)

    def reaches_peer(self) -> bool:
        return self._link.is_up and self.peer is not None and self.peer.is_up and self.is_up

    def pull(self) -> None:
        """Let every mirror get what its origin has beyond it; without the link nothing comes, and nothing is said."""
        if not self.reaches_peer():
            return
        for stream in self.streams.values():
            mirror = stream.config.get("mirror")
            origin = self.peer.streams.get(mirror["name"]) if mirror and self.peer else None
            if mirror and origin and self.peer and mirror["external"]["api"] == f"$JS.{self.peer.name}.API":
                first = max(stream.last_seq + 1, int(mirror.get("opt_start_seq", 0)))
                missing = [message for message in origin.messages if message.seq >= first][: self.pull_max]
                stream.messages += missing
                stream.last_seq = missing[-1].seq if missing else stream.last_seq
                stream.heard_at = self._clock.now()

    def existing(self, name: str) -> Stream:
        self.pull()
        if name not in self.streams:
            raise NotFoundError(f"{self.name} has no stream {name}", remedy="Create it.")
        return self.streams[name]

    def create(self, config: Config) -> None:
        """Create a stream, as the server fills its configuration in."""
        if config["name"] in self.streams:
            raise RefusedError(f"{self.name} has a stream {config['name']}")
        self.streams[config["name"]] = Stream(self._filled(config))
        self.pull()

    def update(self, config: Config) -> None:
        """Replace a stream's whole configuration."""
        stream = self.streams[config["name"]]
        if stream.config.get("sealed"):
            raise RefusedError(f"{stream.name} is sealed")
        if config.get("mirror") and not stream.config.get("mirror"):
            raise RefusedError(f"{stream.name} cannot become a mirror")
        stream.config = self._filled(config)

    def delete(self, name: str) -> None:
        """Delete a stream with everything in it."""
        del self.streams[name]

    def bound_by(self, subject: str) -> tuple[str, ...]:
        """Return the streams that take a subject."""
        return tuple(sorted(stream.name for stream in self.streams.values() if stream.takes(subject)))

    def _filled(self, config: Config) -> Config:
        own = {"metadata": {}, "storage": "file", "retention": "limits", "mirror_direct": False}
        filled: Config = own | config
        if not filled.get("mirror"):
            # What the server sets by itself when a stream is no mirror (nats.md 1.3).
            filled = {"duplicate_window": _DUPLICATE_WINDOW} | filled
        for other in self.streams.values():
            if other.name != filled["name"] and any(
                overlap(one, two) for one in filled.get("subjects", ()) for two in other.subjects
            ):
                raise RefusedError(f"the subjects of {filled['name']} overlap with those of {other.name}")
        return filled


def covers(pattern: str, subject: str) -> bool:
    """Say whether a subject is one of a pattern."""
    return overlap(pattern, subject)


def overlap(one: str, other: str) -> bool:
    """Say whether some subject is matched by both patterns."""
    left, right = one.split("."), other.split(".")
    for a, b in zip(left, right, strict=False):
        if ">" in {a, b}:
            return True
        if a != b and "*" not in {a, b}:
            return False
    return len(left) == len(right)
