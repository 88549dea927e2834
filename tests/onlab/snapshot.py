"""Everything of a lab that drctl may change, read by other means than drctl's, field by field."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import boto3
import nats

from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import (
    CLOUDFLARE_ZONE,
    CLOUDFLARE_ZONE_ID,
    NAMESPACE,
    OUTSIDE,
    REGIONS,
    ZONE,
    ZONE_ID,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nats.aio.client import Client

    from drctl.lab.layout import Layout

Fields = dict[tuple[str, str], Any]
_KINDS = {
    "deployment": f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments",
    "externalsecret": f"/apis/external-secrets.io/v1/namespaces/{NAMESPACE}/externalsecrets",
}
# What controllers write by themselves.
_NOT_OURS = ("deployment.kubernetes.io/",)


def snapshot(layout: Layout, regions: tuple[str, ...] = REGIONS) -> Fields:
    """Return every field by (object, field), both named as drctl's own diffs name them."""
    fields: Fields = {}
    for region in regions:
        fields |= _objects(layout, region)
        fields |= asyncio.run(_datastore(layout, region))
    return fields | _route53(layout) | _cloudflare(layout)


def changed(before: Fields, after: Fields) -> Fields:
    """Return what is other now, by place; None for what is gone."""
    return {place: after.get(place) for place in before.keys() | after.keys() if before.get(place) != after.get(place)}


def kubernetes(layout: Layout, region: str) -> JsonCaller:
    """Return a region's Kubernetes API, as its administrator."""
    token = layout.secret_file(f"kube-admin-{region}").read_text().strip()
    context = ssl.create_default_context(cafile=str(layout.ca_file))
    return JsonCaller(layout.kube_url(region), {"Authorization": f"Bearer {token}"}, context)


def _objects(layout: Layout, region: str) -> Fields:
    api, fields = kubernetes(layout, region), Fields()
    for kind, path in _KINDS.items():
        for item in api.must("GET", path)["items"]:
            place = f"{region}/{kind}/{NAMESPACE}/{item['metadata']['name']}"
            for key, value in (item["metadata"].get("annotations") or {}).items():
                if not key.startswith(_NOT_OURS):
                    fields[place, f"metadata.annotations.{key}"] = value
            fields |= {(place, f"spec.{key}"): value for key, value in item["spec"].items()}
    return fields


async def _datastore(layout: Layout, region: str) -> Fields:
    fields: Fields = {}
    async with connected(layout, region) as client:
        for name in (await ask(client, "STREAM.NAMES", {}))["streams"] or ():
            config = (await ask(client, f"STREAM.INFO.{name}", None))["config"]
            fields |= {(f"{region}/stream/{name}", key): value for key, value in _flat(config).items()}
            for durable in (await ask(client, f"CONSUMER.LIST.{name}", {}))["consumers"] or ():
                place = f"{region}/consumer/{name}/{durable['name']}"
                fields[place, "durable"] = "created"
                fields[place, "opt_start_seq"] = durable["config"].get("opt_start_seq")
    return fields


@asynccontextmanager
async def connected(layout: Layout, region: str) -> AsyncIterator[Client]:
    """Connect to a region's server for the length of a `with`."""
    password = layout.secret_file("nats-drctl").read_text().strip()
    client = await nats.connect(layout.nats_url(region), user="drctl", password=password, allow_reconnect=False)
    try:
        yield client
    finally:
        await client.close()


async def ask(client: Client, call: str, body: object) -> dict[str, Any]:
    """Call a server's JetStream API; an error fails the test."""
    reply = await client.request(f"$JS.API.{call}", b"" if body is None else json.dumps(body).encode(), timeout=5)
    answer: dict[str, Any] = json.loads(reply.data)
    assert "error" not in answer, answer
    return answer


def _flat(config: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if key == "metadata":
            flat |= {f"metadata.{name}": text for name, text in value.items() if not name.startswith("_nats.")}
        elif key == "mirror":
            flat[key] = value["name"]
        else:
            flat[key] = value
    return flat


def _route53(layout: Layout) -> Fields:
    route53 = boto3.client(
        "route53",
        endpoint_url=f"http://{OUTSIDE}:{layout.ports.route53}",
        region_name="us-east-1",
        aws_access_key_id=layout.secret_file("route53-key-id").read_text(),
        aws_secret_access_key=layout.secret_file("route53-secret").read_text(),
    )
    fields: Fields = {}
    for found in route53.list_resource_record_sets(HostedZoneId=ZONE_ID)["ResourceRecordSets"]:
        place = f"{ZONE}/{found['Name'].rstrip('.')} {found['Type']}"
        fields[place, "values"] = sorted(one["Value"].strip('"') for one in found["ResourceRecords"])
    route53.close()
    return fields


def _cloudflare(layout: Layout) -> Fields:
    token = layout.secret_file("cloudflare-token").read_text()
    api = JsonCaller(f"http://{OUTSIDE}:{layout.ports.cloudflare}", {"Authorization": f"Bearer {token}"})
    fields: Fields = {}
    for found in api.must("GET", f"/client/v4/zones/{CLOUDFLARE_ZONE_ID}/dns_records")["result"]:
        values = fields.setdefault((f"{CLOUDFLARE_ZONE}/{found['name']} {found['type']}", "values"), [])
        values.append(found["content"].strip('"'))
        values.sort()
    return fields
