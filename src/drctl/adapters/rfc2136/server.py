"""One server, asked over TCP, every message signed; nothing is sent twice but questions."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import socket
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.update

from drctl.adapters.rfc2136.translation import refusal, silence
from drctl.core.errors import DeniedError, NotFoundError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from drctl.adapters.rfc2136.translation import Call

_CONNECT_SECONDS_MAX = 3.0
_READ_TRIES = 2
_SILENT = (dns.exception.DNSException, OSError, EOFError)
_ANSWERS = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


@dataclass(frozen=True, slots=True)
class Key:
    """A TSIG key; `secret` in base64, as key files have it."""

    name: str
    algorithm: str
    secret: str = field(repr=False)

    def read(self) -> dns.tsig.Key:
        """Return the key for signing.

        Raises:
            DeniedError: What is configured cannot be a key.
        """
        try:
            secret = base64.b64decode(self.secret, validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if not secret:
            raise DeniedError(
                f"the TSIG key {self.name} is none: it is empty, or not in base64",
                remedy="Put the secret alone, on one line, where `key` in drctl.yaml says: `tsig-keygen` shows one.",
            )
        return dns.tsig.Key(dns.name.from_text(self.name), secret, dns.name.from_text(self.algorithm))


class PrimaryServer:
    """The zone's primary, at `address:port`. `timeout` is what one request may take, a question with its tries."""

    def __init__(self, server: str, key: Key, timeout: timedelta) -> None:
        self.name = server
        host, _, port = server.rpartition(":")
        self._address, self._port = str(ipaddress.ip_address(host.strip("[]"))), int(port)
        self._key = key
        self._seconds = timeout.total_seconds()

    def ask(self, call: Call, queries: Iterable[dns.message.Message]) -> list[dns.message.Message]:
        """Return the answers to questions, asked over one connection and, after a silence, once more over another.

        Raises:
            UnreachableError: No answer within the timeout.
            DeniedError, NotFoundError, RefusedError: As their names say.
        """
        asked = list(queries)
        try:
            return self._ask_once(call, asked)
        except UnreachableError:
            return self._ask_once(call, asked)

    def send(self, call: Call, update: dns.update.UpdateMessage) -> None:
        """Send an update, once.

        Raises:
            ConflictError: A prerequisite does not hold; nothing was written.
            OutcomeUnknownError: It was, or may have been, sent, and no answer says what became of it.
            UnreachableError: Provably not sent: no connection.
            DeniedError, NotFoundError, RefusedError, ThrottledError: As their names say; nothing was written.
        """
        update.use_tsig(self._key.read())
        with closing(self._connect(call, self._seconds)) as connection:
            try:
                reply = dns.query.tcp(update, self._address, timeout=self._seconds, sock=connection)
            except _SILENT as error:
                raise silence(call, error, was_sent=True) from error
        if reply.rcode() != dns.rcode.NOERROR:
            raise refusal(call, reply.rcode())

    def _ask_once(self, call: Call, queries: list[dns.message.Message]) -> list[dns.message.Message]:
        seconds, key = self._seconds / _READ_TRIES, self._key.read()
        replies = []
        with closing(self._connect(call, seconds)) as connection:
            for query in queries:
                query.use_tsig(key)
                try:
                    reply = dns.query.tcp(query, self._address, timeout=seconds, sock=connection)
                except _SILENT as error:
                    raise silence(call, error, was_sent=True) from error
                if reply.rcode() not in _ANSWERS:
                    raise refusal(call, reply.rcode())
                if not reply.flags & dns.flags.AA:
                    raise NotFoundError(
                        f"Could not {call.place}: it answers without authority for the zone",
                        remedy=f"Name the zone's primary as `server` in drctl.yaml: `{call.look}`.",
                    )
                replies.append(reply)
        return replies

    def _connect(self, call: Call, seconds: float) -> socket.socket:
        try:
            limit = min(_CONNECT_SECONDS_MAX, seconds)
            connection = socket.create_connection((self._address, self._port), timeout=limit)
        except OSError as error:
            raise silence(call, error, was_sent=False) from error
        connection.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        return connection
