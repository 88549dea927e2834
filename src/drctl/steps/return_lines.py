"""Shell lines that bring an old region's streams back: keep the tail, seal it, delete, mirror. As in `nats_lines`.

Nothing is sealed or deleted by them before the last message of what is to go was seen on the other side, byte by
byte: a mirror is filled in order, so it then has everything before that too.
"""

from __future__ import annotations

import json
from shlex import quote
from typing import TYPE_CHECKING

from drctl.core.stream_config import FENCED_PREFIX, REFUSED_BY_MIRRORS, RESCUE_SUBJECT_PREFIX
from drctl.steps.nats_lines import CONFIG, Origin, made, not_signed_later, request, send, signature

if TYPE_CHECKING:
    from drctl.core.lock import Stamp
    from drctl.steps.rescue_tail import TailItem

_NO_MESSAGE_FOUND = 10037
# Headers are left out: a mirror drops those that were conditions of the publish.
_SAME = 'same = lambda x: all(x.get(f) == m.get(f) for f in ("seq", "time", "subject", "data"))'


def keep_tail(nats: str, origin: Origin, tail: TailItem, stamp: Stamp) -> str:
    """Return the line that keeps what the other region's stream took after its fork, if it took anything."""
    external = {"api": f"$JS.{origin.domain}.API"}
    mirror = {"name": tail.name, "opt_start_seq": tail.fork_seq + 1, "external": external}
    wish = {"name": tail.rescue, "storage": "file", "mirror": mirror, "metadata": json.loads(signature(stamp))}
    return send(
        nats,
        f"STREAM.CREATE.{tail.rescue}",
        made(
            origin.nats,
            tail.name,
            wish,
            'todo = c and not c.get("mirror") and i["state"]["last_seq"] >= w["mirror"]["opt_start_seq"]',
            'todo and w.update({"num_replicas": c["num_replicas"]})',
            'print(json.dumps(w) if todo else "")',
        ),
    )


def seal(nats: str, origin: Origin, tail: TailItem) -> str:
    """Return the line that makes a rescue unchangeable, if there is one and it holds the tail's last message."""
    wish = {"subjects": [f"{RESCUE_SUBJECT_PREFIX}{tail.rescue}"], "sealed": True, "mirror_direct": False}
    bad = f"nothing is sealed: {tail.rescue} does not hold message %s yet, the last of {tail.name}"
    reads = (request(nats, f"STREAM.INFO.{tail.rescue}"), _at_seq(nats, tail.rescue))
    program = (
        *_answers("last, i, kept"),
        *CONFIG,
        'm, k = (x.get("message", {}) for x in (last, kept))',
        _SAME,
        'todo = c and not c["sealed"]',
        f'todo and not same(k) and sys.exit({json.dumps(bad)} % m.get("seq"))',
        'todo and c.pop("mirror", None)',
        f"todo and c.update(json.loads({json.dumps(json.dumps(wish))}))",
        'print(json.dumps(c) if todo else "")',
    )
    return send(nats, f"STREAM.UPDATE.{tail.rescue}", _compared(origin.nats, tail.name, reads, program))


def delete_fenced(nats: str, stream: str, stamp: Stamp) -> str:
    """Return the line that deletes a stream, if it is fenced; what it holds is drctl's own."""
    return send(nats, f"STREAM.DELETE.{stream}", made(nats, stream, None, *_if_fenced(stream, stamp)), "''")


