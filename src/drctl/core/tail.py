"""A divergent tail: what the old region took after the fork. How it is named, compared and written down."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from drctl.core.observed import StoredMessage

RESCUE_PREFIX = "RESCUE_"
_MESSAGE_ID = "Nats-Msg-Id"


# Conditions of a publish, not part of what was stored: a mirror leaves them out (measured on nats-server 2.15.1, where
# nats.md 7.1 says that it keeps headers; it keeps all others).
_CONDITIONS = "nats-expected-"


def rescue_name(stream: str, epoch: int, fork_seq: int) -> str:
    """Return the name of the stream that keeps a tail: unique to the move that made the fork.

    A move that left no epoch is told from others by where it forked.
    """
    return f"{RESCUE_PREFIX}{stream}_{epoch or f'after{fork_seq}'}"


def rescued_stream(rescue: str) -> str:
    """Return the stream whose tail a rescue keeps."""
    return rescue.removeprefix(RESCUE_PREFIX).rpartition("_")[0]


def message_id(message: StoredMessage) -> str:
    """Return what its publisher called a message; empty without an id."""
    return next((value for key, value in message.headers if key == _MESSAGE_ID), "")


def tail_digest(messages: Iterable[StoredMessage]) -> tuple[int, str]:
    """Return how many messages there are, and one hash of all of them: sequence, time, subject, headers, data.

    Headers that only said when a publish was to be refused are left out.
    """
    count, whole = 0, hashlib.sha256()
    for message in messages:
        count += 1
        whole.update(line(_unconditional(message)).encode())
    return count, whole.hexdigest()


def is_same(one: StoredMessage, other: StoredMessage) -> bool:
    """Say whether two sides hold the same message: sequence, time, subject, headers, data."""
    return _unconditional(one) == _unconditional(other)


def _unconditional(message: StoredMessage) -> StoredMessage:
    kept = tuple(pair for pair in message.headers if not pair[0].lower().startswith(_CONDITIONS))
    return replace(message, headers=kept)


def lines(messages: Iterable[StoredMessage]) -> Iterator[str]:
    """Yield a tail as JSON lines: each with its own checksum."""
    for message in messages:
        yield line(message)


def line(message: StoredMessage) -> str:
    """Return one message as a JSON line. `sha256` is that of the data."""
    return json.dumps(
        {
            "seq": message.seq,
            "time": message.at.isoformat().replace("+00:00", "Z"),
            "subject": message.subject,
            "headers": [list(pair) for pair in message.headers],
            "data": base64.b64encode(message.data).decode(),
            "sha256": hashlib.sha256(message.data).hexdigest(),
        }
    )
