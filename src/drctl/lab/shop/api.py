"""The api: reads settings, takes orders and stores them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from aiohttp import web
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js.errors import Error as JetStreamError
from nats.js.errors import KeyNotFoundError, NoStreamResponseError

from drctl.lab.shop.datastore import ORDER_SUBJECT, SETTINGS_BUCKET, SMOKE_HEADER, STREAM, Datastore
from drctl.lab.shop.serving import serve

if TYPE_CHECKING:
    from nats.js.api import PubAck

SMOKE_REQUEST_HEADER = "X-Drctl-Smoke"
# Below the client's own limit, so that a customer gets an answer and no silence.
_STORE_SECONDS = 1.0


async def run() -> None:
    """Serve until the process ends."""
    datastore = Datastore()
    app = web.Application()
    home = _Home(datastore)
    app.add_routes(
        [
            web.get("/", home.show),
            web.get("/status", home.show),
            web.post("/orders", _Orders(datastore).place),
        ]
    )
    await serve(app, lambda: datastore.why_not_ready)
    await datastore.stay_connected()


class _Home:
    """Reads only; works on a mirror too."""

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    async def show(self, _: web.Request) -> web.Response:
        """Answer with the last billed order from the settings bucket."""
        if reason := self._datastore.why_not_ready:
            return _sorry(503, reason)
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                billed = await self._read("billed")
        except (NatsError, JetStreamError, TimeoutError) as problem:
            return _sorry(503, f"settings cannot be read: {problem!r}")
        return web.json_response({"service": "shop", "last_billed": billed})

    async def _read(self, key: str) -> str | None:
        bucket = await self._datastore.client.jetstream().key_value(SETTINGS_BUCKET)
        try:
            entry = await bucket.get(key)
        except KeyNotFoundError:
            return None
        return (entry.value or b"").decode()


class _Orders:
    """Stores each order once, whatever the number of tries: its id is the message's id."""

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    async def place(self, request: web.Request) -> web.Response:
        """Answer 201 when the order is stored, 503 when it is surely not, 504 when nobody knows."""
        order = await _order_id(request)
        if order is None:
            return _sorry(400, 'send {"id": "<order id>"}')
        if reason := self._datastore.why_not_ready:
            return _sorry(503, reason)
        try:
            ack = await self._store(order, request.headers.get(SMOKE_REQUEST_HEADER, ""))
        except (NoStreamResponseError, NoRespondersError):
            return _sorry(503, "no stream takes orders here")
        except (NatsError, JetStreamError, TimeoutError) as problem:
            return _sorry(504, f"the order may or may not be stored: {problem!r}")
        body = {"id": order, "stream": ack.stream, "seq": ack.seq, "domain": ack.domain or ""}
        return web.json_response(body, status=201)

    async def _store(self, order: str, marker: str) -> PubAck:
        headers = {"Nats-Msg-Id": marker or order}
        if marker:
            headers[SMOKE_HEADER] = marker
        return await self._datastore.client.jetstream().publish(
            ORDER_SUBJECT, json.dumps({"id": order}).encode(), timeout=_STORE_SECONDS, stream=STREAM, headers=headers
        )


async def _order_id(request: web.Request) -> str | None:
    try:
        body = await request.json()
    except ValueError:
        return None
    found = body.get("id") if isinstance(body, dict) else None
    return found if isinstance(found, str) and found else None


def _sorry(status: int, reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=status)
