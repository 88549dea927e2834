"""What one region's streams really hold, read from its own server."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nats

if TYPE_CHECKING:
    from nats.aio.client import Client

    from drctl.lab.layout import Layout

_STREAM = "ORDERS"


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored message: its subject, what its publisher called it (empty without an id), and its data."""

    subject: str
    message_id: str
    data: bytes


def stored(layout: Layout, region: str) -> dict[int, str]:
    """Return the order id at each sequence of a region's ORDERS stream."""
    return {seq: entry.message_id for seq, entry in entries(layout, region, _STREAM).items()}


def entries(layout: Layout, region: str, stream: str) -> dict[int, Entry]:
    """Return every message of a region's stream by its sequence; of a bucket: every revision that it still has."""
    return asyncio.run(_entries(layout, region, stream))


async def _entries(layout: Layout, region: str, stream: str) -> dict[int, Entry]:
    client = await nats.connect(
        layout.nats_url(region),
        user="drctl",
        password=layout.secret_file("nats-drctl").read_text().strip(),
        connect_timeout=2,
        allow_reconnect=False,
    )
    try:
        info = await _ask(client, f"STREAM.INFO.{stream}", None)
        first, last = int(info["state"]["first_seq"]), int(info["state"]["last_seq"])
        found: dict[int, Entry] = {}
        for seq in range(first, last + 1):
            reply = await _ask(client, f"STREAM.MSG.GET.{stream}", {"seq": seq})
            if "message" in reply:
                found[seq] = _entry(reply["message"])
        return found
    finally:
        await client.close()


async def _ask(client: Client, call: str, body: dict[str, Any] | None) -> dict[str, Any]:
    payload = json.dumps(body).encode() if body is not None else b""
    reply = await client.request(f"$JS.API.{call}", payload, timeout=5)
    answer: dict[str, Any] = json.loads(reply.data)
    return answer


def _entry(message: dict[str, Any]) -> Entry:
    headers = base64.b64decode(message.get("hdrs", "")).decode().splitlines()
    named = dict(line.split(":", 1) for line in headers if ":" in line)
    return Entry(message["subject"], named.get("Nats-Msg-Id", "").strip(), base64.b64decode(message.get("data", "")))