def delete_kept(nats: str, origin: Origin, stream: str, rescue: str, stamp: Stamp) -> str:
    """Return the line that deletes a fenced stream, if its last message is held by the other region.

    Held: by the stream there, or by the sealed `rescue`; or it came before the fork that the stream there was
    promoted at, whose own limits have dropped it since (nats.md 11.3, F6).
    """
    bad = f"nothing is deleted: message %s, the last of {stream}, is held neither by {stream} there nor by " + (
        f"{rescue}, sealed" if rescue else "any rescue"
    )
    reads = [request(nats, f"STREAM.INFO.{stream}")]
    for name in (stream, rescue or stream):
        reads += [request(origin.nats, f"STREAM.INFO.{name}"), _at_seq(origin.nats, name)]
    program = (
        *_answers("last, i, there, held, r, kept"),
        *CONFIG,
        'm, n, k = (x.get("message", {}) for x in (last, held, kept))',
        _SAME,
        'fork = int((there["config"].get("metadata") or {}).get("drctl.fork_seq", 0))',
        'is_kept = r.get("config", {}).get("sealed") and same(k)',
        f'is_gone = held.get("error", {{}}).get("err_code") == {_NO_MESSAGE_FOUND} and m.get("seq", 0) <= fork',
        "ok = not m or same(n) or is_kept or is_gone",
        f'c and not c.get("mirror") and not ok and sys.exit({json.dumps(bad)} % m.get("seq"))',
        *_if_fenced(stream, stamp),
    )
    return send(nats, f"STREAM.DELETE.{stream}", _compared(nats, stream, reads, program), "''")


def create_mirror(nats: str, origin: Origin, stream: str, stamp: Stamp) -> str:
    """Return the line that creates a stream as the mirror of the other region's, as `mirrored` has it."""
    mirror = {"name": stream, "external": {"api": f"$JS.{origin.domain}.API"}}
    wish = {"mirror": mirror, "mirror_direct": False}
    return send(
        nats,
        f"STREAM.CREATE.{stream}",
        made(
            origin.nats,
            stream,
            wish,
            *not_signed_later("c", stamp),
            'm = {k: v for k, v in (c.get("metadata") or {}).items() if k[:6] not in ("drctl.", "_nats.")}',
            'm["drctl.subjects"] = json.dumps(c.pop("subjects"))',
            f"late = {{k: c.pop(k) for k in {json.dumps(sorted(REFUSED_BY_MIRRORS))} if k in c}}",
            "late = {k: v for k, v in late.items() if v}",
            'late and m.update({"drctl.deferred": json.dumps(late)})',
            f"m.update({signature(stamp)})",
            "c.update(w, metadata=m)",
            "print(json.dumps(c))",
        ),
    )


def _compared(nats: str, stream: str, reads: tuple[str, ...] | list[str], program: tuple[str, ...]) -> str:
    """Return what puts into `$new` what a program prints of a stream's last message and of what is read beside it.

    `$seq` is that message's sequence, 0 for none; the program finds each answer on a line of its own.
    """
    newest = request(nats, f"STREAM.MSG.GET.{stream}", quote('{"last_by_subj": ">"}'))
    number = 'import json, sys; print(json.loads(sys.stdin.read() or sys.exit(1)).get("message", {}).get("seq", 0))'
    again = """printf '%s' "$last\""""
    asked = f'last="$({newest})" && seq="$({again} | python3 -c {quote(number)})"'
    lines = "; echo; ".join((again, *reads))
    return f'{asked} && new="$({{ {lines}; }} | python3 -c {quote("; ".join(("import json, sys", *program)))})"'


def _answers(names: str) -> tuple[str, ...]:
    """Return what reads one answer a name; where one is missing, nats has said why."""
    return (
        "d = [json.loads(t) for t in sys.stdin if t.strip()]",
        f"len(d) == {len(names.split(','))} or sys.exit(1)",
        f"{names} = d",
    )


def _at_seq(nats: str, stream: str) -> str:
    return request(nats, f"STREAM.MSG.GET.{stream}", '"{\\"seq\\": $seq}"')


def _if_fenced(stream: str, stamp: Stamp) -> tuple[str, ...]:
    """Return what prints something for a stream that is fenced, and refuses one that takes writes."""
    fenced = json.dumps([f"{FENCED_PREFIX}{stream}"])
    bad = json.dumps(f"nothing is deleted: {stream} is not fenced")
    return (
        f'todo = c and not c.get("mirror") and (c.get("subjects") == {fenced} or sys.exit({bad}))',
        *not_signed_later("todo", stamp),
        'print("fenced" if todo else "")',
    )
