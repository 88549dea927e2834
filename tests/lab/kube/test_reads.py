"""Reads, lists and watches answer as kube-apiserver does it."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from lab.kube.conftest import DEPLOYMENTS, PODS, SECRETS, Client, deployment

if TYPE_CHECKING:
    from lab.kube.conftest import Json

CONFIG_MAPS = "/api/v1/namespaces/shop/configmaps"


@pytest.fixture
def maps(admin: Client) -> Json:
    """Four ConfigMaps; returns their list."""
    for name, labels in (
        ("a", {"tier": "one"}),
        ("b", {"tier": "two"}),
        ("c", {"tier": "two", "old": "yes"}),
        ("d", {}),
    ):
        admin.post(CONFIG_MAPS, {"metadata": {"name": name, "labels": labels}})
    return admin.get(CONFIG_MAPS)


def names(listed: Json) -> str:
    return "".join(item["metadata"]["name"] for item in listed["items"])


@pytest.mark.usefixtures("maps")
@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("tier=two", "bc"),
        ("tier==two", "bc"),
        ("tier!=two", "ad"),
        ("tier in (one, two)", "abc"),
        ("tier notin (two)", "ad"),
        ("old", "c"),
        ("!old", "abd"),
        ("tier=two,!old", "b"),
    ],
)
def test_label_selectors_select(admin: Client, selector: str, expected: str) -> None:
    assert names(admin.get(CONFIG_MAPS, labelSelector=selector)) == expected


@pytest.mark.usefixtures("maps")
@pytest.mark.parametrize(("selector", "expected"), [("metadata.name=b", "b"), ("metadata.name!=b", "acd")])
def test_field_selectors_select(admin: Client, selector: str, expected: str) -> None:
    assert names(admin.get(CONFIG_MAPS, fieldSelector=selector)) == expected


def test_an_unknown_field_selector_is_a_bad_request(admin: Client) -> None:
    answer = admin.call("GET", PODS, query={"fieldSelector": "spec.x=1"})

    assert (answer.status, answer.body["message"]) == (400, "field label not supported: spec.x")


@pytest.mark.usefixtures("maps")
def test_a_list_comes_in_pages(admin: Client) -> None:
    first = admin.get(CONFIG_MAPS, limit="3")
    rest = admin.get(CONFIG_MAPS, limit="3", **{"continue": first["metadata"]["continue"]})

    assert (names(first), first["metadata"]["remainingItemCount"]) == ("abc", 1)
    assert names(rest) == "d"
    assert "continue" not in rest["metadata"]


def test_a_list_has_the_newest_version_and_items_without_a_kind(admin: Client, maps: Json) -> None:
    assert maps["kind"] == "ConfigMapList"
    assert maps["metadata"]["resourceVersion"] == maps["items"][-1]["metadata"]["resourceVersion"]
    assert "kind" not in maps["items"][0]
    assert admin.get(f"{CONFIG_MAPS}/a")["kind"] == "ConfigMap"


def test_a_version_from_the_future_times_out(admin: Client, maps: Json) -> None:
    future = str(int(maps["metadata"]["resourceVersion"]) + 1000)

    answer = admin.call("GET", CONFIG_MAPS, query={"resourceVersion": future})

    assert answer.status == 504
    assert "Too large resource version" in answer.body["message"]
    assert answer.body["details"]["retryAfterSeconds"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/apis/nope.example.com",
        "/apis/nope.example.com/v1/things",
        "/apis/external-secrets.io/v1beta1",
        "/apis/external-secrets.io/v1beta1/externalsecrets",
        "/apis/external-secrets.io/v1/nopes",
    ],
)
def test_what_no_crd_serves_is_plain_text(admin: Client, path: str) -> None:
    answer = admin.call("GET", path)

    assert (answer.status, answer.text) == (404, "404 page not found\n")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/api/v2", "/api/v1/nopes", "/apis/apps/v9", "/apis/apps/v9/deployments"])
def test_what_the_servers_own_groups_lack_is_a_status(admin: Client, path: str) -> None:
    answer = admin.call("GET", path)

    assert answer.status == 404
    assert answer.body["message"] == "the server could not find the requested resource"


def test_an_unknown_object_is_named_with_its_group(admin: Client) -> None:
    assert admin.call("GET", f"{DEPLOYMENTS}/nope").body["message"] == 'deployments.apps "nope" not found'
    assert admin.call("GET", f"{PODS}/nope").body["message"] == 'pods "nope" not found'


def test_a_secret_can_be_read_without_its_data(admin: Client) -> None:
    admin.post(SECRETS, {"metadata": {"name": "s"}, "stringData": {"password": "hidden"}})

    answer = admin.call("GET", f"{SECRETS}/s", accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io")

    assert answer.body.keys() == {"kind", "apiVersion", "metadata"}


def test_every_answer_has_a_date(admin: Client) -> None:
    assert admin.call("GET", "/version").headers["Date"].endswith("GMT")


@pytest.mark.usefixtures("maps")
def test_a_watch_sees_what_happens_after_its_version(admin: Client) -> None:
    version = admin.get(CONFIG_MAPS)["metadata"]["resourceVersion"]
    admin.merge(f"{CONFIG_MAPS}/a", {"data": {"x": "y"}})
    admin.call("DELETE", f"{CONFIG_MAPS}/b")

    answer = admin.call("GET", CONFIG_MAPS, query={"watch": "True", "resourceVersion": version, "timeoutSeconds": "1"})

    events = [json.loads(line) for line in answer.text.splitlines()]
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in events] == [
        ("MODIFIED", "a"),
        ("DELETED", "b"),
    ]


@pytest.mark.usefixtures("maps")
def test_a_watch_is_told_while_it_waits(admin: Client, drctl: Client) -> None:
    version = admin.get(DEPLOYMENTS)["metadata"]["resourceVersion"]
    creating = threading.Timer(0.2, lambda: admin.post(DEPLOYMENTS, deployment("late")))
    creating.start()

    answer = drctl.call("GET", DEPLOYMENTS, query={"watch": "true", "resourceVersion": version, "timeoutSeconds": "1"})

    creating.join()
    (event,) = (json.loads(line) for line in answer.text.splitlines())
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "late")


@pytest.mark.usefixtures("maps")
def test_leaving_the_selection_looks_like_a_deletion(admin: Client) -> None:
    version = admin.get(CONFIG_MAPS)["metadata"]["resourceVersion"]
    admin.merge(f"{CONFIG_MAPS}/a", {"metadata": {"labels": {"tier": "two"}}})

    answer = admin.call(
        "GET",
        CONFIG_MAPS,
        query={"watch": "1", "labelSelector": "tier=one", "resourceVersion": version, "timeoutSeconds": "1"},
    )

    assert [json.loads(line)["type"] for line in answer.text.splitlines()] == ["DELETED"]


def test_a_watch_from_a_forgotten_version_is_told_so(admin: Client) -> None:
    admin.post(CONFIG_MAPS, {"metadata": {"name": "busy"}})
    version = "1"

    answer = admin.call("GET", CONFIG_MAPS, query={"watch": "1", "resourceVersion": version, "timeoutSeconds": "1"})

    (event,) = (json.loads(line) for line in answer.text.splitlines())
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


@pytest.mark.usefixtures("maps")
def test_a_streaming_list_ends_with_a_bookmark(admin: Client) -> None:
    answer = admin.call(
        "GET",
        CONFIG_MAPS,
        query={
            "watch": "1",
            "sendInitialEvents": "true",
            "resourceVersionMatch": "NotOlderThan",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": "1",
        },
    )

    events = [json.loads(line) for line in answer.text.splitlines()]
    assert [event["type"] for event in events] == ["ADDED"] * 4 + ["BOOKMARK"]
    assert events[-1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
