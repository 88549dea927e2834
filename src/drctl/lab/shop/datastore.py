"""The pod's connection to its region's NATS."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress

from nats.aio.client import Client
from nats.errors import Error as NatsError

USER = "shop"
STREAM = "ORDERS"
ORDER_SUBJECT = "orders.placed"
SETTINGS_BUCKET = "settings"
DURABLE = "billing"
SMOKE_HEADER = "Drctl-Smoke"

_CONNECT_SECONDS = 1
_RETRY_SECONDS = 0.2
# A frozen server keeps its connections: only unanswered pings show it.
_PING_SECONDS = 1
_PINGS_UNANSWERED_MAX = 2


class Datastore:
    """One connection at a time, made anew whenever it ends: by a restart, a rotated password, a frozen server.

    nats-py's own reconnecting is off: it gives up for good on some errors, and it keeps what is published
    meanwhile and sends it later, although the customer was told that the order failed.
    """

    def __init__(self) -> None:
        self.client = Client()
        self._problem = "not connected yet"
        self._closed = asyncio.Event()

    @property
    def why_not_ready(self) -> str:
        """Return why nothing can be read or stored now; empty while connected."""
        return "" if self.client.is_connected else f"NATS: {self._problem}"

    async def stay_connected(self) -> None:
        """Connect, and again, for as long as the pod lives."""
        while True:
            self.client, self._closed = Client(), asyncio.Event()
            try:
                await self._connect()
                await self._closed.wait()
            except (NatsError, OSError, TimeoutError) as problem:
                await self._note(problem)
            with suppress(NatsError, OSError):
                await self.client.close()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _connect(self) -> None:
        await self.client.connect(
            servers=[os.environ["NATS_URL"]],
            user=USER,
            password=os.environ["NATS_PASSWORD"],
            name=os.environ.get("POD_NAME", USER),
            connect_timeout=_CONNECT_SECONDS,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            ping_interval=_PING_SECONDS,
            max_outstanding_pings=_PINGS_UNANSWERED_MAX,
            error_cb=self._note,
            closed_cb=self._has_closed,
        )

    async def _has_closed(self) -> None:
        self._closed.set()

    async def _note(self, problem: Exception) -> None:
        text = str(problem) or type(problem).__name__
        if text != self._problem:
            print(text, file=sys.stderr)  # noqa: T201 (a pod logs to its standard error)
        self._problem = text
