"""Deployments are acted upon as by the real controllers; a pod is a process."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from lab.kube.conftest import DEPLOYMENTS, PODS, SECRETS, SLICES, Client, Eventually, Kubectl, deployment

if TYPE_CHECKING:
    from drctl.lab.http_json import JsonCaller
    from lab.kube.conftest import Json

pytestmark = pytest.mark.usefixtures("lively")

API = f"{DEPLOYMENTS}/api"
REPLICA_SETS = "/apis/apps/v1/namespaces/shop/replicasets"
EVENTS = "/api/v1/namespaces/shop/events"
SERVICE = {
    "metadata": {"name": "api"},
    "spec": {"selector": {"app": "api"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
}


def scale(client: Client, replicas: int) -> None:
    answer = client.merge(f"{API}/scale", {"spec": {"replicas": replicas}})
    assert answer.status == 200, answer.text


def status(client: Client) -> Json:
    found: Json = client.get(API)["status"]
    return found


def conditions(client: Client) -> dict[str, str]:
    return {one["type"]: f"{one['status']} {one['reason']}" for one in status(client).get("conditions", ())}


def pods(client: Client) -> list[Json]:
    found: list[Json] = client.get(PODS)["items"]
    return found


def pids(client: Client) -> list[int]:
    """Return the processes of all pods that ran once."""
    ids = (pod["status"]["containerStatuses"][0]["containerID"] for pod in pods(client))
    return [int(text.removeprefix("lab://")) for text in ids if text]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_available(client: Client, count: int) -> bool:
    return bool(status(client).get("availableReplicas", 0) == count)


def endpoints(client: Client) -> list[Json]:
    return [one for found in client.get(SLICES)["items"] for one in found["endpoints"] or ()]


def test_a_deployment_at_zero_looks_healthy(admin: Client, eventually: Eventually) -> None:
    admin.post(DEPLOYMENTS, deployment())

    eventually(lambda: status(admin).get("observedGeneration") == 1)

    assert status(admin).keys() == {"observedGeneration", "conditions"}
    assert conditions(admin) == {
        "Available": "True MinimumReplicasAvailable",
        "Progressing": "True NewReplicaSetAvailable",
    }


def test_scaling_up_makes_available_pods_and_ready_endpoints(
    admin: Client, drctl: Client, eventually: Eventually
) -> None:
    admin.post(DEPLOYMENTS, deployment())
    admin.post("/api/v1/namespaces/shop/services", SERVICE)
    eventually(lambda: status(drctl).get("observedGeneration") == 1)

    scale(drctl, 2)

    eventually(lambda: is_available(drctl, 2))
    now = drctl.get(API)
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    assert [now["status"][name] for name in counts] == [2, 2, 2, 2]
    assert now["status"]["observedGeneration"] == now["metadata"]["generation"] == 2
    eventually(lambda: len(endpoints(drctl)) == 2)
    assert all(one["conditions"]["ready"] for one in endpoints(drctl))
    assert {one["addresses"][0] for one in endpoints(drctl)} == {pod["status"]["podIP"] for pod in pods(drctl)}
    assert all(is_alive(pid) for pid in pids(drctl))


def test_a_status_just_after_a_write_is_of_before(admin: Client, eventually: Eventually) -> None:
    admin.post(DEPLOYMENTS, deployment())
    eventually(lambda: status(admin).get("observedGeneration") == 1)

    written = admin.merge(API, {"spec": {"replicas": 1}}).body

    assert (written["metadata"]["generation"], written["status"]["observedGeneration"]) == (2, 1)
    assert {one["status"] for one in written["status"]["conditions"]} == {"True"}


def test_a_complete_deployment_that_is_scaled_says_nothing_of_progress(
    admin: Client, drctl: Client, eventually: Eventually
) -> None:
    admin.post(DEPLOYMENTS, deployment(command=("sleep", "60")))
    eventually(lambda: status(drctl).get("observedGeneration") == 1)

    scale(drctl, 1)
    eventually(lambda: status(drctl).get("observedGeneration") == 2)

    assert conditions(drctl) == {
        "Available": "False MinimumReplicasUnavailable",
        "Progressing": "True NewReplicaSetAvailable",
    }


def test_scaling_to_zero_ends_the_processes_and_empties_the_slice(
    admin: Client, drctl: Client, eventually: Eventually
) -> None:
    admin.post(DEPLOYMENTS, deployment(replicas=1))
    admin.post("/api/v1/namespaces/shop/services", SERVICE)
    eventually(lambda: is_available(drctl, 1))
    (pid,) = pids(drctl)

    scale(drctl, 0)

    eventually(lambda: pods(drctl) == [])
    assert not is_alive(pid)
    eventually(lambda: "replicas" not in status(drctl))
    eventually(lambda: [found["endpoints"] for found in drctl.get(SLICES)["items"]] == [None])


def test_a_pod_that_ignores_sigterm_is_killed_after_its_grace(
    admin: Client, drctl: Client, eventually: Eventually
) -> None:
    deaf = deployment(replicas=1, command=("sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"))
    del deaf["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]
    deaf["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    admin.post(DEPLOYMENTS, deaf)
    eventually(lambda: is_available(drctl, 1))
    (pid,) = pids(drctl)

    scale(drctl, 0)

    eventually(lambda: [bool(pod["metadata"].get("deletionTimestamp")) for pod in pods(drctl)] == [True])
    assert is_alive(pid)
    eventually(lambda: pods(drctl) == [])
    assert not is_alive(pid)


def test_a_crash_is_restarted_and_a_second_one_backs_off(admin: Client, drctl: Client, eventually: Eventually) -> None:
    admin.post(DEPLOYMENTS, deployment(replicas=1, command=("sh", "-c", "exit 3")))

    def crash() -> Json:
        found: Json = pods(drctl)[0]["status"]["containerStatuses"][0] if pods(drctl) else {}
        return found

    eventually(lambda: crash().get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff")
    assert crash()["restartCount"] >= 1
    assert crash()["lastState"]["terminated"]["exitCode"] == 3
    assert conditions(drctl)["Available"] == "False MinimumReplicasUnavailable"
    warnings = drctl.get(EVENTS, fieldSelector="type=Warning")["items"]
    assert "BackOff" in {one["reason"] for one in warnings}


def test_a_killed_process_comes_back_in_the_same_pod(admin: Client, drctl: Client, eventually: Eventually) -> None:
    admin.post(DEPLOYMENTS, deployment(replicas=1))
    eventually(lambda: is_available(drctl, 1))
    before = pods(drctl)[0]

    os.kill(pids(drctl)[0], signal.SIGKILL)

    eventually(lambda: pods(drctl)[0]["status"]["containerStatuses"][0]["restartCount"] == 1)
    eventually(lambda: is_available(drctl, 1))
    after = pods(drctl)[0]
    assert (after["metadata"]["uid"], after["status"]["podIP"]) == (
        before["metadata"]["uid"],
        before["status"]["podIP"],
    )
    assert after["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 137


def test_a_frozen_pod_leaves_the_ready_endpoints_and_comes_back(
    admin: Client, drctl: Client, eventually: Eventually
) -> None:
    body = deployment(replicas=1)
    body["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] |= {"failureThreshold": 1}
    admin.post(DEPLOYMENTS, body)
    admin.post("/api/v1/namespaces/shop/services", SERVICE)
    eventually(lambda: is_available(drctl, 1))
    (pid,) = pids(drctl)

    os.kill(pid, signal.SIGSTOP)
    try:
        eventually(lambda: [one["conditions"]["ready"] for one in endpoints(drctl)] == [False])
        eventually(lambda: is_available(drctl, 0))
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: is_available(drctl, 1))


def test_min_ready_seconds_delay_availability_only(admin: Client, drctl: Client, eventually: Eventually) -> None:
    body = deployment(replicas=1)
    body["spec"]["minReadySeconds"] = 3
    admin.post(DEPLOYMENTS, body)

    eventually(lambda: status(drctl).get("readyReplicas") == 1)
    assert is_available(drctl, 0)
    eventually(lambda: is_available(drctl, 1))


def with_password(replicas: int = 1) -> Json:
    body = deployment(replicas=replicas, command=("sh", "-c", 'test "$PASSWORD" = right && exec sleep 60'))
    (container,) = body["spec"]["template"]["spec"]["containers"]
    del container["readinessProbe"]
    reference = {"secretKeyRef": {"name": "creds", "key": "password"}}
    container["env"] = [{"name": "PASSWORD", "valueFrom": reference}]
    return body


def test_a_missing_secret_and_a_missing_key_keep_the_pod_waiting(
    admin: Client, drctl: Client, eventually: Eventually
) -> None:
    def waits_for() -> tuple[str, str]:
        waiting = pods(drctl)[0]["status"]["containerStatuses"][0]["state"].get("waiting", {}) if pods(drctl) else {}
        return waiting.get("reason", ""), waiting.get("message", "")

    admin.post(DEPLOYMENTS, with_password())
    eventually(lambda: waits_for() == ("CreateContainerConfigError", 'secret "creds" not found'))

    admin.post(SECRETS, {"metadata": {"name": "creds"}, "stringData": {"other": "x"}})
    told = ("CreateContainerConfigError", "couldn't find key password in Secret shop/creds")
    eventually(lambda: waits_for() == told)

    admin.merge(f"{SECRETS}/creds", {"stringData": {"password": "right"}})
    eventually(lambda: is_available(drctl, 1))


def test_a_quota_shows_in_the_deployment_only(admin: Client, drctl: Client, eventually: Eventually) -> None:
    quota = {"metadata": {"name": "few"}, "spec": {"hard": {"pods": "1"}}}
    admin.post("/api/v1/namespaces/shop/resourcequotas", quota)
    admin.post(DEPLOYMENTS, deployment(replicas=2, command=("sleep", "60")))

    eventually(lambda: conditions(drctl).get("ReplicaFailure") == "True FailedCreate")

    assert len(pods(drctl)) == 1
    assert conditions(drctl)["Progressing"].startswith("True")
    failures = [one for one in drctl.get(EVENTS)["items"] if one["reason"] == "FailedCreate"]
    assert failures[0]["involvedObject"]["kind"] == "ReplicaSet"
    assert "exceeded quota: few" in failures[0]["message"]


def test_a_cordoned_node_takes_no_pods(admin: Client, drctl: Client, eventually: Eventually) -> None:
    admin.merge("/api/v1/nodes/node-east", {"spec": {"unschedulable": True}})
    admin.post(DEPLOYMENTS, deployment(replicas=1))

    def scheduled() -> list[str]:
        return [one["reason"] for pod in pods(drctl) for one in pod["status"].get("conditions", ())]

    eventually(lambda: scheduled() == ["Unschedulable"])
    (event,) = (one for one in drctl.get(EVENTS)["items"] if one["reason"] == "FailedScheduling")
    assert event["lastTimestamp"] is None
    assert event["eventTime"]
    admin.merge("/api/v1/nodes/node-east", {"spec": {"unschedulable": None}})
    eventually(lambda: is_available(drctl, 1))


def test_one_that_was_created_paused_never_gets_pods(admin: Client, drctl: Client, eventually: Eventually) -> None:
    body = deployment()
    body["spec"]["paused"] = True
    admin.post(DEPLOYMENTS, body)

    scale(drctl, 1)
    eventually(lambda: status(drctl).get("observedGeneration") == 2)

    assert conditions(drctl)["Progressing"] == "Unknown DeploymentPaused"
    assert pods(drctl) == []
    assert drctl.get(REPLICA_SETS)["items"] == []


def test_kubectl_follows_a_rollout_to_its_end(
    admin: Client, drctl: Client, kubectl: Kubectl, admin_kubectl: Kubectl, eventually: Eventually
) -> None:
    admin.post(DEPLOYMENTS, deployment(replicas=1))
    eventually(lambda: is_available(drctl, 1))
    (old,) = pods(drctl)

    admin_kubectl("rollout", "restart", "deployment/api")
    ran = kubectl("rollout", "status", "deployment/api", "--timeout=15s")

    assert ran.out.splitlines()[-1] == 'deployment "api" successfully rolled out'
    eventually(lambda: len(pods(drctl)) == 1)
    assert pods(drctl)[0]["metadata"]["uid"] != old["metadata"]["uid"]


def test_deleting_a_deployment_takes_everything_with_it(admin: Client, drctl: Client, eventually: Eventually) -> None:
    admin.post(DEPLOYMENTS, deployment(replicas=1))
    eventually(lambda: is_available(drctl, 1))
    (pid,) = pids(drctl)

    admin.call("DELETE", API)

    eventually(lambda: pods(drctl) == [] and drctl.get(REPLICA_SETS)["items"] == [])
    assert not is_alive(pid)


def test_a_pod_deleted_by_force_leaves_no_process(admin: Client, drctl: Client, eventually: Eventually) -> None:
    admin.post(DEPLOYMENTS, deployment(replicas=1))
    eventually(lambda: is_available(drctl, 1))
    (pod,), (pid,) = pods(drctl), pids(drctl)

    admin.call("DELETE", f"{PODS}/{pod['metadata']['name']}", {"gracePeriodSeconds": 0})

    eventually(lambda: not is_alive(pid))
    eventually(lambda: is_available(drctl, 1) and pods(drctl)[0]["metadata"]["uid"] != pod["metadata"]["uid"])


def test_actors_never_show_in_the_audit(admin: Client, drctl: Client, door: JsonCaller, eventually: Eventually) -> None:
    admin.post(DEPLOYMENTS, deployment(replicas=1))
    eventually(lambda: is_available(drctl, 1))

    writes = [one for one in door.must("GET", "/audit") if one["method"] != "GET"]

    assert {one["user"] for one in writes} == {"admin"}
