"""The vendors under the suite: each can be asked through its adapter, and made to have a bad day."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast

import boto3
from botocore.config import Config

from contract.dns.waiting import eventually
from drctl.adapters.cloudflare.zone import Client, CloudflareZone
from drctl.adapters.route53.zone import Clients, Keys, Route53Zone
from drctl.lab.cloudflare_api import server as cloudflare_api
from drctl.lab.cloudflare_api.access import TOKENS
from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import CLOUDFLARE_ZONE, CLOUDFLARE_ZONE_ID, ZONE, ZONE_ID
from drctl.lab.route53_api.account import Delays
from drctl.lab.route53_api.http_api import ACCESS_KEY_ID
from drctl.lab.route53_api.server import running
from drctl.ports.dns import DnsReader, DnsWriter
from fakes.calls import Calls, Fault
from fakes.dns import FakeZone, NameServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.type_defs import ResourceRecordSetTypeDef

    from drctl.core.topology import RecordMode
    from drctl.lab.route53_api.server import Running

# Long enough for an answer on a busy machine, short enough to be waited for.
PATIENCE = timedelta(seconds=1.5)


Requests: TypeAlias = Literal["reads", "writes"]


class Zone(DnsReader, DnsWriter, Protocol):
    """Both ports of one zone."""


class Provider(Protocol):
    """One vendor's zone, empty but for its apex. `compares`: of rivals who want the same, exactly one is let in."""

    zone: str
    compares: bool

    def connect(self, *, expects_rivals: bool = False) -> Zone:
        """Return the zone as another process of drctl sees it, patient enough for rivals where some are expected."""
        ...

    def let_spread(self, zone: Zone) -> None:
        """Wait until every server of the vendor has the newest change."""
        ...

    def lose_next_answer(self) -> None:
        """Apply the next write and do not answer it."""
        ...

    def fall_silent(self, to: Requests) -> None:
        """Answer nothing of a kind, and apply nothing of it; other requests may be struck too."""
        ...

    def throttle_writes(self) -> None:
        """Refuse writes for now."""
        ...

    def deny(self) -> None:
        """Let nobody in."""
        ...

    def recover(self) -> None:
        """Be well again."""
        ...


class FakeZoneOfOneProcess(FakeZone):
    """What is in a fake zone is everybody's; who sent the newest change is not."""

    def __init__(self, shared: FakeZone) -> None:
        vars(self).update(vars(shared))
        self.forget_sender()


class FakeProvider:
    """The fake that the rest of drctl is tested with."""

    zone = ZONE
    compares = True

    def __init__(self) -> None:
        self._calls = Calls()
        self._shared = FakeZone(ZONE, self._calls, (NameServer("a"), NameServer("b", lag=1)))

    def connect(self, *, expects_rivals: bool = False) -> Zone:  # noqa: ARG002 - it lets one in at a time
        return FakeZoneOfOneProcess(self._shared)

    def let_spread(self, zone: Zone) -> None:  # noqa: ARG002 - it has one set of servers
        for server in self._shared.servers:
            for _ in range(server.lag + 1):
                self._shared.answer(server, ZONE, "NS")

    def lose_next_answer(self) -> None:
        self._calls.fail("*/swap", Fault.UNANSWERED)

    def fall_silent(self, to: Requests) -> None:
        self._calls.fail("*/swap" if to == "writes" else "*/record *", Fault.LOST, times=100)

    def throttle_writes(self) -> None:
        self._calls.fail("*/swap", Fault.THROTTLED, times=100)

    def deny(self) -> None:
        self._calls.fail("*", Fault.DENIED, times=100)

    def recover(self) -> None:
        self._calls.heal()


