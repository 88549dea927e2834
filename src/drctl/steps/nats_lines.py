"""Shell lines over the JetStream API. Each runs as it is, and again: where nothing is to be done it sends nothing.

An update replaces a stream's whole configuration (nats.md T4), so a line that writes reads the configuration first
and changes it by a few words of Python, which is wherever drctl ran.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from drctl.core.stream_config import FENCED_PREFIX, REFUSED_BY_MIRRORS, RESCUE_SUBJECT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drctl.core.access import Access
    from drctl.core.stream_config import StreamConfig

_READ = (
    "import json, sys",
    # Where nobody answered, nats has said so.
    "i = json.loads(sys.stdin.read() or sys.exit(1))",
    'c = i.get("config")',
    # A stream that is not there is left alone; any other error must not look like that.
    'c or i["error"]["err_code"] == 10059 or sys.exit(i["error"]["description"])',
    "w = json.loads(sys.argv[1])",
)


@dataclass(frozen=True, slots=True)
class Origin:
    """The region that is mirrored: the beginning of its `nats` lines, and its JetStream domain."""

    nats: str
    domain: str

    @classmethod
    def of(cls, access: Access, region: str) -> Origin:
        """Return a region as an origin."""
        return cls(access.nats_in(region), access.domain_of(region))


def read_stream(nats: str, stream: str) -> str:
    """Return the line that shows a stream."""
    return f"{nats} req '$JS.API.STREAM.INFO.{stream}' ''"


def fence(nats: str, stream: str) -> str:
    """Return the line that takes an active stream's subjects away and keeps them in its metadata."""
    wish = {"subjects": [f"{FENCED_PREFIX}{stream}"]}
    return _send(
        nats,
        f"STREAM.UPDATE.{stream}",
        _made(
            nats,
            stream,
            wish,
            'todo = c and not c.get("mirror") and c["subjects"] != w["subjects"]',
            'todo and c.setdefault("metadata", {}).update({"drctl.subjects": json.dumps(c["subjects"])})',
            "todo and c.update(w)",
            'print(json.dumps(c) if todo else "")',
        ),
    )


def unfence(nats: str, stream: str) -> str:
    """Return the line that gives a fenced stream the subjects back that its metadata keeps."""
    return _send(
        nats,
        f"STREAM.UPDATE.{stream}",
        _made(
            nats,
            stream,
            [f"{FENCED_PREFIX}{stream}"],
            'm = (c or {}).get("metadata") or {}',
            'todo = c and c.get("subjects") == w and m.get("drctl.subjects")',
            'todo and c.update({"subjects": json.loads(m.pop("drctl.subjects"))})',
            'print(json.dumps(c) if todo else "")',
        ),
    )


def promote(nats: str, stream: str, subjects: Sequence[str], deferred: Sequence[tuple[str, str]]) -> str:
    """Return the line that turns a mirror into a stream on these subjects, with the fork in its metadata."""
    wish = {"subjects": list(subjects), "mirror_direct": False}
    wish |= {field: json.loads(text) for field, text in deferred}
    return _send(
        nats,
        f"STREAM.UPDATE.{stream}",
        _made(
            nats,
            stream,
            wish,
            'o = c.pop("mirror", None)',
            'fork = {"drctl.fork_seq": str(i["state"]["last_seq"]), "drctl.fork_ts": i["state"]["last_ts"]}',
            'fork.update({"drctl.origin": json.dumps(o)})',
            'c.setdefault("metadata", {}).update(fork)',
            "c.update(w)",
            'print(json.dumps(c) if o else "")',
        ),
    )


