"""One nats-py connection, opened on first use and again after it was lost. Runs inside the adapter's own loop."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nats.aio.client import Client
from nats.errors import Error, NoRespondersError

from drctl.adapters.nats.outcome import (
    ConnectionLostError,
    ForbiddenError,
    LoginRefusedError,
    NoAnswerError,
    NobodyListensError,
    NotSentError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence

    from nats.aio.msg import Msg

    from drctl.adapters.nats.credentials import Credentials

# nats-py hands errors over in lower case.
_VIOLATION = re.compile(r"permissions violation for (publish|subscription) to \"([^\"]+)\"")
_LOGIN_WORDS = ("authorization", "authentication", "credentials")
_CLOSE_SECONDS = 2.0
# A connection whose other end is gone without a word is given up after two unanswered pings.
_PING_SECONDS = 5


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What the server said of itself when the connection was opened."""

    version: str
    max_payload: int
    name: str
    cluster: str


@dataclass(slots=True)
class _Open:
    """A connection, and what may end the requests on it: its loss, or a denial of their subject."""

    client: Client
    lost: asyncio.Future[None]
    denials: dict[str, asyncio.Future[str]]
    deaf: str = ""


class Session:
    """Requests with explicit timeouts. Never reconnects behind the caller's back: the next call connects anew."""

    def __init__(self, url: str, credentials: Credentials, timeout_seconds: float) -> None:
        self._servers = url.split(",")
        self._credentials = credentials
        self._timeout = timeout_seconds
        self._opening = asyncio.Lock()
        self._open: _Open | None = None

    async def request(self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the first reply.

        Raises:
            WireError: One of its kinds, within the timeout; connecting is inside of it.
        """
        deadline = _now() + self._timeout
        link = await self._connected(deadline)
        left = max(deadline - _now(), 0.001)
        call = link.client.request(subject, payload, timeout=left, headers=dict(headers) if headers else None)
        with _denials(link, (subject,)) as denied:
            reply = await _first(link, subject, call, left, denied)
        return reply.data

    async def requests(self, subject: str, payloads: Sequence[bytes]) -> list[bytes]:
        """Return the first reply to each message; all are under way at the same time.

        Raises:
            WireError: Of the first that failed, as in `request`.
        """
        asked = [asyncio.ensure_future(self.request(subject, payload)) for payload in payloads]
        try:
            return list(await asyncio.gather(*asked))
        finally:
            for one in asked:
                one.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def gather(
        self, subjects: Sequence[str], headers: Mapping[str, str], quiet_seconds: float
    ) -> dict[str, tuple[bytes, ...] | None]:
        """Return every reply to one empty message on each subject; all subjects are waited for together.

        Ends when each subject has an answer and none came for `quiet_seconds`, or with the timeout. A subject has
        an empty tuple where the server said that nobody takes it, None where nothing was said.

        Raises:
            WireError: As in `request`.
        """
        deadline = _now() + self._timeout
        link = await self._connected(deadline)
        replies: dict[str, tuple[bytes, ...] | None] = dict.fromkeys(subjects)
        async with _inbox(link.client) as (inbox, arrived):
            with _denials(link, subjects) as denied:
                for number, subject in enumerate(subjects):
                    await link.client.publish(subject, b"", reply=f"{inbox}.{number}", headers=dict(headers))
                # Where the server says that nobody takes a subject, no other answer comes.
                while None in replies.values() or any(replies.values()):
                    wait = max(deadline - _now(), 0) if None in replies.values() else quiet_seconds
                    try:
                        message = await _first(link, "probes", arrived.get(), wait, denied)
                    except ConnectionLostError:
                        raise
                    except NoAnswerError:
                        return replies
                    subject = subjects[int(message.subject.rpartition(".")[2])]
                    replies[subject] = (replies[subject] or ()) + _streams_reply(message)
        return replies

    async def facts(self) -> ServerFacts:
        """Return what the server said of itself.

        Raises:
            WireError: There is no connection.
        """
        client = (await self._connected(_now() + self._timeout)).client
        said = client._server_info  # noqa: SLF001 - nats-py 2.16 has no other way to the server's name and cluster
        return ServerFacts(_dotted(client), client.max_payload, said.get("server_name", ""), said.get("cluster", ""))

    async def close(self) -> None:
        """End the connection, if there is one."""
        if self._open is not None:
            await _end(self._open.client)
            self._open = None

    async def _connected(self, deadline: float) -> _Open:
        try:
            async with asyncio.timeout_at(deadline), self._opening:
                if self._open is None or not self._open.client.is_connected:
                    await self.close()
                    self._open = await self._connect(max(deadline - _now(), 0.001))
                return self._open
        except TimeoutError as exc:
            raise NotSentError("no connection in time") from exc

    async def _connect(self, left: float) -> _Open:
        link = _Open(Client(), asyncio.get_running_loop().create_future(), {})
        reasons: list[Exception] = []

        async def on_error(exc: Exception) -> None:
            reasons.append(exc)
            _note_denial(link, str(exc))

        async def on_closed() -> None:
            if not link.lost.done():
                link.lost.set_result(None)

        try:
            # Zero or negative attempts make nats-py 2.16 try for ever; with one it tries twice.
            await link.client.connect(
                self._servers,
                name="drctl",
                user=self._credentials.user or None,
                password=self._credentials.password or None,
                user_credentials=self._credentials.creds_file or None,
                # Each of several is tried, in the order given; a silent one must not use up the time of the others.
                dont_randomize=True,
                connect_timeout=left / len(self._servers),  # type: ignore[arg-type]  # seconds; fractions work
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                ping_interval=_PING_SECONDS,
                max_outstanding_pings=2,
                error_cb=on_error,
                closed_cb=on_closed,
            )
        except (Error, OSError) as exc:
            await _end(link.client)
            # The server hangs up after its refusal, so the second attempt may end in a mere reset.
            refused = next((one for one in (*reasons, exc) if _is_about_login(one)), None)
            if refused is not None:
                raise LoginRefusedError(str(refused)) from exc
            reason = reasons[-1] if reasons else exc
            raise NotSentError(str(reason) or type(reason).__name__) from exc
        except ImportError as exc:
            raise LoginRefusedError(f"{exc}; install it with `pip install nkeys`") from exc
        except BaseException:
            await _end(link.client)
            raise
        return link


def _is_about_login(exc: Exception) -> bool:
    return any(word in str(exc).lower() for word in _LOGIN_WORDS)


async def _first(
    link: _Open, what: str, call: Coroutine[None, None, Msg], wait: float, denied: asyncio.Future[str]
) -> Msg:
    """Return what `call` brings, unless the connection is lost or a subject denied before that."""
    if link.deaf:
        call.close()
        raise ForbiddenError(link.deaf)
    task = asyncio.ensure_future(call)
    ends: set[asyncio.Future[Any]] = {task, denied, link.lost}
    try:
        await asyncio.wait(ends, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        if task.done() and not task.cancelled():
            return task.result()
    except NoRespondersError as exc:
        raise NobodyListensError(what) from exc
    except Error as exc:
        if not denied.done():
            raise NoAnswerError(f"{what}: {exc}") from exc
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if denied.done():
        raise ForbiddenError(denied.result())
    if link.lost.done():
        raise ConnectionLostError(f"{what}: the connection was lost")
    raise NoAnswerError(f"{what}: no reply in time")


@contextlib.contextmanager
def _denials(link: _Open, subjects: Iterable[str]) -> Iterator[asyncio.Future[str]]:
    """Yield what ends with the first subject that the server denies, as the caller wrote it."""
    first: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    written = {subject.lower(): subject for subject in subjects}

    def pass_on(denied: asyncio.Future[str]) -> None:
        if not first.done():
            first.set_result(written.get(denied.result(), denied.result()))

    waiting = [_denial_of(link, subject) for subject in written]
    for denied in waiting:
        denied.add_done_callback(pass_on)
    try:
        yield first
    finally:
        for denied in waiting:
            denied.remove_done_callback(pass_on)


def _streams_reply(message: Msg) -> tuple[bytes, ...]:
    """Return what a stream answered; nothing where the server itself said that nobody takes the subject."""
    unbound = message.headers is not None and message.headers.get("Status") == "503"
    return () if unbound else (message.data,)


def _denial_of(link: _Open, lowered: str) -> asyncio.Future[str]:
    """Return what ends when the server denies the subject; requests on one subject share it."""
    known = link.denials.get(lowered)
    if known is None or known.done():
        known = link.denials[lowered] = asyncio.get_running_loop().create_future()
    return known


def _note_denial(link: _Open, text: str) -> None:
    found = _VIOLATION.search(text.lower())
    if found is None:
        return
    if found[1] == "subscription":
        link.deaf = found[2]
        waiting = list(link.denials.values())
    else:
        waiting = [link.denials[found[2]]] if found[2] in link.denials else []
    for denied in waiting:
        if not denied.done():
            denied.set_result(found[2])


@contextlib.asynccontextmanager
async def _inbox(client: Client) -> AsyncIterator[tuple[str, asyncio.Queue[Msg]]]:
    arrived: asyncio.Queue[Msg] = asyncio.Queue()
    inbox = client.new_inbox()
    subscription = await client.subscribe(f"{inbox}.*", cb=arrived.put)
    try:
        yield inbox, arrived
    finally:
        with contextlib.suppress(Error):
            await subscription.unsubscribe()


async def _end(client: Client) -> None:
    with contextlib.suppress(Error, OSError, TimeoutError):
        await asyncio.wait_for(client.close(), _CLOSE_SECONDS)


def _dotted(client: Client) -> str:
    version = client.connected_server_version
    return f"{version.major}.{version.minor}.{version.patch}"


def _now() -> float:
    return asyncio.get_running_loop().time()
