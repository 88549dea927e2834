"""With Route 53's control plane refusing every call, a record with a ladder still moves: its name servers say so."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from contract.dns.providers import Route53Provider
from contract.dns.waiting import eventually
from contract.dns.ways import ByMembers
from drctl.adapters.clock import SystemClock
from drctl.app.apply import apply_item
from drctl.cli.connections import Connections, Patience
from drctl.cli.worlds import WriteWorld
from drctl.config.load import load
from drctl.core.check import Converged, Diverged
from drctl.core.events import ItemApplied
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.lock import Stamp
from drctl.core.topology import Plane, RecordMode
from drctl.core.verdict import Health
from drctl.lab.aws_switches.server import BUCKET, CONTROLS
from drctl.lab.aws_switches.server import running as switches_running
from drctl.lab.dns.resolver import ForwardedZone
from drctl.lab.dns.resolver import running as resolver_running
from drctl.lab.layout import ADDRESSES, ZONE
from drctl.lab.route53_api.account import Delays
from drctl.lab.route53_api.http_api import ACCESS_KEY_ID
from drctl.lab.route53_api.server import running as route53_running
from drctl.planning.phases import switch_phase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_route53.type_defs import ResourceRecordSetTypeDef

    from drctl.config.load import LoadedConfig
    from drctl.lab.aws_switches.server import Running
    from drctl.steps.catalog import AnyStep

NAME = f"shop.{ZONE}"
CONFIG = """\
apiVersion: drctl/v1
service: shop
environment: lab
public_name: {name}
home: east
resolvers: ["{resolver}"]
state_dir: state
regions:
  - name: east
    addresses: ["{east}"]
    kubernetes: {{kubeconfig: kube, context: east}}
    nats: {{url: "nats://{east}:4222"}}
  - name: west
    addresses: ["{west}"]
    kubernetes: {{kubeconfig: kube, context: west}}
    nats: {{url: "nats://{west}:4222"}}
switches:
  - name: marker
    kind: stop_object
    leads_to: west
    bucket: {bucket}
    aws_region: eu-west-1
    endpoint: "{bucket_url}"
    access_key_id: {{file: id}}
    secret_access_key: {{file: secret}}
  - name: arc
    kind: routing_controls
    controls: {{east: "{control_east}", west: "{control_west}"}}
    endpoints: [{endpoints}]
    access_key_id: {{file: id}}
    secret_access_key: {{file: secret}}
dns:
  - zone: {zone}
    vendor: route53
    zone_id: Z0LAB
    endpoint: "{route53}"
    access_key_id: {{file: id}}
    secret_access_key: {{file: secret}}
    nameservers: {nameservers}
    records: [{{name: {name}, mode: {mode}, ladder: [{ladder}]}}]