class Route53Provider:
    """The adapter over the lab's Route 53."""

    zone = ZONE
    compares = True

    def __init__(self, server: Running) -> None:
        self.modes: dict[tuple[str, str], RecordMode] = {}
        self.server = server
        self._admin = JsonCaller(server.admin_url)
        self._opened: list[Route53Zone] = []
        self._owner: Route53Client | None = None

    def connect(
        self,
        zone_id: str = ZONE_ID,
        key_id: str = ACCESS_KEY_ID,
        *,
        expects_rivals: bool = False,  # noqa: ARG002 - its batches compare by themselves
    ) -> Route53Zone:
        clients = Clients(Keys(key_id, "secret"), self.server.api_url, PATIENCE)
        zone = Route53Zone(ZONE, zone_id, clients, self.modes)
        self._opened.append(zone)
        return zone

    def put(self, *record_sets: ResourceRecordSetTypeDef, action: Literal["CREATE", "UPSERT"] = "CREATE") -> None:
        """Create record sets as the zone's owner may have: of any kind, written in any way."""
        self.owner.change_resource_record_sets(
            HostedZoneId=ZONE_ID,
            ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": one} for one in record_sets]},
        )

    def create_health_check(self, reference: str, settings: dict[str, Any]) -> str:
        """Create a health check, and return its id."""
        made = self.owner.create_health_check(CallerReference=reference, HealthCheckConfig=cast("Any", settings))
        return made["HealthCheck"]["Id"]

    @property
    def owner(self) -> Route53Client:
        """Return the zone's owner."""
        if self._owner is None:
            config = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})
            session = boto3.session.Session(ACCESS_KEY_ID, "secret", region_name="us-east-1")
            self._owner = session.client("route53", endpoint_url=self.server.api_url, config=config)
        return self._owner

    def let_spread(self, zone: Zone) -> None:
        eventually(lambda: zone.propagation().value == "in_sync")

    def lose_next_answer(self) -> None:
        self.break_(drop_after_apply_next=1)

    def fall_silent(self, to: Requests = "reads") -> None:  # noqa: ARG002 - it strikes all of them
        self.break_(hang=True)

    def throttle_writes(self) -> None:
        self.break_(code="Throttling")

    def deny(self) -> None:
        self.break_(code="AccessDenied")

    def recover(self) -> None:
        self.break_()

    def break_(self, **faults: object) -> None:
        """Put faults of the stand-in in force, and end those before."""
        self._admin.must("POST", "/faults", faults)

    def requests(self, method: str) -> int:
        """Return how many requests of a method arrived."""
        return sum(entry["method"] == method for entry in self._admin.must("GET", "/audit"))

    def close(self) -> None:
        self.recover()
        for zone in self._opened:
            zone.close()
        if self._owner is not None:
            self._owner.close()


@contextmanager
def route53() -> Iterator[Route53Provider]:
    """Run one that spreads changes fast."""
    with running(Delays(pending_seconds=0.1, lag_seconds=(0.0, 0.05))) as server:
        provider = Route53Provider(server)
        yield provider
        provider.close()


class CloudflareProvider:
    """The adapter over the lab's Cloudflare."""

    zone = CLOUDFLARE_ZONE
    compares = False

    def __init__(self, server: cloudflare_api.Running) -> None:
        self._server = server
        self._admin = JsonCaller(server.admin_url)
        self._opened: list[CloudflareZone] = []

    def connect(self, *, expects_rivals: bool = False) -> Zone:
        # It has no compare-and-swap: who shall find a rival must look again after every rival has written.
        reread_after = timedelta(seconds=2 if expects_rivals else 0)
        token = next(iter(TOKENS))  # the one that may edit
        zone = CloudflareZone(
            CLOUDFLARE_ZONE, CLOUDFLARE_ZONE_ID, Client(token, self._server.api_url, PATIENCE), reread_after
        )
        self._opened.append(zone)
        return zone

    def let_spread(self, zone: Zone) -> None:
        """Its API tells nothing of that."""

    def lose_next_answer(self) -> None:
        self._break(drop_after_apply_next=1)

    def fall_silent(self, to: Requests) -> None:
        self._break(hang=True, only=to)

    def throttle_writes(self) -> None:
        self._break(status=429, only="writes")

    def deny(self) -> None:
        self._break(code=10000)

    def recover(self) -> None:
        self._break()

    def _break(self, **faults: object) -> None:
        self._admin.must("POST", "/faults", faults)

    def close(self) -> None:
        self.recover()
        for zone in self._opened:
            zone.close()


@contextmanager
def cloudflare() -> Iterator[CloudflareProvider]:
    """Run one."""
    with cloudflare_api.running() as server:
        provider = CloudflareProvider(server)
        yield provider
        provider.close()
