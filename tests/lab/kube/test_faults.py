"""Bad days on request, and the record of what was asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from urllib3.exceptions import HTTPError

from drctl.lab.errors import LabError
from lab.kube.conftest import DEPLOYMENTS, Client, deployment

if TYPE_CHECKING:
    from drctl.lab.http_json import JsonCaller

SCALE = f"{DEPLOYMENTS}/api/scale"


@pytest.fixture(autouse=True)
def api(admin: Client, door: JsonCaller) -> None:
    """A Deployment at zero, and an empty audit."""
    admin.post(DEPLOYMENTS, deployment())
    door.must("DELETE", "/audit")


def replicas(admin: Client) -> int:
    found: int = admin.get(f"{DEPLOYMENTS}/api")["spec"]["replicas"]
    return found


def test_the_next_requests_fail_and_change_nothing(admin: Client, drctl: Client, door: JsonCaller) -> None:
    door.must("POST", "/faults", {"status": 500, "fail_next": 2})

    answers = [drctl.merge(SCALE, {"spec": {"replicas": 2}}) for _ in range(2)]

    assert [answer.status for answer in answers] == [500, 500]
    assert answers[0].body["reason"] == "InternalError"
    assert replicas(admin) == 0
    assert drctl.merge(SCALE, {"spec": {"replicas": 2}}).status == 200


def test_all_requests_fail_until_it_is_healed(drctl: Client, door: JsonCaller) -> None:
    door.must("POST", "/faults", {"status": 503, "fail_next": None})

    assert {drctl.call("GET", DEPLOYMENTS).status for _ in range(5)} == {503}
    door.must("POST", "/faults", {})
    assert drctl.call("GET", DEPLOYMENTS).status == 200


def test_throttling_says_when_to_come_back(drctl: Client, door: JsonCaller) -> None:
    door.must("POST", "/faults", {"status": 429, "fail_next": 2})

    first = drctl.call("GET", DEPLOYMENTS)
    door.must("POST", "/faults", {"status": 429, "fail_next": 1, "retry_after": 7})
    second = drctl.call("GET", DEPLOYMENTS)

    assert (first.status, first.body["reason"], first.headers["Retry-After"]) == (429, "TooManyRequests", "1")
    assert (second.headers["Retry-After"], second.body["details"]["retryAfterSeconds"]) == ("7", 7)


def test_latency_holds_every_answer_up(drctl: Client, door: JsonCaller) -> None:
    door.must("POST", "/faults", {"latency_seconds": 0.4})

    began = time.monotonic()
    drctl.get(DEPLOYMENTS)

    assert time.monotonic() - began >= 0.4


def test_a_lost_answer_is_of_a_write_that_happened(admin: Client, drctl: Client, door: JsonCaller) -> None:
    door.must("POST", "/faults", {"drop_after_apply_next": 1})

    with pytest.raises(HTTPError):
        drctl.merge(SCALE, {"spec": {"replicas": 2}})

    assert replicas(admin) == 2
    assert drctl.merge(SCALE, {"spec": {"replicas": 3}}).status == 200


def test_reads_do_not_use_a_lost_answer_up(drctl: Client, door: JsonCaller) -> None:
    door.must("POST", "/faults", {"drop_after_apply_next": 1})

    drctl.get(DEPLOYMENTS)

    with pytest.raises(HTTPError):
        drctl.merge(SCALE, {"spec": {"replicas": 2}})


def test_a_hanging_server_answers_nobody_and_does_nothing(admin: Client, drctl: Client, door: JsonCaller) -> None:
    door.must("POST", "/faults", {"hang": True})

    with pytest.raises(HTTPError):
        drctl.call(
            "PATCH", SCALE, {"spec": {"replicas": 2}}, content_type="application/merge-patch+json", timeout_seconds=0.4
        )

    door.must("POST", "/faults", {})
    assert replicas(admin) == 0


def test_faults_are_drctls_unless_told_otherwise(admin: Client, drctl: Client, door: JsonCaller) -> None:
    door.must("POST", "/faults", {"status": 500, "fail_next": None})
    assert (admin.call("GET", DEPLOYMENTS).status, drctl.call("GET", DEPLOYMENTS).status) == (200, 500)

    door.must("POST", "/faults", {"status": 500, "fail_next": None, "only_user": "", "only_methods": ["patch"]})
    assert (admin.call("GET", DEPLOYMENTS).status, admin.merge(SCALE, {}).status) == (200, 500)


def test_an_unknown_fault_is_refused_by_name(door: JsonCaller) -> None:
    with pytest.raises(LabError, match="unknown fault slow"):
        door.must("POST", "/faults", {"slow": 3})


def test_the_audit_counts_each_request_with_its_user_and_answer(admin: Client, drctl: Client, door: JsonCaller) -> None:
    drctl.get(DEPLOYMENTS)
    drctl.merge(SCALE, {"spec": {"replicas": 2}}, dryRun="All")
    drctl.merge(SCALE, {"spec": {"replicas": -1}})
    admin.merge(SCALE, {"spec": {"replicas": 1}})

    seen: list[dict[str, Any]] = door.must("GET", "/audit")

    assert [(one["method"], one["user"], one["dry_run"], one["status"]) for one in seen] == [
        ("GET", "drctl", "", 200),
        ("PATCH", "drctl", "All", 200),
        ("PATCH", "drctl", "", 422),
        ("PATCH", "admin", "", 200),
    ]
    assert seen[1]["body"] == '{"spec": {"replicas": 2}}'
    door.must("DELETE", "/audit")
    assert door.must("GET", "/audit") == []
