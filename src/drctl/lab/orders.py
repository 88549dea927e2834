"""The orders that one region's stream really holds, read from its own server."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import nats

if TYPE_CHECKING:
    from nats.aio.client import Client

    from drctl.lab.layout import Layout

_STREAM = "ORDERS"


def stored(layout: Layout, region: str) -> dict[int, str]:
    """Return the order id at each sequence of a region's ORDERS stream."""
    return asyncio.run(_stored(layout, region))


async def _stored(layout: Layout, region: str) -> dict[int, str]:
    client = await nats.connect(
        layout.nats_url(region),
        user="drctl",
        password=layout.secret_file("nats-drctl").read_text().strip(),
        connect_timeout=2,
        allow_reconnect=False,
    )
    try:
        info = await _ask(client, f"STREAM.INFO.{_STREAM}", None)
        first, last = int(info["state"]["first_seq"]), int(info["state"]["last_seq"])
        found: dict[int, str] = {}
        for seq in range(first, last + 1):
            reply = await _ask(client, f"STREAM.MSG.GET.{_STREAM}", {"seq": seq})
            if "message" in reply:
                found[seq] = _order_id(reply["message"])
        return found
    finally:
        await client.close()


async def _ask(client: Client, call: str, body: dict[str, Any] | None) -> dict[str, Any]:
    payload = json.dumps(body).encode() if body is not None else b""
    reply = await client.request(f"$JS.API.{call}", payload, timeout=5)
    answer: dict[str, Any] = json.loads(reply.data)
    return answer


def _order_id(message: dict[str, Any]) -> str:
    for line in base64.b64decode(message.get("hdrs", "")).decode().splitlines():
        name, _, value = line.partition(":")
        if name == "Nats-Msg-Id":
            return value.strip()
    return ""