def carry(nats: str, stream: str, consumer: str, floor: int, config: StreamConfig) -> str:
    """Return the line that creates a durable after `floor`, clamped to where the stream forked."""
    kept = {key: value for key, value in config.items() if key not in {"opt_start_seq", "opt_start_time"}}
    kept |= {"durable_name": consumer, "deliver_policy": "by_start_sequence"}
    wish = {"stream_name": stream, "action": "create", "config": kept}
    return _send(
        nats,
        f"CONSUMER.DURABLE.CREATE.{stream}.{consumer}",
        _made(
            nats,
            stream,
            wish,
            'last = i["state"]["last_seq"]',
            'fork = int((c.get("metadata") or {}).get("drctl.fork_seq", last))',
            f'w["config"]["opt_start_seq"] = min({floor}, fork, last) + 1',
            "print(json.dumps(w))",
        ),
    )


def keep_tail(nats: str, origin: Origin, stream: str, rescue: str, first: int) -> str:
    """Return the line that keeps what the other region's stream holds from `first` on, if it holds anything."""
    mirror = {"name": stream, "opt_start_seq": first, "external": {"api": f"$JS.{origin.domain}.API"}}
    wish = {"name": rescue, "storage": "file", "mirror": mirror}
    return _send(
        nats,
        f"STREAM.CREATE.{rescue}",
        _made(
            origin.nats,
            stream,
            wish,
            'todo = c and not c.get("mirror") and i["state"]["last_seq"] >= w["mirror"]["opt_start_seq"]',
            'todo and w.update({"num_replicas": c["num_replicas"]})',
            'print(json.dumps(w) if todo else "")',
        ),
    )


def seal(nats: str, rescue: str) -> str:
    """Return the line that makes a rescue unchangeable, if there is one."""
    wish = {"subjects": [f"{RESCUE_SUBJECT_PREFIX}{rescue}"], "sealed": True, "mirror_direct": False}
    return _send(
        nats,
        f"STREAM.UPDATE.{rescue}",
        _made(
            nats,
            rescue,
            wish,
            'todo = c and not c["sealed"]',
            'todo and c.pop("mirror", None)',
            "todo and c.update(w)",
            'print(json.dumps(c) if todo else "")',
        ),
    )


def delete_fenced(nats: str, stream: str) -> str:
    """Return the line that deletes a stream, if it is fenced."""
    wish = [f"{FENCED_PREFIX}{stream}"]
    made = _made(nats, stream, wish, 'print("fenced" if c and c.get("subjects") == w else "")')
    return f"""{made} && {{ [ -z "$new" ] || {nats} req '$JS.API.STREAM.DELETE.{stream}' ''; }}"""


def create_mirror(nats: str, origin: Origin, stream: str) -> str:
    """Return the line that creates a stream as the mirror of the other region's, as `mirrored` has it."""
    mirror = {"name": stream, "external": {"api": f"$JS.{origin.domain}.API"}}
    wish = {"mirror": mirror, "mirror_direct": False}
    return _send(
        nats,
        f"STREAM.CREATE.{stream}",
        _made(
            origin.nats,
            stream,
            wish,
            'm = {k: v for k, v in (c.get("metadata") or {}).items() if k[:6] not in ("drctl.", "_nats.")}',
            'm["drctl.subjects"] = json.dumps(c.pop("subjects"))',
            f"late = {{k: c.pop(k) for k in {json.dumps(sorted(REFUSED_BY_MIRRORS))} if k in c}}",
            "late = {k: v for k, v in late.items() if v}",
            'late and m.update({"drctl.deferred": json.dumps(late)})',
            "c.update(w, metadata=m)",
            "print(json.dumps(c))",
        ),
    )


def _made(nats: str, stream: str, wish: object, *change: str) -> str:
    """Return what puts into `$new` the body that Python prints of a stream's STREAM.INFO; empty for nothing to do."""
    program = quote("; ".join((*_READ, *change)))
    info = f"{nats} req --raw '$JS.API.STREAM.INFO.{stream}' ''"
    return f'new="$({info} | python3 -c {program} {quote(json.dumps(wish))})"'


def _send(nats: str, call: str, made: str) -> str:
    return f"""{made} && {{ [ -z "$new" ] || {nats} req '$JS.API.{call}' "$new"; }}"""
