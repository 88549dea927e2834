"""Shell lines over the JetStream API. Each runs as it is, and again: where nothing is to be done it sends nothing.

An update replaces a stream's whole configuration (nats.md T4), so a line that writes reads the configuration first
and changes it by a few words of Python, which is wherever drctl ran. What it writes it signs, as a run does; where a
later epoch has signed since the line was printed, it refuses.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from drctl.core.stream_config import FENCED_PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drctl.core.access import Access
    from drctl.core.lock import Stamp
    from drctl.core.stream_config import StreamConfig

CONFIG = (
    'c = i.get("config")',
    # A stream that is not there is left alone; any other error must not look like that.
    'c or i["error"]["err_code"] == 10059 or sys.exit(i["error"]["description"])',
)
_READ = (
    "import json, sys",
    # Where nobody answered, nats has said so.
    "i = json.loads(sys.stdin.read() or sys.exit(1))",
    *CONFIG,
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


def fence(nats: str, stream: str, stamp: Stamp) -> str:
    """Return the line that takes an active stream's subjects away and keeps them in its metadata."""
    wish = {"subjects": [f"{FENCED_PREFIX}{stream}"]}
    return send(
        nats,
        f"STREAM.UPDATE.{stream}",
        made(
            nats,
            stream,
            wish,
            'todo = c and not c.get("mirror") and c["subjects"] != w["subjects"]',
            *not_signed_later("todo", stamp),
            'todo and c.setdefault("metadata", {}).update({"drctl.subjects": json.dumps(c["subjects"])})',
            f'todo and c["metadata"].update({signature(stamp)})',
            "todo and c.update(w)",
            'print(json.dumps(c) if todo else "")',
        ),
    )


def unfence(nats: str, stream: str, stamp: Stamp) -> str:
    """Return the line that gives a fenced stream the subjects back that its metadata keeps."""
    return send(
        nats,
        f"STREAM.UPDATE.{stream}",
        made(
            nats,
            stream,
            [f"{FENCED_PREFIX}{stream}"],
            'm = (c or {}).get("metadata") or {}',
            'todo = c and c.get("subjects") == w and m.get("drctl.subjects")',
            *not_signed_later("todo", stamp),
            'todo and c.update({"subjects": json.loads(m.pop("drctl.subjects"))})',
            f"m.update({signature(stamp)})",
            'print(json.dumps(c) if todo else "")',
        ),
    )


def promote(nats: str, stream: str, subjects: Sequence[str], deferred: Sequence[tuple[str, str]], stamp: Stamp) -> str:
    """Return the line that turns a mirror into a stream on these subjects, with fork and epoch in its metadata."""
    wish = {"subjects": list(subjects), "mirror_direct": False}
    wish |= {field: json.loads(text) for field, text in deferred}
    return send(
        nats,
        f"STREAM.UPDATE.{stream}",
        made(
            nats,
            stream,
            wish,
            'o = c.pop("mirror", None)',
            *not_signed_later("o", stamp),
            'fork = {"drctl.fork_seq": str(i["state"]["last_seq"]), "drctl.fork_ts": i["state"]["last_ts"]}',
            f'fork.update({{"drctl.origin": json.dumps(o), **{signature(stamp)}}})',
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
    return send(
        nats,
        f"CONSUMER.DURABLE.CREATE.{stream}.{consumer}",
        made(
            nats,
            stream,
            wish,
            'last = i["state"]["last_seq"]',
            'fork = int((c.get("metadata") or {}).get("drctl.fork_seq", last))',
            f'w["config"]["opt_start_seq"] = min({floor}, fork, last) + 1',
            "print(json.dumps(w))",
        ),
    )


def made(nats: str, stream: str, wish: object, *change: str) -> str:
    """Return what puts into `$new` the body that Python prints of a stream's STREAM.INFO; empty for nothing to do."""
    program = quote("; ".join((*_READ, *change)))
    info = request(nats, f"STREAM.INFO.{stream}")
    return f'new="$({info} | python3 -c {program} {quote(json.dumps(wish))})"'


def signature(stamp: Stamp) -> str:
    """Return the metadata that says who wrote, as Python has it."""
    return json.dumps({"drctl.epoch": str(stamp.epoch), "drctl.run": stamp.run_id})


def not_signed_later(todo: str, stamp: Stamp) -> tuple[str, ...]:
    """Return what ends a line that is to write where a later move has been."""
    refused = (
        f"nothing is written: epoch %s signed this stream, and this line was printed for {stamp.epoch}; print it anew"
    )
    return (
        'old = int(((c or {}).get("metadata") or {}).get("drctl.epoch", 0))',
        f"{todo} and old > {stamp.epoch} and sys.exit({json.dumps(refused)} % old)",
    )


def request(nats: str, call: str, body: str = "''") -> str:
    """Return what prints the JSON that answers a call."""
    return f"{nats} req --raw '$JS.API.{call}' {body}"


def send(nats: str, call: str, made: str, body: str = '"$new"') -> str:
    """Return the line that sends what `made` put into `$new`, or nothing."""
    return f"""{made} && {{ [ -z "$new" ] || {nats} req '$JS.API.{call}' {body}; }}"""
