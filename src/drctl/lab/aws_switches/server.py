"""A bucket and a recovery cluster on one event loop, for as long as a test or a lab needs them."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.lab.aws_switches.recovery_cluster import Cluster, Endpoint
from drctl.lab.aws_switches.s3 import Bucket
from drctl.lab.dns.hosting import in_background
from drctl.lab.route53_api.faults import FaultBox
from drctl.lab.route53_api.http_api import ACCESS_KEY_ID
from drctl.lab.route53_api.server import web_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractContextManager

BUCKET = "drctl-lab-stop"
ENDPOINTS = 5
CONTROLS = {
    region: f"arn:aws:route53-recovery-control::1:controlpanel/lab/routingcontrol/{region}"
    for region in ("east", "west")
}


@dataclass(frozen=True, slots=True)
class Running:
    """Where everything listens, what it holds, and its bad days."""

    bucket_url: str
    bucket: Bucket
    bucket_faults: FaultBox
    endpoint_urls: tuple[str, ...]
    cluster: Cluster
    endpoint_faults: tuple[FaultBox, ...]


@asynccontextmanager
async def serving() -> AsyncIterator[Running]:
    """Serve until the context ends; east is the active region."""
    box, boxes = FaultBox(), tuple(FaultBox() for _ in range(ENDPOINTS))
    bucket = Bucket(BUCKET, ACCESS_KEY_ID, box)
    cluster = Cluster({CONTROLS["east"]: "On", CONTROLS["west"]: "Off"})
    async with AsyncExitStack() as stack:
        bucket_url = await stack.enter_async_context(web_site(bucket.app(), 0))
        apps = (Endpoint(cluster, ACCESS_KEY_ID, one).app() for one in boxes)
        urls = [await stack.enter_async_context(web_site(app, 0)) for app in apps]
        yield Running(bucket_url, bucket, box, tuple(urls), cluster, boxes)


def running() -> AbstractContextManager[Running]:
    """Run them on free ports in a background thread for as long as the context lasts."""
    return in_background(serving)
