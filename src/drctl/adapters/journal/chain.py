"""The lines of a journal: numbered, dated, each bound to the one before it by its hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Discriminator

from drctl.adapters.journal.codec import DataclassCodec, canonical
from drctl.core.errors import RefusedError
from drctl.core.events import Event
from drctl.ports.journal import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = 1
EVENTS: DataclassCodec[Event] = DataclassCodec(Annotated[Event, Discriminator("type")])


@dataclass(frozen=True, slots=True)
class Chain:
    """What was read of a journal: its records, and the hash that the next line must name."""

    records: tuple[Record, ...]
    head: str


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def content(record: Record, version: str) -> dict[str, object]:
    """Return a journal line without its place in the chain: what `--output jsonl` streams."""
    return {
        "schema": SCHEMA,
        "drctl": version,
        "seq": record.seq,
        "at": record.at.isoformat().replace("+00:00", "Z"),
        "event": json.loads(EVENTS.encode(record.event)),
    }


def extend(chain: Chain, events: Sequence[Event], at: datetime, version: str) -> tuple[bytes, Chain]:
    """Return the lines for events, each ended by a newline, and the chain that has them."""
    lines, records, head = [], list(chain.records), chain.head
    for event in events:
        record = Record(len(records) + 1, at.astimezone(UTC), event)
        body = {**content(record, version), "prev": head}
        head = digest(canonical(body))
        lines.append(canonical({**body, "hash": head}) + b"\n")
        records.append(record)
    return b"".join(lines), Chain(tuple(records), head)


def read(whole: bytes, plan_digest: str, version: str, where: str) -> Chain:
    """Return the chain of a journal whose lines are all complete; the first line names the plan's digest.

    Raises:
        RefusedError: A line was changed, is missing or out of place, or another drctl version wrote it.
    """
    records, head = [], plan_digest
    for number, line in enumerate(whole.splitlines(), start=1):
        record, head = _read_line(line, number, head, version, where)
        records.append(record)
    return Chain(tuple(records), head)


def _read_line(line: bytes, number: int, prev: str, version: str, where: str) -> tuple[Record, str]:
    try:
        body = json.loads(line)
        stated = body.pop("hash")
        written_by, schema, seq, at, named = (body[key] for key in ("drctl", "schema", "seq", "at", "prev"))
        moment = datetime.fromisoformat(at)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _broken(where, number, "is no journal line") from error
    if stated != digest(canonical(body)):
        raise _broken(where, number, "was changed after it was written")
    if seq != number or named != prev:
        raise _broken(where, number, "does not follow the line before it (line 1 follows plan.json)")
    if schema != SCHEMA or not resumable(written_by, version):
        raise RefusedError(
            f"{where}, line {number}: written by drctl {written_by} (schema {schema}); this is {version}"
            f" (schema {SCHEMA})",
            remedy=f"Install drctl {written_by} and repeat the command with it.",
        )
    return Record(number, moment, EVENTS.decode(canonical(body["event"]))), stated


def _broken(where: str, number: int, what: str) -> RefusedError:
    return RefusedError(
        f"{where}, line {number}: {what}; the chain is broken",
        code="journal-broken",
        remedy="Keep the folder as evidence. Run `drctl status` to see where the service stands, then start a new run.",
    )


def resumable(written_by: str, version: str) -> bool:
    """Say whether a drctl of `version` continues what `written_by` wrote: the same or the previous minor version."""
    try:
        their_major, their_minor = (int(part) for part in written_by.split(".")[:2])
        major, minor = (int(part) for part in version.split(".")[:2])
    except ValueError:
        return False
    return their_major == major and their_minor in {minor, minor - 1}
