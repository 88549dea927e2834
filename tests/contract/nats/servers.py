"""Real nats-server processes as the lab configures and joins them, with a few more users for tests."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import nats
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError

from drctl.adapters.nats.credentials import Credentials
from drctl.adapters.nats.datastore import NatsDatastore
from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import OUTSIDE, Layout
from drctl.lab.nats_servers import readiness
from drctl.lab.nats_servers.config import argv, config_file, write_configs
from drctl.lab.nats_servers.users import SYSTEM, password

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nats.aio.client import Client
    from nats.aio.subscription import Subscription

    from drctl.lab.arrangement import Arrangement

Json = dict[str, Any]

# Long enough for an answer on a busy machine, short enough to be waited for.
PATIENCE = timedelta(seconds=2)
ROOT = "root"
NO_UPDATES = "no-updates"
DEAF = "deaf"
BARE = "bare"
_PASSWORD = "test"  # noqa: S105 - opens nothing but a server on loopback


class Servers:
    """Every server of an arrangement, and the link; nothing runs before `start`, and nothing after the `with`.

    Where a name is asked for, a site means all of its servers: `west` is also `west-2`, where there is one.
    """

    def __init__(self, root: Path, arrangement: Arrangement | None = None) -> None:
        self.layout = Layout.make(root, arrangement)
        self.layout.save()
        write_configs(self.layout)
        for server in self.layout.arrangement.servers:
            _add_test_users(config_file(self.layout, server.name))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._runner = asyncio.Runner()
        self._clients: dict[str, Client] = {}

    def start_all(self) -> None:
        """Start everything and wait until every server takes part and each side answers the other."""
        self.start_link()
        for site in self.layout.arrangement.sites:
            self.start(site, wait=False)
        readiness.wait_formed(self.layout)

    def start_link(self) -> None:
        self._run("link", [sys.executable, "-m", "drctl.lab.link", "--root", str(self.layout.root)])

    def start(self, name: str, *, wait: bool = True, binary: str = "") -> None:
        """Start a site or one server; by default wait until its region's JetStream answers."""
        for server in self.names(name):
            self._run(server, argv(self.layout, server, binary))
        if wait:
            readiness.wait_ready(self.layout, name.partition("-")[0])

    def kill(self, name: str) -> None:
        """Let servers die without a word."""
        self._end(name, signal.SIGKILL)

    def stop(self, name: str) -> None:
        """End servers in the orderly way, in which they tell the others."""
        self._end(name, signal.SIGTERM)

    def freeze(self, name: str) -> None:
        """Stop servers where they are; none of their threads runs when this returns."""
        self._signal(name, signal.SIGSTOP)
        for server in self.names(name):
            os.waitid(os.P_PID, self._processes[server].pid, os.WSTOPPED)

    def thaw(self, name: str) -> None:
        self._signal(name, signal.SIGCONT)

    def reload(self, name: str) -> None:
        """Let servers read their configuration again."""
        self._signal(name, signal.SIGHUP)

    def names(self, name: str) -> tuple[str, ...]:
        """Return the servers of a site, or the one server of that name."""
        arrangement = self.layout.arrangement
        return tuple(server.name for server in arrangement.of(name)) if name in arrangement.sites else (name,)

    def cut(self, site: str = "") -> None:
        """Cut the link between the regions, or one site from all others."""
        self._link({"cut": site or True})

    def heal(self) -> None:
        """Let the link carry again; both sides find each other within about a second."""
        self._link({"cut": False})
        readiness.wait_link_ready(self.layout)

    def url(self, region: str) -> str:
        return self.layout.nats_url(region)

    def credentials(self, user: str) -> Credentials:
        if user in {ROOT, NO_UPDATES, DEAF, BARE}:
            return Credentials(user, _PASSWORD)
        return Credentials(user, password(self.layout, user))

    def connect(
        self, region: str, user: str = "drctl", url: str = "", domain: str = "", timeout: timedelta = PATIENCE
    ) -> NatsDatastore:
        """Return the adapter as drctl makes it."""
        return NatsDatastore(region, url or self.url(region), domain or region, self.credentials(user), timeout)

    def call(self, region: str, call: str, body: object = None) -> Json:
        """Ask the region's JetStream API, past the adapter."""
        answer = self._asked(region, f"$JS.API.{call}", b"" if body is None else json.dumps(body).encode())
        assert "error" not in answer, (call, answer)
        return answer

    def ask_servers(self, region: str, subject: str, body: object, quiet_seconds: float = 0.5) -> list[Json]:
        """Ask every server through the system account; return what they answer."""

        async def ask() -> list[Json]:
            found: list[Json] = []
            async with readiness.connected(self.layout, region, SYSTEM) as client:
                inbox = client.new_inbox()
                subscription = await client.subscribe(inbox)
                await client.publish(subject, json.dumps(body).encode(), reply=inbox)
                with suppress(NatsTimeoutError):
                    while True:
                        found.append(json.loads((await subscription.next_msg(timeout=quiet_seconds)).data))
            return found

        return self._runner.run(ask())

    def is_stored(self, region: str, subject: str, data: bytes, headers: dict[str, str]) -> bool:
        """Publish a message as a client does; say whether a stream stored it."""
        try:
            return "error" not in self._asked(region, subject, data, headers)
        except NoRespondersError:
            return False

    def take(self, region: str, stream: str, durable: str, count: int) -> list[int]:
        """Take and acknowledge `count` messages of a durable; return their sequences."""

        async def fetch() -> list[int]:
            js = (await self._client(region)).jetstream()
            pull = await js.pull_subscribe_bind(durable, stream)
            messages = await pull.fetch(count, timeout=5)
            for message in messages:
                await message.ack_sync(timeout=5)
            await pull.unsubscribe()
            return [message.metadata.sequence.stream for message in messages]

        return self._runner.run(fetch())

    @contextmanager
    def listening(self, region: str, subject: str) -> Iterator[None]:
        """Subscribe to a subject and never answer."""

        async def listen() -> Subscription:
            client = await self._client(region)
            subscription = await client.subscribe(subject)
            await client.flush()
            return subscription

        subscription = self._runner.run(listen())
        try:
            yield
        finally:
            self._runner.run(subscription.unsubscribe())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            self._runner.run(client.close())
        self._runner.close()
        for process in self._processes.values():
            process.send_signal(signal.SIGCONT)
            process.kill()
        for process in self._processes.values():
            process.wait()

    def _asked(self, region: str, subject: str, payload: bytes, headers: dict[str, str] | None = None) -> Json:
        async def ask() -> Json:
            client = await self._client(region)
            found: Json = json.loads((await client.request(subject, payload, timeout=5, headers=headers)).data)
            return found

        return self._runner.run(ask())

    async def _client(self, region: str) -> Client:
        known = self._clients.get(region)
        if known is None or not known.is_connected:

            async def ignore(_: Exception) -> None:
                """What is lost with a killed server is no news."""

            known = self._clients[region] = await nats.connect(
                list(self.layout.nats_urls(region)),
                user=ROOT,
                password=_PASSWORD,
                allow_reconnect=False,
                error_cb=ignore,
            )
        return known

    def _link(self, wish: dict[str, str | bool]) -> None:
        JsonCaller(f"http://{OUTSIDE}:{self.layout.ports.admin_link}").must("POST", "/faults", wish)

    def _run(self, name: str, command: list[str]) -> None:
        with self.layout.log_file(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def _signal(self, name: str, number: signal.Signals) -> None:
        for server in self.names(name):
            self._processes[server].send_signal(number)

    def _end(self, name: str, number: signal.Signals) -> None:
        self._signal(name, number)
        for server in self.names(name):
            self._processes.pop(server).wait()
        if client := self._clients.pop(name.partition("-")[0], None):
            self._runner.run(client.close())


def eventually(holds: Callable[[], bool], within: float = 10.0) -> None:
    """Return as soon as something holds; fail if it does not in time."""
    pause = threading.Event()
    for _ in range(int(within / 0.02)):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError(f"did not come true within {within:g} s")


def _add_test_users(path: Path) -> None:
    config = json.loads(path.read_text())
    users = config["accounts"]["APP"]["users"]
    drctl = next(user for user in users if user["user"] == "drctl")["permissions"]
    allowed = [subject for subject in drctl["publish"]["allow"] if subject != "$JS.API.STREAM.UPDATE.>"]
    everything_but_updates = {"publish": {"allow": allowed}, "subscribe": drctl["subscribe"]}
    deaf = {"publish": {"allow": [">"]}, "subscribe": {"deny": ["_INBOX.>"]}}
    users += [
        {"user": ROOT, "password": _PASSWORD},
        {"user": NO_UPDATES, "password": _PASSWORD, "permissions": everything_but_updates},
        {"user": DEAF, "password": _PASSWORD, "permissions": deaf},
    ]
    config["accounts"]["BARE"] = {"users": [{"user": BARE, "password": _PASSWORD}]}
    path.write_text(json.dumps(config))
