"""The client that publishes orders to NATS directly: at the public name's address and the regions' shared port."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import dns.exception
from nats.aio.client import Client
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError
from nats.js.errors import APIError, NoStreamResponseError

from drctl.lab.clients.public_name import PublicName
from drctl.lab.layout import ADDRESSES
from drctl.lab.truth import Attempt

if TYPE_CHECKING:
    from nats.js.api import PubAck

    from drctl.lab.layout import Layout

_USER = "publisher"
_SUBJECT = "orders.placed"
_CONNECT_SECONDS = 1
_TOTAL_SECONDS = 2.0
_REGIONS = {address: region for region, address in ADDRESSES.items()}


class Publisher:
    """Keeps one connection for as long as a stream takes its orders there; then looks the public name up again.

    nats-py's own reconnecting is off: it would stay with the address that it knows, and send later what was
    already written down as failed.
    """

    def __init__(self, layout: Layout) -> None:
        self._port = layout.ports.nats
        self._password = layout.secret_file(f"nats-{_USER}").read_text().strip()
        self._name = PublicName(layout)
        self._client: Client | None = None
        self._closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leave()

    async def order(self, order: str) -> Attempt:
        """Try one order and await its acknowledgement; never raises for what can happen to a publisher.

        The status is the one that the shop's api would give: 201 stored, 503 surely not (nobody takes orders
        there), 0 without an answer. A refusal by JetStream has the code that JetStream gives.
        """
        sent = datetime.now(UTC)
        try:
            async with asyncio.timeout(_TOTAL_SECONDS):
                ack = await self._acknowledged(await self._connected(), order)
        except NoStreamResponseError:
            failed = self._attempt(order, sent, 503, "no responders: no stream takes orders here")
        except APIError as problem:
            failed = self._attempt(order, sent, problem.code or 0, f"{problem}")
        except (NatsError, dns.exception.DNSException, OSError, TimeoutError) as problem:
            failed = self._attempt(order, sent, 0, f"{type(problem).__name__}: {problem}")
        else:
            stored = self._attempt(order, sent, 201, "")
            return replace(stored, stream=ack.stream, seq=ack.seq, domain=ack.domain or "")
        await self._leave()
        return failed

    def _attempt(self, order: str, sent: datetime, status: int, error: str) -> Attempt:
        address = self._name.address
        region = _REGIONS.get(address, "") if status else ""
        return Attempt(order, sent, datetime.now(UTC), address, region, status, error=error)

    async def _connected(self) -> Client:
        if self._client is not None and self._client.is_connected:
            return self._client
        address = await self._name.look_up()
        self._client, self._closed = Client(), asyncio.Event()
        await self._client.connect(
            servers=[f"nats://{address}:{self._port}"],
            user=_USER,
            password=self._password,
            name=_USER,
            connect_timeout=_CONNECT_SECONDS,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=_unheard,
            closed_cb=self._has_closed,
        )
        return self._client

    async def _acknowledged(self, client: Client, order: str) -> PubAck:
        """Publish once. nats-py goes on waiting for an answer when its connection ends; this does not."""
        body = json.dumps({"id": order}).encode()
        publishing = client.jetstream().publish(_SUBJECT, body, timeout=_TOTAL_SECONDS, headers={"Nats-Msg-Id": order})
        asked, ended = asyncio.ensure_future(publishing), asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((asked, ended), return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                return asked.result()
            raise ConnectionClosedError
        finally:
            asked.cancel()
            ended.cancel()

    async def _leave(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        with suppress(NatsError, OSError, TimeoutError):
            async with asyncio.timeout(_CONNECT_SECONDS):
                await client.close()

    async def _has_closed(self) -> None:
        self._closed.set()


async def _unheard(_: Exception) -> None:
    """What goes wrong is written down with the order that it happened to; nats-py would print it."""
