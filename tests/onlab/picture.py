"""The whole world of a lab as it stands, so that two labs on which one move was made in two ways can be compared.

Left out is what only a run makes: its id and epoch, times, and heartbeats, which drctl's `watch` writes by the second.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from typing import TYPE_CHECKING

import dns.message
import dns.query

from drctl.core.observed import StreamKind
from drctl.core.stream_config import kind_of
from drctl.core.tail import RESCUE_PREFIX
from drctl.core.topology import HEARTBEAT_STREAM
from drctl.lab.credentials import STORE_KEY, STORE_PROPERTY
from drctl.lab.layout import CLOUDFLARE_NAME, NAMESPACE, OUTSIDE, PUBLIC_NAME, REGIONS
from onlab.snapshot import Fields, ask, connected, kubernetes, snapshot

if TYPE_CHECKING:
    from nats.aio.client import Client

    from drctl.lab.layout import Layout

_HEARTBEATS = "/stream/DRCTL_HB"
_OF_A_RUN = re.compile(r"metadata\.(drctl\.(epoch|run|fork_ts)|annotations\.(force-sync|drctl\.io/.*))$")
_RESCUE = re.compile(r"\b(RESCUE_\w+?)_\d+\b")


def picture(layout: Layout) -> Fields:
    """Return everything that two ways of one move must leave alike, by (object, field)."""
    fields = {place: value for place, value in snapshot(layout).items() if not _is_run_made(*place)}
    for region in REGIONS:
        fields |= _pods_and_secrets(layout, region)
        fields |= asyncio.run(_stored(layout, region))
    fields |= _names(layout)
    return {(_named(place), field): _alike(field, value) for (place, field), value in fields.items()}


def _is_run_made(place: str, field: str) -> bool:
    is_note = "/_drctl." in place and place.endswith(" TXT")
    is_beat = place.endswith(_HEARTBEATS) and field == "metadata.drctl.fork_seq"
    # A pod's template holds the lab's own addresses, and no run touches it.
    return is_note or is_beat or field == "spec.template" or _OF_A_RUN.match(field) is not None


def _named(text: str) -> str:
    """Return a rescue's name without the epoch in it."""
    return _RESCUE.sub(r"\1", text)


def _alike(field: str, value: object) -> object:
    text = value if field == "metadata.drctl.origin" and isinstance(value, str) else json.dumps(value)
    return json.loads(_named(text))


def _pods_and_secrets(layout: Layout, region: str) -> Fields:
    api, fields = kubernetes(layout, region), Fields()
    for found in api.must("GET", f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments")["items"]:
        place = f"{region}/deployment/{NAMESPACE}/{found['metadata']['name']}"
        for key in ("replicas", "readyReplicas"):
            fields[place, f"status.{key}"] = found["status"].get(key, 0)
    now = json.loads(layout.store_file(STORE_KEY).read_text())[STORE_PROPERTY]
    for found in api.must("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets")["items"]:
        held = {base64.b64decode(text).decode() for text in found["data"].values()}
        fields[f"{region}/secret/{NAMESPACE}/{found['metadata']['name']}", "is what the store holds"] = held == {now}
    return fields


async def _stored(layout: Layout, region: str) -> Fields:
    """Return what each stream holds, message by message, and where each durable stands."""
    fields: Fields = {}
    async with connected(layout, region) as client:
        for name in (await ask(client, "STREAM.NAMES", {}))["streams"]:
            if name == HEARTBEAT_STREAM:
                continue
            place, state = f"{region}/stream/{name}", (await ask(client, f"STREAM.INFO.{name}", None))["state"]
            for key in ("messages", "first_seq", "last_seq"):
                fields[place, f"state.{key}"] = state[key]
            held = {s: await _message(client, name, s) for s in range(state["first_seq"], state["last_seq"] + 1)}
            if kind_of(name.removeprefix(RESCUE_PREFIX)) is StreamKind.KV:
                # Billed as the worker came by each order, which no mover decides.
                fields[place, "messages in any order"] = sorted(held.values())
            else:
                fields |= {(place, f"message {seq}"): message for seq, message in held.items()}
            for durable in (await ask(client, f"CONSUMER.LIST.{name}", {}))["consumers"] or ():
                place = f"{region}/consumer/{name}/{durable['name']}"
                fields[place, "ack_floor"] = durable["ack_floor"]["stream_seq"]
                fields[place, "num_pending"] = durable["num_pending"]
    return fields


async def _message(client: Client, stream: str, seq: int) -> tuple[str, str, str]:
    """Return subject, id and body; every marked write is the same one, whoever sent it."""
    found = (await ask(client, f"STREAM.MSG.GET.{stream}", {"seq": seq}))["message"]
    headers = base64.b64decode(found.get("hdrs", "")).decode()
    marked = re.search(r"Nats-Msg-Id: *(drctl-smoke|\S+)", headers)
    body = base64.b64decode(found.get("data", "")).decode()
    return found["subject"], marked[1] if marked else "", body


def _names(layout: Layout) -> Fields:
    """Return what every name server says of the public names, and the resolver that clients ask."""
    servers = {PUBLIC_NAME: ("dns_a", "dns_b", "resolver"), CLOUDFLARE_NAME: ("dns_c", "dns_d")}
    fields: Fields = {}
    for name, places in servers.items():
        for place in places:
            question = dns.message.make_query(name, "A")
            answer = dns.query.udp(question, OUTSIDE, port=getattr(layout.ports, place), timeout=5)
            fields[f"{place}/{name} A", "values"] = sorted(str(rdata) for rrset in answer.answer for rdata in rrset)
    return fields
