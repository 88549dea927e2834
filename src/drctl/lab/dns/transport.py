"""One DNS endpoint: the same port over UDP and TCP, with truncation where a UDP answer does not fit."""

from __future__ import annotations

import asyncio
import errno
import struct
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Handler: TypeAlias = Callable[[dns.message.Message], Awaitable[dns.message.Message]]
    Address: TypeAlias = tuple[str, int]

UDP_PAYLOAD_MAX = 1232  # What all big servers agreed on at DNS flag day 2020: never fragmented.
_UDP_PAYLOAD_WITHOUT_EDNS = 512
_TCP_PAYLOAD_MAX = 65_535
_TCP_IDLE_SECONDS = 10.0
_BIND_TRIES = 20


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


@asynccontextmanager
async def listening(address: str, port: int, handler: Handler) -> AsyncIterator[Endpoint]:
    """Answer DNS queries on a port over UDP and TCP; port 0 takes one that is free in both.

    Raises:
        OSError: The port is taken.
    """
    streams = _Streams(handler)
    tcp, udp, endpoint = await _bind(address, port, handler, streams)
    try:
        yield endpoint
    finally:
        udp.close()
        tcp.close()
        # From Python 3.12 on `wait_closed` waits for clients too, and they may stay as long as they like.
        streams.hang_up()
        await tcp.wait_closed()


async def _bind(
    address: str, port: int, handler: Handler, streams: _Streams
) -> tuple[asyncio.Server, asyncio.DatagramTransport, Endpoint]:
    for _ in range(_BIND_TRIES):
        tcp = await asyncio.start_server(streams.serve, address, port)
        chosen: int = tcp.sockets[0].getsockname()[1]
        try:
            udp, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Datagrams(handler), local_addr=(address, chosen)
            )
        except OSError:
            tcp.close()
            if port:
                raise
            continue
        return tcp, udp, Endpoint(address, chosen)
    raise OSError(errno.EADDRINUSE, f"no port of {address} is free in both UDP and TCP")


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._transport: asyncio.DatagramTransport | None = None
        self._answering: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast: until Python 3.12 the class that comes here is not derived from DatagramTransport.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        for task in self._answering:
            task.cancel()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        task = asyncio.ensure_future(self._answer(data, addr))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, data: bytes, addr: Address) -> None:
        wire = await _wire_answer(self._handler, data, udp=True)
        if wire and self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(wire, addr)


class _Streams:
    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(asyncio.IncompleteReadError, TimeoutError, ConnectionError, asyncio.CancelledError):
            async with asyncio.timeout(_TCP_IDLE_SECONDS):
                await self._converse(reader, writer)
        self._open.discard(writer)
        writer.close()

    def hang_up(self) -> None:
        for writer in self._open:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            wire = await _wire_answer(self._handler, await reader.readexactly(length), udp=False)
            if not wire:
                return
            writer.write(struct.pack("!H", len(wire)) + wire)
            await writer.drain()


async def _wire_answer(handler: Handler, data: bytes, *, udp: bool) -> bytes:
    """Return the answer's bytes, or none for what cannot be a query at all."""
    try:
        query = dns.message.from_wire(data)
    except dns.exception.DNSException:
        return b""
    if query.flags & dns.flags.QR:
        return b""
    response = await handler(query) if _is_plain_question(query) else refusal(query, dns.rcode.NOTIMP)
    # Said over TCP too: without a limit dnspython takes the one that the query names for UDP.
    limit = _udp_limit(query) if udp else _TCP_PAYLOAD_MAX
    # Truncation is said (TC), never silence: that is what makes a client come back over TCP.
    return response.to_wire(max_size=limit, prefer_truncation=True)


def refusal(query: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    """Return an empty answer with that code."""
    response = dns.message.make_response(query, our_payload=UDP_PAYLOAD_MAX)
    response.set_rcode(rcode)
    return response


def _is_plain_question(query: dns.message.Message) -> bool:
    return (
        query.opcode() == dns.opcode.QUERY
        and len(query.question) == 1
        and query.question[0].rdclass == dns.rdataclass.IN
    )


def _udp_limit(query: dns.message.Message) -> int:
    if query.edns < 0:
        return _UDP_PAYLOAD_WITHOUT_EDNS
    return min(UDP_PAYLOAD_MAX, max(_UDP_PAYLOAD_WITHOUT_EDNS, query.payload))
