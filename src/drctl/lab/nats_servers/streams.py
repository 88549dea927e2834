"""The example service's streams and consumer in the active region, and their mirrors in the standby."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nats.aio.client import Client

    from drctl.lab.arrangement import Arrangement

BUCKET = "settings"
ORDERS = "ORDERS"
SETTINGS = f"KV_{BUCKET}"
HEARTBEATS = "DRCTL_HB"
CONSUMER = "billing"


async def create_all(east: Client, west: Client, arrangement: Arrangement) -> None:
    """Create them.

    Raises:
        RuntimeError: A server refused one of them.
    """
    for config in _origins():
        origin = config | _placed(arrangement, "east")
        await _call(east, f"STREAM.CREATE.{origin['name']}", origin)
        mirror = _mirror(config, arrangement)
        await _call(west, f"STREAM.CREATE.{mirror['name']}", mirror)
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


def _placed(arrangement: Arrangement, region: str) -> dict[str, Any]:
    return {} if arrangement.has_domains else {"placement": {"cluster": region}}


def _mirror(origin: dict[str, Any], arrangement: Arrangement) -> dict[str, Any]:
    """Return the mirror of an origin: same limits, and duplicate_window, so that retries are found after promotion."""
    config = {key: value for key, value in origin.items() if key != "subjects"}
    through = {"external": {"api": "$JS.east.API"}} if arrangement.has_domains else {}
    return (
        config
        | {
            "name": f"{origin['name']}{arrangement.suffix_of('west')}",
            "mirror": {"name": origin["name"]} | through,
            "mirror_direct": False,
            "metadata": {"drctl.subjects": json.dumps(origin["subjects"])},
        }
        | _placed(arrangement, "west")
    )


async def _call(client: Client, subject: str, body: dict[str, Any]) -> None:
    reply = await client.request(f"$JS.API.{subject}", json.dumps(body).encode(), timeout=5)
    answer = json.loads(reply.data)
    if "error" in answer:
        raise RuntimeError(f"{subject}: {answer['error']['description']}")
