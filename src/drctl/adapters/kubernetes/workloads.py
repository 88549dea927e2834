"""Deployments and StatefulSets of one region: read them, and set their replicas through the scale subresource."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from drctl.adapters.kubernetes.diagnosis import explain
from drctl.core.errors import RefusedError
from drctl.core.observed import ObjectRef, WorkloadState

if TYPE_CHECKING:
    from drctl.adapters.kubernetes.client import JsonObject, KubernetesApi
    from drctl.core.topology import Selector

_PLURALS = {"deployment": "deployments", "statefulset": "statefulsets"}
_SERVICE_NAME = "kubernetes.io/service-name"
# A `Date` header is cut to whole seconds: on average half a second is missing.
_DATE_CUT = timedelta(milliseconds=500)


class Workloads:
    """The ports `ClusterReader` and `ClusterWriter` of one region."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api

    def clock_skew(self) -> timedelta:
        """Return the server's clock minus ours, to about half a second.

        Raises:
            UnreachableError: No answer within the timeout.
            DeniedError: The credentials were refused.
        """
        before = datetime.now(UTC)
        reply = self._api.get("/version", "read the version")
        middle = before + (datetime.now(UTC) - before) / 2
        return reply.server_time + _DATE_CUT - middle

    def workloads(self, select: Selector) -> tuple[WorkloadState, ...]:
        """Return what the selector means, ordered by name; `endpoints_ready` is not looked up here.

        Raises:
            UnreachableError: No answer within the timeout.
            DeniedError: Not allowed to list.
        """
        query = {"labelSelector": label_selector(dict(select.labels))} if select.labels else {}
        found = [
            state
            for kind, plural in _PLURALS.items()
            for item in self._api.get(
                _collection(select.namespace, plural), f"list {plural} in {select.namespace}", query
            ).items
            if select.matches((state := _state(kind, item)).ref.namespace, state.ref.name, state.labels)
        ]
        return tuple(sorted(found, key=lambda state: (state.ref.name, state.ref.kind)))

    def workload(self, ref: ObjectRef) -> WorkloadState:
        """Return one workload with the ready endpoints of the Services that select its pods.

        Raises:
            NotFoundError: It does not exist.
            UnreachableError: No answer within the timeout.
            DeniedError: Not allowed to get it, or to list Services and EndpointSlices.
        """
        item = self._api.get(_path(ref), f"read {ref}").body
        return _state(ref.kind, item, self._endpoints_ready(ref.namespace, item))

    def diagnose(self, ref: ObjectRef) -> str:
        """Return one line on why a workload is not complete; empty if nothing tells.

        Raises:
            NotFoundError: It does not exist.
            UnreachableError: No answer within the timeout.
            DeniedError: Not allowed to list pods or events.
        """
        item = self._api.get(_path(ref), f"read {ref}").body
        scale = self._api.get(f"{_path(ref)}/scale", f"read the scale of {ref}").body
        selector = {"labelSelector": str((scale.get("status") or {}).get("selector") or "")}
        if not selector["labelSelector"]:
            return explain(item, (), (), datetime.now(UTC))
        core = f"/api/v1/namespaces/{quote(ref.namespace, safe='')}"
        pods = self._api.get(f"{core}/pods", f"list the pods of {ref}", selector)
        owners = [item, *pods.items]
        if ref.kind == "deployment":
            sets = _collection(ref.namespace, "replicasets")
            owners += self._api.get(sets, f"list the replica sets of {ref}", selector).items
        # One list and a filter here, instead of one request for each pod.
        warnings = self._api.get(f"{core}/events", f"list events in {ref.namespace}", {"fieldSelector": "type=Warning"})
        uids = {owner["metadata"]["uid"] for owner in owners}
        events = tuple(event for event in warnings.items if (event.get("involvedObject") or {}).get("uid") in uids)
        return explain(item, pods.items, events, pods.server_time)

    def scale(self, ref: ObjectRef, replicas: int, expected_version: str) -> None:
        """Set `spec.replicas` with a precondition; the least that a role can allow, and no ownership of other fields.

        Raises:
            ConflictError: Somebody wrote in between, even the same value; nothing was written.
            OutcomeUnknownError: It was sent and not answered; look again.
            UnreachableError: It was provably not sent.
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
        """
        body = {"metadata": {"resourceVersion": expected_version}, "spec": {"replicas": replicas}}
        self._api.merge_patch(f"{_path(ref)}/scale", body, f"scale {ref} to {replicas}")

    def _endpoints_ready(self, namespace: str, item: JsonObject) -> int | None:
        """Return the ready endpoints of the worst served Service that selects the pods; None if none does.

        Endpoints of other workloads that the same Service selects are counted too.
        """
        labels = item["spec"]["template"]["metadata"].get("labels") or {}
        services = self._api.get(
            f"/api/v1/namespaces/{quote(namespace, safe='')}/services", f"list services in {namespace}"
        )
        counts = [
            self._ready_behind(namespace, service["metadata"]["name"])
            for service in services.items
            if (selector := service["spec"].get("selector")) and selector.items() <= labels.items()
        ]
        return min(counts, default=None)

    def _ready_behind(self, namespace: str, service: str) -> int:
        slices = self._api.get(
            f"/apis/discovery.k8s.io/v1/namespaces/{quote(namespace, safe='')}/endpointslices",
            f"list the endpoints of service/{namespace}/{service}",
            {"labelSelector": f"{_SERVICE_NAME}={service}"},
        )
        ready = {
            address
            for one in slices.items
            for endpoint in one.get("endpoints") or ()  # null at zero replicas (kubernetes.md 1.5)
            # The API's own rule: a `ready` that is not set means ready.
            if (endpoint.get("conditions") or {}).get("ready") is not False
            for address in endpoint.get("addresses") or ()
        }
        return len(ready)


def label_selector(labels: dict[str, str]) -> str:
    """Return labels as a labelSelector that demands them all."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _collection(namespace: str, plural: str) -> str:
    return f"/apis/apps/v1/namespaces/{quote(namespace, safe='')}/{plural}"


def _path(ref: ObjectRef) -> str:
    plural = _PLURALS.get(ref.kind)
    if plural is None:
        raise RefusedError(
            f"{ref} is no workload that drctl can scale (known kinds: {', '.join(_PLURALS)})",
            remedy="Correct the rule in drctl.yaml.",
        )
    return f"{_collection(ref.namespace, plural)}/{quote(ref.name, safe='')}"


def _state(kind: str, item: JsonObject, endpoints_ready: int | None = None) -> WorkloadState:
    meta, spec, status = item["metadata"], item["spec"], item.get("status") or {}
    # At zero the server leaves counts out, and a `KeyError` would hit exactly the standby (kubernetes.md 1.5).
    seen = int(status.get("replicas") or 0)
    return WorkloadState(
        ref=ObjectRef(kind, meta["namespace"], meta["name"]),
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        generation=int(meta.get("generation") or 0),
        observed_generation=int(status.get("observedGeneration") or 0),
        replicas=int(spec.get("replicas") or 0),
        replicas_seen=seen,
        updated=seen if _keeps_old_pods(spec) else int(status.get("updatedReplicas") or 0),
        available=int(status.get("availableReplicas") or 0),
        paused=bool(spec.get("paused")),
        failure=_failure(status),
        labels=tuple(sorted((meta.get("labels") or {}).items())),
        endpoints_ready=endpoints_ready,
        last_writer=_last_writer(meta),
        observed_at=datetime.now(UTC),
    )


def _keeps_old_pods(spec: JsonObject) -> bool:
    """Say whether a StatefulSet is meant to keep pods of an older revision: they are as updated as they get."""
    strategy = spec.get("updateStrategy") or {}
    return strategy.get("type") == "OnDelete" or bool((strategy.get("rollingUpdate") or {}).get("partition"))


def _failure(status: JsonObject) -> str:
    # Only this condition tells of a quota or an admission webhook: Progressing stays True (kubernetes.md 8).
    for condition in status.get("conditions") or ():
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            return str(condition.get("message") or condition.get("reason") or "ReplicaFailure")
    return ""


def _last_writer(meta: JsonObject) -> str:
    """Return who owns `spec.replicas`: best effort; a scale to zero leaves nobody (kubernetes.md 1.5)."""
    owners = [
        str(entry.get("manager", ""))
        for entry in meta.get("managedFields") or ()
        if "f:replicas" in _fields(entry).get("f:spec", {})
    ]
    return ", ".join(dict.fromkeys(owners))


def _fields(entry: JsonObject) -> dict[str, Any]:
    return entry.get("fieldsV1") or {}
