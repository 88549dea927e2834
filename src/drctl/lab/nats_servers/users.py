"""Who may use the lab's NATS, and which subjects each needs: what a product would give them too."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from drctl.lab.credentials import write_private
from drctl.lab.layout import REGIONS
from drctl.lab.nats_servers.streams import BUCKET, CONSUMER, ORDERS, SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from drctl.lab.layout import Layout

USERS = ("shop", "publisher", "leaf", "drctl")
SYSTEM = "sys"

# The server itself denies $JS.API, $KV and $OBJ on leafs; object stores use $O, which would cross.
DENIED_ON_LINK = ("orders.>", "$KV.>", "$O.>", "_drctl.>")

_INBOX = ("_INBOX.>",)
_STREAM_CALLS = ("INFO", "CREATE", "UPDATE", "DELETE", "MSG.GET", "SNAPSHOT")
_CONSUMER_CALLS = ("INFO", "LIST", "CREATE", "DURABLE.CREATE", "PAUSE", "RESET", "DELETE")
# Measured on 2.15.1 by taking each away: without $JS.FC a mirror stops after some 1900 messages, silently;
# without the others it never starts. $JS.M is where mirrors' messages go, $JSC.R where their creation is answered.
_LINK_BOTH_WAYS = ("$JS.M.>", "$JSC.R.>", "$JS.FC.>", "_INBOX.>")

_PUBLISH: dict[str, tuple[str, ...]] = {
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


def password(layout: Layout, user: str) -> str:
    """Return a user's password, and give it one if it has none yet."""
    path = _secret(layout, user)
    if not path.exists():
        rotate_password(layout, user)
    return path.read_text().strip()


def rotate_password(layout: Layout, user: str) -> None:
    """Give a user a new password in its secret file."""
    write_private(_secret(layout, user), secrets.token_urlsafe(24))


def accounts(layout: Layout) -> dict[str, Any]:
    """Return the accounts block of every server's configuration."""
    return {
        "$SYS": {"users": [{"user": SYSTEM, "password": password(layout, SYSTEM)}]},
        "APP": {"jetstream": "enabled", "users": [_user(layout, user) for user in USERS]},
    }


def _user(layout: Layout, user: str) -> dict[str, Any]:
    publish, subscribe = _leaf(layout) if user == "leaf" else (_PUBLISH[user], _INBOX)
    allowed = {"publish": {"allow": list(publish)}, "subscribe": {"allow": list(subscribe)}}
    return {"user": user, "password": password(layout, user), "permissions": allowed}


def _leaf(layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the leaf link may carry towards the hub, and what away from it."""
    if not layout.arrangement.has_domains:
        return (">",), (">",)
    hub = layout.arrangement.hub
    away = next(region for region in REGIONS if region != hub)
    return (f"$JS.{hub}.API.>", *_LINK_BOTH_WAYS), (f"$JS.{away}.API.>", *_LINK_BOTH_WAYS)


def _secret(layout: Layout, user: str) -> Path:
    return layout.secret_file(f"nats-{user}")
