"""The order in which a lab comes up. Reads from top to bottom as a runbook does."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.lab import processes
from drctl.lab.authority import issue_certificates
from drctl.lab.cluster_admin import ClusterAdmin
from drctl.lab.config_file import write_config
from drctl.lab.credentials import STORE_PROPERTY, issue_secrets, store_password
from drctl.lab.errors import LabError
from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import ADDRESSES, OUTSIDE, PUBLIC_NAME, REGIONS, Layout
from drctl.lab.manifests import ACTIVE_REPLICAS, manifests
from drctl.lab.nats_servers import config as nats_config
from drctl.lab.nats_servers.readiness import wait_ready
from drctl.lab.nats_servers.seed import seed
from drctl.lab.processes import Component
from drctl.lab.public_records import create_records
from drctl.lab.readiness import Patience

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACTIVE = "east"
STANDBY = "west"


def bring_up(layout: Layout, timeout_seconds: float) -> None:
    """Start everything, in the order of dependence, side by side where nothing depends.

    Raises:
        LabError: A part did not come up.
    """
    patience = Patience(layout, timeout_seconds)
    _write_files(layout)
    for component in foundation(layout):
        processes.spawn(layout, component)
    _at_once(
        lambda: _seed_nats(layout, patience),
        lambda: _seed_cluster(layout, "east", patience),
        lambda: _seed_cluster(layout, "west", patience),
        lambda: _seed_dns(layout, patience),
    )
    _rotate_password(layout, patience)
    _start_workloads(layout, patience)
    _serve(layout, patience)


def bring_region_back(layout: Layout, region: str, timeout_seconds: float) -> None:
    """Start one region's programs again.

    Raises:
        LabError: A part did not come up.
    """
    patience = Patience(layout, timeout_seconds)
    parts = (*nats_servers(layout, region), kube_api(layout, region), ingress(layout, region))
    for component in parts:
        if not processes.is_running(layout, component.name):
            processes.spawn(layout, component)
    _await_nats(layout, region, patience)
    _seed_cluster(layout, region, patience)
    cluster = ClusterAdmin(layout, region)
    for name, replicas in remembered_replicas(layout, region).items():
        cluster.scale(name, replicas)


def remember_replicas(layout: Layout, region: str) -> None:
    """Keep what a region's Deployments want: its simulated API has no disk, and a real one would still know."""
    with suppress(LabError):
        wanted = ClusterAdmin(layout, region).replicas()
        _replicas_file(layout, region).write_text(json.dumps(wanted))


def remembered_replicas(layout: Layout, region: str) -> dict[str, int]:
    """Return what was remembered; empty if nothing was."""
    try:
        wanted: dict[str, int] = json.loads(_replicas_file(layout, region).read_text())
    except FileNotFoundError:
        return {}
    return wanted


def _replicas_file(layout: Layout, region: str) -> Path:
    return layout.root / "kube" / f"{region}.replicas.json"


def foundation(layout: Layout) -> tuple[Component, ...]:
    """Return what everything else stands on: light ones first, as two cores start them all."""
    python = (sys.executable, "-m")
    root = ("--root", str(layout.root))
    return (
        *nats_servers(layout),
        *(kube_api(layout, region) for region in REGIONS),
        Component("link", (*python, "drctl.lab.link", *root)),
        Component("route53", (*python, "drctl.lab.route53_api", *root)),
        Component("cloudflare", (*python, "drctl.lab.cloudflare_api", *root)),
        Component("resolver", (*python, "drctl.lab.dns.resolver", *root)),
    )


def nats_servers(layout: Layout, site: str = "") -> tuple[Component, ...]:
    """Return the NATS servers of one site, or of all."""
    return tuple(
        Component(f"nats-{server.name}", tuple(nats_config.argv(layout, server.name)), server.site)
        for server in (layout.arrangement.of(site) if site else layout.arrangement.servers)
    )


def kube_api(layout: Layout, region: str) -> Component:
    """Return a region's Kubernetes API with its actors."""
    argv = (sys.executable, "-m", "drctl.lab.kube_api", "--root", str(layout.root), "--region", region)
    return Component(f"kube-{region}", argv, region)


def ingress(layout: Layout, region: str) -> Component:
    """Return a region's ingress."""
    argv = (sys.executable, "-m", "drctl.lab.ingress", "--root", str(layout.root), "--region", region)
    return Component(f"ingress-{region}", argv, region)


def _write_files(layout: Layout) -> None:
    issue_secrets(layout)
    issue_certificates(layout)
    nats_config.write_configs(layout)
    store_password(layout)
    write_config(layout)