timing: {{way_budget_seconds: 1}}
"""


@dataclass(frozen=True)
class Stage:
    """Route 53 with its name servers and checkers, the switches, and a resolver that clients ask."""

    route53: Route53Provider
    services: Running
    resolver: str
    folder: Path

    def prepare(self, mode: RecordMode, way: str) -> None:
        """Prepare members whose health checks follow a way; east is active."""
        members = ByMembers(self.route53, mode)
        for region in ("east", "west"):
            member = dict(members.member(region, ADDRESSES[region], active=region == "east"))
            member |= {"TTL": 1}
            if check := self._check(way, region):
                member["HealthCheckId"] = check
            self.route53.put(cast("ResourceRecordSetTypeDef", member))

    def config(self, mode: RecordMode, ladder: str) -> LoadedConfig:
        """Write drctl.yaml, and read it."""
        (self.folder / "id").write_text(ACCESS_KEY_ID)
        (self.folder / "secret").write_text("secret")
        path = self.folder / "drctl.yaml"
        urls = ", ".join(f'{{url: "{url}", aws_region: us-west-2}}' for url in self.services.endpoint_urls)
        controls = {f"control_{region}": arn for region, arn in CONTROLS.items()}
        servers = [str(server) for server in self.route53.server.name_servers]
        path.write_text(
            CONFIG.format(
                name=NAME, zone=ZONE, bucket=BUCKET, bucket_url=self.services.bucket_url, endpoints=urls,
                route53=self.route53.server.api_url, nameservers=servers, mode=mode.value, ladder=ladder,
                resolver=self.resolver, **ADDRESSES, **controls,
            )
        )  # fmt: skip
        return load(path)

    def _check(self, way: str, region: str) -> str:
        settings: dict[str, Any]
        if way == "arc":
            settings = {"Type": "RECOVERY_CONTROL", "RoutingControlArn": CONTROLS[region]}
        elif region == "west":
            return ""
        else:
            # Inverted: the object is there, and east is out (dns.md 2.1).
            host, _, port = self.services.bucket_url.removeprefix("http://").partition(":")
            path = f"/{BUCKET}/drctl-stop"
            place = {"IPAddress": host, "Port": int(port), "ResourcePath": path, "FailureThreshold": 1}
            settings = {"Type": "HTTP", "Inverted": True, **place}
        return self.route53.create_health_check(f"{way}-{region}", settings)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with switches_running() as services, _route53(services) as route53:
        zones = (ForwardedZone(ZONE, route53.server.name_servers),)
        with resolver_running(zones) as resolver:
            yield Stage(route53, services, str(resolver), tmp_path)


@contextmanager
def _route53(services: Running) -> Iterator[Route53Provider]:
    with route53_running(Delays(0.1, (0.0, 0.2)), services.cluster.is_on) as server:
        provider = Route53Provider(server)
        yield provider
        provider.close()


def step_of(config: LoadedConfig, target: str) -> AnyStep:
    source = config.topology.other(target)
    intent = Intent(Operation.FAILOVER, Mode.EMERGENCY, source, target, "test")
    ((step,),) = (wave.steps for wave in switch_phase(config.topology, intent).waves)
    return step


def move(config: LoadedConfig, target: str) -> None:
    """Do what a run does with the step: look, write, and wait until every name server says so."""
    step = step_of(config, target)
    with Connections(config, SystemClock(threading.Event()), Patience()) as connections:
        world = WriteWorld(connections, Stamp("run-1", 1))
        check = step.check(world)
        assert isinstance(check, Diverged), check
        for item in check.diff.items():
            applied = apply_item(step, world, check.diff.of_item(item), lambda: False)
            assert isinstance(applied, ItemApplied), applied
        eventually(lambda: step.verify(world).health is Health.HEALTHY)
        assert isinstance(step.check(world), Converged)
        eventually(lambda: world.connections.names.resolve(NAME) == (ADDRESSES[target],))


WAYS = [
    pytest.param(RecordMode.FAILOVER, "marker", id="stop object, PRIMARY and SECONDARY"),
    pytest.param(RecordMode.WEIGHTED, "marker", id="stop object, weights"),
    pytest.param(RecordMode.FAILOVER, "arc", id="routing controls, PRIMARY and SECONDARY"),
]


@pytest.mark.parametrize("fault", [{"code": "AccessDenied"}, {"hang": True}], ids=str)
def test_nor_does_one_that_lets_nobody_in_or_says_nothing(stage: Stage, fault: dict[str, object]) -> None:
    stage.prepare(RecordMode.FAILOVER, "marker")
    config = stage.config(RecordMode.FAILOVER, "vendor, marker")
    stage.route53.break_(**fault)

    move(config, "west")


@pytest.mark.parametrize(("mode", "way"), WAYS)
def test_a_control_plane_that_refuses_every_call_keeps_no_name_from_moving(
    stage: Stage, mode: RecordMode, way: str
) -> None:
    stage.prepare(mode, way)
    config = stage.config(mode, f"vendor, {way}")
    stage.route53.break_(status=503)

    move(config, "west")

    assert step_of(config, "west").plane is Plane.DATA


@pytest.mark.parametrize(("mode", "way"), WAYS)
def test_the_way_home_is_found_when_the_control_plane_is_back(stage: Stage, mode: RecordMode, way: str) -> None:
    stage.prepare(mode, way)
    config = stage.config(mode, f"vendor, {way}")
    stage.route53.break_(status=503)
    move(config, "west")
    stage.route53.recover()

    move(config, "east")


def test_a_way_that_works_is_the_only_one_that_is_taken(stage: Stage) -> None:
    stage.prepare(RecordMode.FAILOVER, "marker")

    move(stage.config(RecordMode.FAILOVER, "vendor, marker"), "west")

    assert stage.services.bucket.objects == {}


def test_a_switch_that_is_tried_first_leaves_the_vendor_alone(stage: Stage) -> None:
    stage.prepare(RecordMode.FAILOVER, "marker")
    written = stage.route53.requests("POST")

    move(stage.config(RecordMode.FAILOVER, "marker, vendor"), "west")

    assert stage.route53.requests("POST") == written


def test_a_record_without_another_way_stays_where_it_is_and_says_so(stage: Stage) -> None:
    stage.prepare(RecordMode.FAILOVER, "marker")
    config = stage.config(RecordMode.FAILOVER, "vendor")
    step = step_of(config, "west")
    with Connections(config, SystemClock(threading.Event()), Patience()) as connections:
        world = WriteWorld(connections, Stamp("run-1", 1))
        check = step.check(world)
        assert isinstance(check, Diverged)
        stage.route53.break_(status=503)

        ended = apply_item(step, world, check.diff, threading.Event().is_set)

    assert not isinstance(ended, ItemApplied)
