"""The worker: bills stored orders, and notes the last one in the settings bucket."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from aiohttp import web
from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from drctl.lab.shop.datastore import DURABLE, SETTINGS_BUCKET, SMOKE_HEADER, STREAM, Datastore
from drctl.lab.shop.serving import serve

if TYPE_CHECKING:
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext
    from nats.js.kv import KeyValue

_BATCH = 50
_FETCH_SECONDS = 1.0
_RETRY_SECONDS = 0.2


async def run() -> None:
    """Work until the process ends."""
    datastore = Datastore()
    worker = _Worker(datastore)
    await serve(web.Application(), lambda: worker.why_not_ready)
    await asyncio.gather(datastore.stay_connected(), worker.work())


class _Worker:
    """Ready only while it can pull: on a mirror there is no consumer, and it waits for one."""

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore
        self._problem = "has not pulled yet"

    @property
    def why_not_ready(self) -> str:
        return self._datastore.why_not_ready or self._problem

    async def work(self) -> None:
        """Bind and bill, and again after whatever goes wrong."""
        while True:
            if not self._datastore.why_not_ready:
                try:
                    await self._bill(self._datastore.client.jetstream())
                except (NatsError, JetStreamError, TimeoutError) as problem:
                    self._problem = f"{DURABLE} on {STREAM}: {problem!r}"
            await asyncio.sleep(_RETRY_SECONDS)

    async def _bill(self, jetstream: JetStreamContext) -> None:
        bucket = await jetstream.key_value(SETTINGS_BUCKET)
        subscription = await jetstream.pull_subscribe_bind(DURABLE, stream=STREAM)
        try:
            while True:
                # A pull from a consumer that is gone only times out; this says that it is gone.
                await jetstream.consumer_info(STREAM, DURABLE)
                self._problem = ""
                try:
                    messages = await subscription.fetch(_BATCH, timeout=_FETCH_SECONDS)
                except TimeoutError:
                    continue
                await _settle(messages, bucket)
        finally:
            await subscription.unsubscribe()


async def _settle(messages: list[Msg], bucket: KeyValue) -> None:
    for message in messages:
        # A test tenant's order is taken out of the queue, and nobody pays for it.
        if SMOKE_HEADER not in (message.headers or {}):
            await bucket.put("billed", json.loads(message.data)["id"].encode())
        await message.ack()
