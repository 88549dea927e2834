"""The public name's record, made as an owner of the zone makes it: through the vendor's API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.lab.layout import ADDRESSES, OUTSIDE, PUBLIC_NAME, TTL_SECONDS, ZONE_ID

if TYPE_CHECKING:
    from drctl.lab.layout import Layout


def create_records(layout: Layout, region: str) -> None:
    """Create `A` of the public name, pointing at a region."""
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
