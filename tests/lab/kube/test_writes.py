"""Writes are taken and refused as kube-apiserver does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.kube.conftest import DEPLOYMENTS, ES, EXTERNAL_SECRETS, MERGE, Client, deployment

if TYPE_CHECKING:
    from lab.kube.conftest import Json

API = f"{DEPLOYMENTS}/api"
SCALE = f"{API}/scale"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/shop/leases"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


@pytest.fixture
def api(admin: Client) -> Json:
    """A Deployment at zero replicas."""
    return admin.post(DEPLOYMENTS, deployment())


def test_a_scale_at_zero_has_no_replicas_field(admin: Client, api: Json) -> None:
    scale = admin.get(SCALE)

    assert scale["spec"] == {}
    assert scale["kind"] == "Scale"
    assert scale["status"] == {"replicas": 0, "selector": "app=api"}
    assert scale["metadata"]["resourceVersion"] == api["metadata"]["resourceVersion"]


def test_a_scale_bumps_version_and_generation(drctl: Client, api: Json) -> None:
    version = api["metadata"]["resourceVersion"]

    answer = drctl.merge(SCALE, {"metadata": {"resourceVersion": version}, "spec": {"replicas": 3}})

    assert answer.status == 200
    assert answer.body["spec"] == {"replicas": 3}
    now = drctl.get(API)
    assert now["spec"]["replicas"] == 3
    assert now["metadata"]["generation"] == 2
    assert int(now["metadata"]["resourceVersion"]) > int(version)


@pytest.mark.parametrize("replicas", [0, 3])
def test_a_stale_resource_version_is_refused_even_when_nothing_would_change(
    admin: Client, drctl: Client, api: Json, replicas: int
) -> None:
    admin.merge(API, {"metadata": {"labels": {"somebody": "else"}}})

    stale = {"metadata": {"resourceVersion": api["metadata"]["resourceVersion"]}, "spec": {"replicas": replicas}}
    answer = drctl.merge(SCALE, stale)

    assert answer.status == 409
    assert answer.body["reason"] == "Conflict"
    assert 'deployments.apps "api": the object has been modified' in answer.body["message"]
    assert drctl.get(API)["spec"]["replicas"] == 0


@pytest.mark.usefixtures("api")
def test_a_stale_put_is_refused(admin: Client) -> None:
    old = admin.get(API)
    admin.merge(API, {"metadata": {"labels": {"somebody": "else"}}})

    assert admin.call("PUT", API, old).status == 409


def test_a_patch_that_changes_nothing_keeps_the_version(admin: Client, api: Json) -> None:
    answer = admin.merge(API, {"metadata": {"labels": {"app": "api"}}})

    assert answer.body["metadata"]["resourceVersion"] == api["metadata"]["resourceVersion"]


@pytest.mark.usefixtures("api")
def test_a_dry_run_shows_the_result_and_leaves_no_trace(drctl: Client) -> None:
    before = drctl.get(DEPLOYMENTS)

    answer = drctl.merge(SCALE, {"spec": {"replicas": 5}}, dryRun="All", fieldManager="drctl")

    assert answer.body["spec"] == {"replicas": 5}
    assert drctl.get(DEPLOYMENTS) == before


@pytest.mark.usefixtures("api")
def test_a_dry_run_is_checked_like_a_real_write(drctl: Client) -> None:
    assert drctl.merge(SCALE, {"spec": {"replicas": -1}}, dryRun="All").status == 422


@pytest.mark.usefixtures("api")
def test_negative_replicas_are_refused(drctl: Client) -> None:
    answer = drctl.merge(SCALE, {"spec": {"replicas": -1}})

    assert answer.status == 422
    assert answer.body["reason"] == "Invalid"
    expected = "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    assert expected in answer.body["message"]


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (MERGE, {"spec": {"replicas": 2}}),
        (STRATEGIC, {"spec": {"replicas": 2}}),
        (JSON_PATCH, [{"op": "add", "path": "/spec/replicas", "value": 2}]),
    ],
)
def test_a_scale_takes_three_patch_formats(drctl: Client, content_type: str, body: object) -> None:
    assert drctl.call("PATCH", SCALE, body, content_type=content_type).body["spec"] == {"replicas": 2}


@pytest.mark.usefixtures("api")
def test_a_plain_json_patch_body_is_an_unsupported_media_type(drctl: Client) -> None:
    answer = drctl.call("PATCH", SCALE, {"spec": {"replicas": 2}}, content_type="application/json")

    assert answer.status == 415
    assert answer.body["message"] == "415: Unsupported Media Type"


def test_a_custom_resource_takes_no_strategic_patch(admin: Client) -> None:
    admin.post(EXTERNAL_SECRETS, ES | {"metadata": {"name": "one"}, "spec": {}})

    answer = admin.call("PATCH", f"{EXTERNAL_SECRETS}/one", {"metadata": {}}, content_type=STRATEGIC)

    assert answer.status == 415


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3"])
def test_a_malformed_patch_is_a_bad_request(drctl: Client, body: bytes) -> None:
    answer = drctl.send_bytes("PATCH", SCALE, body, MERGE)

    assert answer.status == 400
    assert answer.body["message"].startswith("error decoding patch: ")


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/spec/replicas", "value": 7},
        {"op": "remove", "path": "/spec/nothing"},
        {"op": "replace", "path": "/spec/nothing/deeper", "value": 1},
        {"op": "nonsense", "path": "/spec/replicas"},
    ],
)
def test_a_json_patch_that_does_not_apply_is_refused(admin: Client, operation: Json) -> None:
    answer = admin.call("PATCH", API, [operation], content_type=JSON_PATCH)

    assert answer.status == 422
    assert answer.body["message"] == "the server rejected our request due to an error in our request"


@pytest.mark.usefixtures("api")
def test_a_json_patch_replaces_a_key_that_is_not_there(admin: Client) -> None:
    operation = {"op": "replace", "path": "/metadata/labels/fresh", "value": "yes"}

    answer = admin.call("PATCH", API, [operation], content_type=JSON_PATCH)

    assert answer.body["metadata"]["labels"] == {"app": "api", "fresh": "yes"}


def test_a_custom_resource_must_say_what_it_is(admin: Client) -> None:
    untyped = admin.call("POST", EXTERNAL_SECRETS, {"metadata": {"name": "one"}, "spec": {}})
    unversioned = admin.call("POST", EXTERNAL_SECRETS, {"kind": ES["kind"], "metadata": {"name": "one"}, "spec": {}})

    assert (untyped.status, unversioned.status) == (400, 400)
    assert "Object 'Kind' is missing" in untyped.body["message"]
    assert "does not match the expected API version (external-secrets.io/v1)" in unversioned.body["message"]


@pytest.mark.usefixtures("api")
def test_a_strategic_patch_merges_containers_by_name(admin: Client) -> None:
    body = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "other"}]}}}}

    answer = admin.call("PATCH", API, body, content_type=STRATEGIC)

    (container,) = answer.body["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "other"
    assert container["command"]


@pytest.mark.usefixtures("api")
def test_a_main_write_cannot_change_the_status(admin: Client) -> None:
    before = admin.get(API)["status"]

    admin.merge(API, {"status": {"replicas": 9}})

    assert admin.get(API)["status"] == before


@pytest.mark.usefixtures("api")
def test_a_status_write_changes_the_status_only_and_no_generation(admin: Client) -> None:
    body = {"spec": {"replicas": 9}, "status": {"replicas": 9}}

    answer = admin.merge(f"{API}/status", body)

    assert answer.body["spec"]["replicas"] == 0
    assert answer.body["status"] == {"replicas": 9}
    assert answer.body["metadata"]["generation"] == 1


def test_a_status_in_a_create_is_dropped(admin: Client) -> None:
    created = admin.post(DEPLOYMENTS, deployment() | {"status": {"replicas": 9}})

    assert created["status"] == {}


@pytest.mark.usefixtures("api")
def test_a_second_create_is_refused(admin: Client) -> None:
    answer = admin.call("POST", DEPLOYMENTS, deployment())

    assert (answer.status, answer.body["reason"]) == (409, "AlreadyExists")
    assert answer.body["message"] == 'deployments.apps "api" already exists'


@pytest.mark.usefixtures("api")
def test_another_namespace_in_the_body_is_a_bad_request(admin: Client) -> None:
    answer = admin.merge(API, {"metadata": {"namespace": "other"}})

    assert answer.status == 400
    expected = "the namespace of the provided object does not match the namespace sent on the request"
    assert answer.body["message"] == expected


@pytest.mark.usefixtures("api")
def test_an_annotation_makes_the_generation_of_a_deployment_grow(admin: Client) -> None:
    assert admin.merge(API, {"metadata": {"annotations": {"a": "b"}}}).body["metadata"]["generation"] == 2


def test_an_annotation_leaves_the_generation_of_an_external_secret(admin: Client) -> None:
    admin.post(EXTERNAL_SECRETS, ES | {"metadata": {"name": "one"}, "spec": {}})

    answer = admin.merge(f"{EXTERNAL_SECRETS}/one", {"metadata": {"annotations": {"force-sync": "1"}}})

    assert answer.body["metadata"]["generation"] == 1


def test_a_scale_is_recorded_without_a_time(admin: Client, drctl: Client) -> None:
    admin.post(DEPLOYMENTS, deployment(replicas=1), fieldManager="creator")

    drctl.merge(SCALE, {"spec": {"replicas": 2}}, fieldManager="drctl")

    (entry,) = (one for one in drctl.get(API)["metadata"]["managedFields"] if one["manager"] == "drctl")
    assert entry["subresource"] == "scale"
    assert "time" not in entry
    assert entry["fieldsV1"] == {"f:spec": {"f:replicas": {}}}


def test_a_scale_to_zero_leaves_replicas_without_an_owner(admin: Client, drctl: Client) -> None:
    admin.post(DEPLOYMENTS, deployment(replicas=1))

    drctl.merge(SCALE, {"spec": {"replicas": 0}})
    drctl.merge(SCALE, {"spec": {"replicas": 2}})

    entries = drctl.get(API)["metadata"]["managedFields"]
    assert not any("f:replicas" in one["fieldsV1"].get("f:spec", {}) for one in entries)


def test_a_lease_takes_exactly_six_fraction_digits(admin: Client) -> None:
    def lease(name: str, at: str) -> Json:
        spec = {"holderIdentity": "me", "leaseDurationSeconds": 60, "renewTime": at}
        return {"metadata": {"name": name}, "spec": spec}

    taken = admin.post(LEASES, lease("good", "2026-11-23T08:00:00.123456+00:00"))

    assert taken["spec"]["renewTime"] == "2026-11-23T08:00:00.123456Z"
    assert admin.call("POST", LEASES, lease("bad", "2026-11-23T08:00:00+00:00")).status == 400
    assert admin.call("PUT", f"{LEASES}/good", lease("good", "2026-11-23T08:00:00.000000Z")).status == 422


def test_a_delete_keeps_its_precondition(admin: Client, api: Json) -> None:
    version = api["metadata"]["resourceVersion"]
    admin.merge(API, {"metadata": {"labels": {"somebody": "else"}}})

    assert admin.call("DELETE", API, {"preconditions": {"resourceVersion": version}}).status == 409
    assert admin.call("DELETE", API).status == 200
    assert admin.call("GET", API).status == 404
