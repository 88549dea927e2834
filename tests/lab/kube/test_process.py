"""A region's Kubernetes as a process of the lab: up, down politely, down by force."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from drctl.lab import processes, startup
from drctl.lab.authority import issue_certificates
from drctl.lab.cluster_admin import ClusterAdmin
from drctl.lab.config_file import write_config
from drctl.lab.credentials import issue_secrets
from drctl.lab.http_json import JsonCaller
from drctl.lab.kube_api.server import running
from drctl.lab.layout import NAMESPACE, OUTSIDE, Layout
from lab.kube.conftest import DEPLOYMENTS, Eventually, Kubectl, deployment, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.lab


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    layout = Layout.make(tmp_path)
    layout.save()
    issue_secrets(layout)
    issue_certificates(layout)
    write_config(layout)
    yield layout
    processes.end_members(layout.lab_id)


@contextmanager
def kube_process(layout: Layout, eventually: Eventually) -> Iterator[subprocess.Popen[bytes]]:
    """Run west's Kubernetes with one pod of a Deployment `api`."""
    component = startup.kube_api(layout, "west")
    environment = os.environ | {processes.LAB_ID: layout.lab_id, processes.REGION: "west"}
    with subprocess.Popen(component.argv, env=environment) as process:
        try:
            door = JsonCaller(f"http://{OUTSIDE}:{layout.ports.admin_kube_west}")
            eventually(door.answers)
            admin = ClusterAdmin(layout, "west")
            admin.create({"kind": "Namespace", "metadata": {"name": NAMESPACE}})
            admin.create({"kind": "Deployment"} | deployment(replicas=1))
            eventually(lambda: admin.is_available("api", 1))
            yield process
        finally:
            process.kill()


def pods(layout: Layout) -> list[processes.Member]:
    return [member for member in processes.members(layout.lab_id, "west") if member.pod]


def test_a_pod_carries_the_marks_by_which_the_lab_finds_it(layout: Layout, eventually: Eventually) -> None:
    with kube_process(layout, eventually):
        (pod,) = pods(layout)

    assert pod.pod.startswith("api-")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -9)])
def test_however_it_ends_no_pod_is_left(
    layout: Layout, eventually: Eventually, number: signal.Signals, code: int
) -> None:
    with kube_process(layout, eventually) as process:
        process.send_signal(number)

        assert process.wait(10) == code
        eventually(lambda: not pods(layout))


def test_the_kubeconfig_of_the_lab_opens_it_to_kubectl(layout: Layout, eventually: Eventually, tmp_path: Path) -> None:
    kubectl = Kubectl(layout.kubeconfig("west"), tmp_path)

    with kube_process(layout, eventually):
        assert kubectl("get", "deployments", "-o", "name").out == "deployment.apps/api"


def test_a_version_is_never_given_out_twice(layout: Layout, eventually: Eventually) -> None:
    def version() -> int:
        context = ssl.create_default_context(cafile=str(layout.ca_file))
        token = layout.secret_file("kube-west").read_text()
        caller = JsonCaller(layout.kube_url("west"), {"Authorization": f"Bearer {token}"}, context)
        return int(caller.must("GET", f"{DEPLOYMENTS}/api")["metadata"]["resourceVersion"])

    with kube_process(layout, eventually):
        before = version()
    with kube_process(layout, eventually):
        assert version() > before


def test_no_process_is_left_by_a_server_in_a_thread(eventually: Eventually) -> None:
    with running(actors=True) as server, signed_in(server, server.admin_token) as admin:
        admin.post("/api/v1/namespaces", {"metadata": {"name": "shop"}})
        admin.post(DEPLOYMENTS, deployment(replicas=1))
        path = "/api/v1/namespaces/shop/pods"
        eventually(lambda: [pod["status"]["phase"] for pod in admin.get(path)["items"]] == ["Running"])
        container = admin.get(path)["items"][0]["status"]["containerStatuses"][0]["containerID"]

    with pytest.raises(ProcessLookupError):
        os.kill(int(container.removeprefix("lab://")), 0)
