"""Customers order through the public name, over HTTPS: with a new connection each time, or with one that is kept."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import aiohttp
import dns.exception
from aiohttp.abc import AbstractResolver, ResolveResult

from drctl.lab.clients.public_name import PublicName
from drctl.lab.layout import PUBLIC_NAME
from drctl.lab.truth import Attempt

if TYPE_CHECKING:
    import ssl

    from drctl.lab.layout import Layout

_CONNECT_SECONDS = 1.0
_TOTAL_SECONDS = 2.0
# For as long as the other side keeps it: the customer never closes a connection that works.
_KEPT_SECONDS = 86400.0


class Customer:
    """One connection at a time, kept from order to order; a new one looks the public name up.

    It is given up when it fails: closed, reset, or no answer in time. A refusal is an answer. aiohttp repeats no
    POST by itself, so that no order is sent twice.
    """

    def __init__(self, layout: Layout, trust: ssl.SSLContext) -> None:
        self._url = f"https://{PUBLIC_NAME}:{layout.ports.https}/orders"
        self._name = PublicName(layout)
        connector = aiohttp.TCPConnector(
            limit=1,
            resolver=_Resolver(self._name),
            use_dns_cache=False,
            keepalive_timeout=_KEPT_SECONDS,
            ssl=trust,
        )
        timeout = aiohttp.ClientTimeout(total=_TOTAL_SECONDS, sock_connect=_CONNECT_SECONDS)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def order(self, order: str) -> Attempt:
        """Try one order and say what happened; never raises for what can happen to a customer."""
        sent = datetime.now(UTC)
        try:
            async with asyncio.timeout(_TOTAL_SECONDS):
                status, region, body = await self._post(order)
        except (aiohttp.ClientError, dns.exception.DNSException, OSError, TimeoutError) as problem:
            error = f"{type(problem).__name__}: {problem}"
            return Attempt(order, sent, datetime.now(UTC), self._name.address, error=error)
        return _answered(Attempt(order, sent, datetime.now(UTC), self._name.address, region, status), body)

    async def _post(self, order: str) -> tuple[int, str, str]:
        async with self._session.post(self._url, json={"id": order}) as answer:
            return answer.status, answer.headers.get("X-Region", ""), await answer.text()


class Newcomers:
    """The client that resolves each time: every order is another customer's, and any number may be under way."""

    def __init__(self, layout: Layout, trust: ssl.SSLContext) -> None:
        self._layout = layout
        self._trust = trust

    async def order(self, order: str) -> Attempt:
        """Try one order: one resolution, one connection, one request."""
        async with Customer(self._layout, self._trust) as customer:
            return await customer.order(order)


class _Resolver(AbstractResolver):
    """Asked by aiohttp for each new connection, and only then."""

    def __init__(self, name: PublicName) -> None:
        self._name = name

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = await self._name.look_up()
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
        ]

    async def close(self) -> None:
        """Nothing is held open."""


def _answered(attempt: Attempt, body: str) -> Attempt:
    fields = asdict(attempt)
    try:
        told = json.loads(body)
    except ValueError:
        told = {}
    if attempt.status != 201:
        return Attempt(**fields | {"error": body.strip()[:300]})
    try:
        return Attempt(**fields | {"stream": told["stream"], "seq": int(told["seq"]), "domain": told["domain"]})
    except (KeyError, TypeError, ValueError):
        return Attempt(**fields | {"error": f"no acknowledgement in {body[:300]}"})