def _seed_nats(layout: Layout, patience: Patience) -> None:
    for region in REGIONS:
        _await_nats(layout, region, patience)
    _await_admin(layout.ports.admin_link, "link", patience)
    try:
        seed(layout)
    except (RuntimeError, TimeoutError) as problem:
        raise patience.failure(f"the streams cannot be made: {problem}", "nats-west") from problem


def _seed_cluster(layout: Layout, region: str, patience: Patience) -> None:
    _await_kube(layout, region, patience)
    cluster = ClusterAdmin(layout, region)
    for manifest in manifests(layout, region):
        cluster.create(manifest)
    patience.until(
        lambda: cluster.secret_value(STORE_PROPERTY) is not None, f"{region} has its Secret", f"kube-{region}"
    )


def _seed_dns(layout: Layout, patience: Patience) -> None:
    _await_admin(layout.ports.admin_route53, "route53", patience)
    _await_admin(layout.ports.admin_cloudflare, "cloudflare", patience)
    create_records(layout, ACTIVE)
    patience.until(lambda: _accepts(OUTSIDE, layout.ports.resolver), "it takes connections", "resolver")


def _rotate_password(layout: Layout, patience: Patience) -> None:
    """Rotate `shop` in the store and both servers, and tell east only: west's Secret is stale until forced."""
    nats_config.rotate(layout, "shop")
    fresh = store_password(layout)
    for server in layout.arrangement.servers:
        processes.signal_component(layout, f"nats-{server.name}", signal.SIGHUP)
    cluster = ClusterAdmin(layout, ACTIVE)
    cluster.force_sync("lab-rotation")
    patience.until(
        lambda: cluster.secret_value(STORE_PROPERTY) == fresh, f"{ACTIVE} has the new password", f"kube-{ACTIVE}"
    )


def _start_workloads(layout: Layout, patience: Patience) -> None:
    cluster = ClusterAdmin(layout, ACTIVE)
    for name, replicas in ACTIVE_REPLICAS.items():
        cluster.scale(name, replicas)
    # Beside the pods, as all of them mostly wait for a processor.
    for region in REGIONS:
        processes.spawn(layout, ingress(layout, region))
    for name, replicas in ACTIVE_REPLICAS.items():

        def is_available(name: str = name, replicas: int = replicas) -> bool:
            return cluster.is_available(name, replicas)

        patience.until(is_available, f"{name} has {replicas} available pods", f"kube-{ACTIVE}")


def _serve(layout: Layout, patience: Patience) -> None:
    """Wait until each ingress answers as its region should: east serves, west has nobody to ask."""
    for region, status in ((ACTIVE, 200), (STANDBY, 503)):

        def answers(region: str = region, status: int = status) -> bool:
            return _front_answers(layout, region) == (status, region)

        patience.until(answers, f"it answers {status} for {region}", f"ingress-{region}")


def _front_answers(layout: Layout, region: str) -> tuple[int, str]:
    """Return status and region of the home page at one region's address; 0 and empty when nothing answers."""
    context = ssl.create_default_context(cafile=str(layout.ca_file))
    url = f"https://{ADDRESSES[region]}:{layout.ports.https}"
    try:
        answer = JsonCaller(url, {"Host": PUBLIC_NAME}, context).call("GET", "/")
    except LabError:
        return 0, ""
    return answer.status, answer.headers.get("x-region", "")


def _await_nats(layout: Layout, region: str, patience: Patience) -> None:
    name = f"nats-{region}"
    patience.until(lambda: _accepts(ADDRESSES[region], layout.ports.nats), "it takes connections", name)
    try:
        wait_ready(layout, region, timedelta(seconds=patience.seconds_left))
    except TimeoutError as problem:
        raise patience.failure(str(problem), name) from problem


def _await_kube(layout: Layout, region: str, patience: Patience) -> None:
    _await_admin(getattr(layout.ports, f"admin_kube_{region}"), f"kube-{region}", patience)


def _await_admin(port: int, component: str, patience: Patience) -> None:
    caller = JsonCaller(f"http://{OUTSIDE}:{port}")
    patience.until(caller.answers, "it answers", component)


def _accepts(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=0.5):
            return True
    except OSError:
        return False


def _at_once(*works: Callable[[], None]) -> None:
    """Do independent work side by side; the first failure is raised, the others end with their deadline."""
    pool = ThreadPoolExecutor(len(works))
    try:
        for future in [pool.submit(work) for work in works]:
            future.result()
    finally:
        # Not awaited: after a failure or Ctrl-C what is still under way ends with the processes that it asks.
        pool.shutdown(wait=False, cancel_futures=True)
