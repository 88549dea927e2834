"""The public names' records, made as an owner of the zones makes them: through the vendors' APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import (
    ADDRESSES,
    CLOUDFLARE_NAME,
    CLOUDFLARE_TTL_SECONDS,
    CLOUDFLARE_ZONE_ID,
    OUTSIDE,
    PUBLIC_NAME,
    TTL_SECONDS,
    ZONE_ID,
)

if TYPE_CHECKING:
    from drctl.lab.layout import Layout


def create_records(layout: Layout, region: str) -> None:
    """Create `A` of both names, pointing at a region.

    Raises:
        LabError: Cloudflare's stand-in did not take it.
    """
    _create_at_cloudflare(layout, region)
    _create_at_route53(layout, region)


def _create_at_cloudflare(layout: Layout, region: str) -> None:
    # Without the vendor's SDK, which would take half a second of every `lab up`.
    token = layout.secret_file("cloudflare-token").read_text()
    caller = JsonCaller(f"http://{OUTSIDE}:{layout.ports.cloudflare}", {"Authorization": f"Bearer {token}"})
    record = {"name": CLOUDFLARE_NAME, "type": "A", "content": ADDRESSES[region], "ttl": CLOUDFLARE_TTL_SECONDS}
    caller.must("POST", f"/client/v4/zones/{CLOUDFLARE_ZONE_ID}/dns_records", record)


def _create_at_route53(layout: Layout, region: str) -> None:
    # Imported here: it takes longer than everything else that `lab up` does by itself.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    route53 = boto3.client(
        "route53",
        endpoint_url=f"http://{OUTSIDE}:{layout.ports.route53}",
        region_name="us-east-1",
        aws_access_key_id=layout.secret_file("route53-key-id").read_text(),
        aws_secret_access_key=layout.secret_file("route53-secret").read_text(),
        config=Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1}),
    )
    record = {
        "Name": PUBLIC_NAME,
        "Type": "A",
        "TTL": TTL_SECONDS,
        "ResourceRecords": [{"Value": ADDRESSES[region]}],
    }
    route53.change_resource_record_sets(
        HostedZoneId=ZONE_ID, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )
