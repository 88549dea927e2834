"""What the adapter makes of objects as servers really show them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from contract.kubernetes.regions import workload
from drctl.core.errors import RefusedError
from drctl.core.observed import ObjectRef
from drctl.core.topology import Selector
from drctl.core.verdict import Health, Tier
from drctl.steps.scaling import WorkloadItem, judge_complete

if TYPE_CHECKING:
    from contract.kubernetes.regions import ServedRegion
    from contract.kubernetes.servers import Json


def add_service(region: ServedRegion, name: str, selector: Json) -> None:
    region.create("service", {"metadata": {"name": name}, "spec": {"selector": selector, "ports": [{"port": 80}]}})


def add_endpoints(region: ServedRegion, name: str, service: str, *endpoints: Json) -> None:
    labels = {"kubernetes.io/service-name": service}
    body = {"metadata": {"name": name, "labels": labels}, "addressType": "IPv4", "endpoints": list(endpoints)}
    region.create("endpointslice", body)


def endpoint(address: str, *, ready: bool | None = True) -> Json:
    return {"addresses": [address], "conditions": {} if ready is None else {"ready": ready}}


def test_a_stateful_set_is_read_and_scaled_like_a_deployment(region: ServedRegion) -> None:
    ref = region.deploy("db", 0, (("team", "shop"),), kind="statefulset")
    region.deploy("api", 1)
    region.workloads.scale(ref, 2, region.workloads.workload(ref).resource_version)
    region.complete(ref)

    state = region.workloads.workload(ref)

    assert judge_complete(WorkloadItem(ref, Tier.CRITICAL, 2), state).health is Health.HEALTHY
    found = region.workloads.workloads(Selector(region.namespace))
    assert [one.ref.kind for one in found] == ["deployment", "statefulset"]
    assert found[1].labels == (("team", "shop"),)


@pytest.mark.parametrize(
    "strategy", [{"type": "OnDelete"}, {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}]
)
def test_a_stateful_set_that_is_to_keep_old_pods_is_as_updated_as_it_gets(region: ServedRegion, strategy: Json) -> None:
    body = workload("db", 2, (), "statefulset")
    region.create("statefulset", body | {"spec": body["spec"] | {"updateStrategy": strategy}})
    counts = {"observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "availableReplicas": 2, "updatedReplicas": 1}
    region.patch("statefulset", "db", {"status": counts}, "status")

    assert region.workloads.workload(region.ref("db", "statefulset")).updated == 2


def test_a_status_of_an_older_generation_is_not_believed(region: ServedRegion) -> None:
    ref = region.deploy("api", 2)
    region.complete(ref)
    # Annotations of a Deployment move its generation too (kubernetes.md 1.5).
    region.patch("deployment", "api", {"metadata": {"annotations": {"a": "b"}}})

    state = region.workloads.workload(ref)

    assert (state.generation, state.observed_generation) == (2, 1)
    assert judge_complete(WorkloadItem(ref, Tier.CRITICAL, 2), state).health is Health.PROGRESSING
    region.complete(ref)
    assert judge_complete(WorkloadItem(ref, Tier.CRITICAL, 2), region.workloads.workload(ref)).health is Health.HEALTHY


def test_replicas_that_nobody_set_are_one(region: ServedRegion) -> None:
    body = workload("api", 1)
    del body["spec"]["replicas"]
    region.create("deployment", body)

    assert region.workloads.workload(region.ref("api")).replicas == 1


def test_a_quota_is_told_as_a_failure(region: ServedRegion) -> None:
    ref = region.deploy("api", 2)
    condition = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": 'pods "api-x" is forbidden: exceeded quota: small',
        "lastTransitionTime": "2026-11-23T08:00:00Z",
        "lastUpdateTime": "2026-11-23T08:00:00Z",
    }
    region.patch("deployment", "api", {"status": {"observedGeneration": 1, "conditions": [condition]}}, "status")

    state = region.workloads.workload(ref)

    assert "exceeded quota: small" in state.failure
    assert judge_complete(WorkloadItem(ref, Tier.CRITICAL, 2), state).health is Health.FAILED


def test_a_paused_deployment_is_told_so(region: ServedRegion) -> None:
    ref = region.deploy("api")
    assert not region.workloads.workload(ref).paused

    region.patch("deployment", "api", {"spec": {"paused": True}})

    assert region.workloads.workload(ref).paused


def test_whoever_scaled_last_is_named_and_nobody_after_zero(region: ServedRegion) -> None:
    ref = region.deploy("api", 1)
    region.workloads.scale(ref, 2, region.workloads.workload(ref).resource_version)
    mine = region.workloads.workload(ref)
    region.server.admin.must(
        "PATCH",
        f"{region.path('deployment', 'api')}?fieldManager=argocd-controller",
        {"spec": {"replicas": 0}},
        content_type="application/merge-patch+json",
    )
    theirs = region.workloads.workload(ref)
    region.workloads.scale(ref, 3, theirs.resource_version)
    region.workloads.scale(ref, 0, region.workloads.workload(ref).resource_version)

    assert (mine.last_writer, theirs.last_writer) == ("drctl", "argocd-controller")
    assert region.workloads.workload(ref).last_writer == ""


def test_without_a_service_there_are_no_endpoints_to_wait_for(region: ServedRegion) -> None:
    ref = region.deploy("api", 1)
    add_service(region, "other", {"app": "other"})

    assert region.workloads.workload(ref).endpoints_ready is None


def test_ready_endpoints_are_counted_once_each_over_all_slices(region: ServedRegion) -> None:
    ref = region.deploy("api", 3)
    add_service(region, "api", {"app": "api"})
    assert region.workloads.workload(ref).endpoints_ready == 0

    add_endpoints(region, "api-1", "api", endpoint("10.0.0.1"), endpoint("10.0.0.2", ready=False))
    # A `ready` that is not set means ready; an address may be in two slices for a moment.
    add_endpoints(region, "api-2", "api", endpoint("10.0.0.3", ready=None), endpoint("10.0.0.1"))
    add_endpoints(region, "other-1", "other", endpoint("10.0.0.9"))

    assert region.workloads.workload(ref).endpoints_ready == 2


def test_the_worst_served_service_counts(region: ServedRegion) -> None:
    ref = region.deploy("api", 1)
    for name in ("api", "admin"):
        add_service(region, name, {"app": "api"})
    add_endpoints(region, "api-1", "api", endpoint("10.0.0.1"))

    state = region.workloads.workload(ref)

    assert state.endpoints_ready == 0
    ready = replace(state, observed_generation=1, replicas_seen=1, updated=1, available=1)
    assert judge_complete(WorkloadItem(ref, Tier.CRITICAL, 1), ready).message == "no ready endpoint in its Service"


def test_endpoints_at_zero_are_null_and_count_as_none(region: ServedRegion) -> None:
    ref = region.deploy("api")
    add_service(region, "api", {"app": "api"})
    add_endpoints(region, "api-1", "api")

    assert region.workloads.workload(ref).endpoints_ready == 0


def test_negative_replicas_are_refused(region: ServedRegion) -> None:
    ref = region.deploy("api")

    with pytest.raises(RefusedError, match="must be greater than or equal to 0"):
        region.workloads.scale(ref, -1, region.workloads.workload(ref).resource_version)


def test_a_kind_that_drctl_cannot_scale_is_refused_before_anything_is_sent(region: ServedRegion) -> None:
    ref = ObjectRef("daemonset", region.namespace, "agent")

    with pytest.raises(RefusedError, match="deployment, statefulset"):
        region.workloads.workload(ref)
    with pytest.raises(RefusedError):
        region.workloads.scale(ref, 1, "1")

    assert region.server.asked_by_drctl(region.namespace) == []


def test_names_cannot_leave_their_place_in_the_path(region: ServedRegion) -> None:
    region.deploy("api", 1)

    # As a name it does not exist; as a path it would be the Deployment.
    with pytest.raises(Exception, match=r"nobody/\.\./api|nobody%2F\.\.%2Fapi"):
        region.workloads.workload(ObjectRef("deployment", region.namespace, "nobody/../api"))


def test_a_label_that_is_none_is_refused_not_taken_for_nothing_found(region: ServedRegion) -> None:
    with pytest.raises(RefusedError, match="Invalid value"):
        region.workloads.workloads(Selector(region.namespace, labels=(("app", "-x"),)))
