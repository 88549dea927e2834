"""The real kubectl finds what it needs: discovery, formats, messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lab.kube.conftest import DEPLOYMENTS, ES, EXTERNAL_SECRETS, Client, Kubectl, deployment

if TYPE_CHECKING:
    from drctl.lab.http_json import JsonCaller


@pytest.fixture(autouse=True)
def api(admin: Client) -> None:
    """A Deployment at zero."""
    admin.post(DEPLOYMENTS, deployment())


def test_it_reads_an_object(kubectl: Kubectl) -> None:
    ran = kubectl("get", "deploy", "api", "-o", "json")

    assert json.loads(ran.out)["spec"]["replicas"] == 0


def test_it_lists_by_label(kubectl: Kubectl) -> None:
    assert kubectl("get", "deployments", "-l", "app=api", "-o", "name").out == "deployment.apps/api"
    assert kubectl("get", "deployments", "-l", "app!=api", "-o", "name").out == ""


def test_it_scales_through_the_subresource_only(kubectl: Kubectl, drctl: Client, door: JsonCaller) -> None:
    door.must("DELETE", "/audit")

    ran = kubectl("scale", "deployment/api", "--replicas=2")

    assert ran.out == "deployment.apps/api scaled"
    assert drctl.get(f"{DEPLOYMENTS}/api")["spec"]["replicas"] == 2
    (write,) = (one for one in door.must("GET", "/audit") if one["method"] != "GET")
    assert (write["path"], write["content_type"], write["body"]) == (
        f"{DEPLOYMENTS}/api/scale",
        "application/merge-patch+json",
        '{"spec":{"replicas":2}}',
    )


def test_it_scales_with_a_resource_version_by_a_put_that_drctl_may_not_send(
    kubectl: Kubectl, admin_kubectl: Kubectl, drctl: Client
) -> None:
    version = drctl.get(f"{DEPLOYMENTS}/api")["metadata"]["resourceVersion"]

    refused = kubectl("scale", "deployment/api", "--replicas=2", f"--resource-version={version}")
    first = admin_kubectl("scale", "deployment/api", "--replicas=2", f"--resource-version={version}")
    second = admin_kubectl("scale", "deployment/api", "--replicas=3", f"--resource-version={version}")

    assert 'cannot update resource "deployments/scale"' in refused.err
    assert first.code == 0
    assert second.code == 1
    assert second.err.startswith(f"error: Expected resource version to be {version}, was ")
    assert drctl.get(f"{DEPLOYMENTS}/api")["spec"]["replicas"] == 2


def test_it_refuses_to_scale_from_another_count(kubectl: Kubectl) -> None:
    ran = kubectl("scale", "deployment/api", "--replicas=3", "--current-replicas=7")

    assert ran.err == "error: Expected replicas to be 7, was 0"


def test_it_annotates_an_external_secret_as_drctl(kubectl: Kubectl, admin: Client) -> None:
    admin.post(EXTERNAL_SECRETS, ES | {"metadata": {"name": "one"}, "spec": {}})

    ran = kubectl("annotate", "externalsecret", "one", "force-sync=by-hand", "--overwrite")

    assert ran.out == "externalsecret.external-secrets.io/one annotated"
    metadata = admin.get(f"{EXTERNAL_SECRETS}/one")["metadata"]
    assert metadata["annotations"] == {"force-sync": "by-hand"}
    assert "kubectl-annotate" in {one["manager"] for one in metadata["managedFields"]}


def test_it_is_told_what_is_forbidden(kubectl: Kubectl) -> None:
    ran = kubectl("annotate", "deployment", "api", "a=b")

    assert ran.code == 1
    assert 'User "drctl" cannot patch resource "deployments" in API group "apps"' in ran.err


@pytest.mark.parametrize("kind", ["merge", "strategic", "json"])
def test_it_patches_in_every_format(admin_kubectl: Kubectl, admin: Client, kind: str) -> None:
    body = '[{"op": "replace", "path": "/spec/replicas", "value": 4}]' if kind == "json" else '{"spec":{"replicas":4}}'

    ran = admin_kubectl("patch", "deployment", "api", f"--type={kind}", "-p", body)

    assert ran.out == "deployment.apps/api patched"
    assert admin.get(f"{DEPLOYMENTS}/api")["spec"]["replicas"] == 4


def test_it_waits_by_a_streaming_list(kubectl: Kubectl) -> None:
    ran = kubectl("wait", "--for=jsonpath={.spec.replicas}=0", "deployment/api", "--timeout=5s")

    assert ran.out == "deployment.apps/api condition met"


def test_it_knows_who_it_is(kubectl: Kubectl) -> None:
    assert "drctl" in kubectl("auth", "whoami").out
