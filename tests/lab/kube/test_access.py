"""Who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.kube.conftest import DEPLOYMENTS, EXTERNAL_SECRETS, SECRETS, Client, deployment, signed_in

if TYPE_CHECKING:
    from drctl.lab.http_json import JsonCaller
    from drctl.lab.kube_api.server import Running

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def test_an_unknown_token_is_nobody(server: Running) -> None:
    with signed_in(server, "wrong") as nobody:
        answer = nobody.call("GET", DEPLOYMENTS)

    assert (answer.status, answer.body["reason"]) == (401, "Unauthorized")


@pytest.mark.parametrize("path", ["/readyz", "/livez", "/version"])
def test_health_and_version_need_no_token_but_take_no_wrong_one(server: Running, path: str) -> None:
    with signed_in(server, None) as nobody, signed_in(server, "wrong") as stranger:
        assert nobody.call("GET", path).status == 200
        assert stranger.call("GET", path).status == 401


def test_without_a_token_nothing_else_can_be_seen(server: Running) -> None:
    with signed_in(server, None) as nobody:
        assert nobody.call("GET", "/apis").body["message"] == (
            'forbidden: User "system:anonymous" cannot get path "/apis"'
        )
        refused = nobody.call("GET", DEPLOYMENTS)

    assert refused.status == 403
    assert refused.body["message"].startswith('deployments.apps is forbidden: User "system:anonymous" cannot list')


def test_drctl_scales_and_cannot_touch_the_rest_of_a_deployment(admin: Client, drctl: Client) -> None:
    admin.post(DEPLOYMENTS, deployment())

    assert drctl.merge(f"{DEPLOYMENTS}/api/scale", {"spec": {"replicas": 1}}).status == 200
    refused = drctl.merge(f"{DEPLOYMENTS}/api", {"spec": {"replicas": 2}})
    assert refused.status == 403
    assert refused.body["message"] == (
        'deployments.apps "api" is forbidden: User "drctl" cannot patch resource "deployments" '
        'in API group "apps" in the namespace "shop"'
    )


def test_drctl_cannot_replace_a_scale(admin: Client, drctl: Client) -> None:
    admin.post(DEPLOYMENTS, deployment())
    scale = drctl.get(f"{DEPLOYMENTS}/api/scale")

    refused = drctl.call("PUT", f"{DEPLOYMENTS}/api/scale", scale)

    assert refused.status == 403
    assert 'cannot update resource "deployments/scale"' in refused.body["message"]


@pytest.mark.parametrize("path", [SECRETS, f"{SECRETS}/any", "/api/v1/namespaces"])
def test_drctl_reads_no_secrets_and_no_namespaces(drctl: Client, path: str) -> None:
    assert drctl.call("GET", path).status == 403


def test_a_watch_is_a_verb_of_its_own(drctl: Client) -> None:
    assert drctl.call("GET", EXTERNAL_SECRETS).status == 200
    assert drctl.call("GET", EXTERNAL_SECRETS, query={"watch": "1", "timeoutSeconds": "1"}).status == 403


@pytest.mark.parametrize(("verb", "expected"), [("patch", True), ("update", False)])
def test_a_review_tells_what_the_rules_say(drctl: Client, verb: str, expected: bool) -> None:
    asked = {"namespace": "shop", "verb": verb, "group": "apps", "resource": "deployments", "subresource": "scale"}

    review = drctl.post(REVIEWS, {"spec": {"resourceAttributes": asked}})

    assert review["status"]["allowed"] is expected


def test_a_denial_takes_a_right_away(admin: Client, drctl: Client, door: JsonCaller) -> None:
    admin.post(DEPLOYMENTS, deployment())
    rule = {"groups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"]}

    door.must("POST", "/denials", [rule])

    assert drctl.merge(f"{DEPLOYMENTS}/api/scale", {"spec": {"replicas": 1}}).status == 403
    door.must("POST", "/denials", [])
    assert drctl.merge(f"{DEPLOYMENTS}/api/scale", {"spec": {"replicas": 1}}).status == 200
