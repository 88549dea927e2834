"""Two real nats-server processes as the lab configures them, joined by its link, with a few more users for tests."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import nats
from nats.errors import NoRespondersError

from drctl.adapters.nats.credentials import Credentials
from drctl.adapters.nats.datastore import NatsDatastore
from drctl.lab import nats_servers
from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import OUTSIDE, REGIONS, Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nats.aio.client import Client
    from nats.aio.subscription import Subscription

Json = dict[str, Any]

# Long enough for an answer on a busy machine, short enough to be waited for.
PATIENCE = timedelta(seconds=2)
ROOT = "root"
NO_UPDATES = "no-updates"
DEAF = "deaf"
BARE = "bare"
_PASSWORD = "test"  # noqa: S105 - opens nothing but a server on loopback


class Servers:
    """Both regions' servers and the link; nothing runs before `start`, and nothing after the `with`."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout.make(root)
        self.layout.save()
        nats_servers.write_configs(self.layout)
        for region in REGIONS:
            _add_test_users(root / "nats" / f"{region}.conf")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._runner = asyncio.Runner()
        self._clients: dict[str, Client] = {}

    def start_all(self) -> None:
        """Start everything and wait until each side answers the other."""
        for region in REGIONS:
            self.start(region)
        self._run("link", [sys.executable, "-m", "drctl.lab.link", "--root", str(self.layout.root)])
        nats_servers.wait_link_ready(self.layout)

    def start(self, region: str) -> None:
        self._run(region, nats_servers.argv(self.layout, region))
        nats_servers.wait_ready(self.layout, region)

    def kill(self, region: str) -> None:
        self._processes[region].kill()
        self._processes.pop(region).wait()
        if region in self._clients:
            self._runner.run(self._clients.pop(region).close())

    def freeze(self, region: str) -> None:
        self._processes[region].send_signal(signal.SIGSTOP)

    def thaw(self, region: str) -> None:
        self._processes[region].send_signal(signal.SIGCONT)

    def cut(self) -> None:
        """Cut the link between the regions."""
        self._link({"cut": True})

    def heal(self) -> None:
        """Let the link carry again; both sides find each other within about a second."""
        self._link({"cut": False})
        nats_servers.wait_link_ready(self.layout)

    def url(self, region: str) -> str:
        return self.layout.nats_url(region)

    def credentials(self, user: str) -> Credentials:
        if user in {ROOT, NO_UPDATES, DEAF, BARE}:
            return Credentials(user, _PASSWORD)
        return Credentials(user, self.layout.secret_file(f"nats-{user}").read_text())

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
                self.url(region), user=ROOT, password=_PASSWORD, allow_reconnect=False, error_cb=ignore
            )
        return known

    def _link(self, wish: dict[str, bool]) -> None:
        JsonCaller(f"http://{OUTSIDE}:{self.layout.ports.admin_link}").must("POST", "/faults", wish)

    def _run(self, name: str, argv: list[str]) -> None:
        with self.layout.log_file(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(argv, stdout=log, stderr=log)


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
