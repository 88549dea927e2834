"""What the server adds to an object before it keeps it, and what it refuses: per kind, one function each."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from drctl.lab.kube_api import selectors
from drctl.lab.kube_api.errors import bad_request, invalid
from drctl.lab.kube_api.kinds import (
    CRON_JOB,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    EVENT,
    EXTERNAL_SECRET,
    HPA,
    LEASE,
    NAMESPACE,
    POD,
    REPLICA_SET,
    SECRET,
    SERVICE,
    STATEFUL_SET,
)
from drctl.lab.kube_api.objects import micro_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.lab.kube_api.kinds import Kind
    from drctl.lab.kube_api.objects import JsonObject

_NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_MICRO_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$")


def add_defaults(kind: Kind, item: JsonObject) -> None:
    """Fill in what the server fills in; `item` is a private copy and is changed."""
    if fill := _DEFAULTS.get(kind):
        fill(item)


def require_readable(kind: Kind, item: JsonObject) -> None:
    """Refuse the whole object of a POST or a PUT that the server's decoder cannot read.

    Raises:
        ApiError: 400.
    """
    spec = item.get("spec") or {}
    for field in ("acquireTime", "renewTime") if kind is LEASE else ():
        if spec.get(field) is not None and not _MICRO_TIME.match(str(spec[field])):
            raise bad_request(f'Lease in version "v1" cannot be handled as a Lease: {_bad_micro_time(spec[field])}')


def validate(kind: Kind, item: JsonObject, before: JsonObject | None) -> None:
    """Refuse what the server refuses.

    Raises:
        ApiError: 400 or 422, with the field.
    """
    name = item["metadata"]["name"]
    if before is None and not _NAME.match(name):
        problem = (
            f'Invalid value: "{name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric '
            "characters, '-' or '.', and must start and end with an alphanumeric character"
        )
        raise invalid(kind.qualified_name, name, "metadata.name", problem)
    if before is not None and item["metadata"].get("uid", before["metadata"]["uid"]) != before["metadata"]["uid"]:
        problem = f'Invalid value: "{item["metadata"]["uid"]}": field is immutable'
        raise invalid(kind.qualified_name, name, "metadata.uid", problem)
    if check := _CHECKS.get(kind):
        check(kind, item, before)


def initial_status(kind: Kind) -> JsonObject:
    """Return the status of a new object: what the client sent is dropped."""
    match kind.name:
        case "Pod":
            return {"phase": "Pending", "qosClass": "BestEffort"}
        case "Namespace":
            return {"phase": "Active"}
        case "StatefulSet" | "ReplicaSet":
            return {"replicas": 0} | ({"availableReplicas": 0} if kind is STATEFUL_SET else {})
        case "HorizontalPodAutoscaler":
            return {"desiredReplicas": 0, "currentMetrics": None}
        case "Service":
            return {"loadBalancer": {}}
        case _:
            return {}


def _default_namespace(item: JsonObject) -> None:
    labels = item["metadata"].get("labels") or {}
    item["metadata"]["labels"] = labels | {"kubernetes.io/metadata.name": item["metadata"]["name"]}
    item.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])


def _default_pod_spec(spec: JsonObject) -> None:
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        container.setdefault("resources", {})
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        container.setdefault("imagePullPolicy", "Always")
        for port in container.get("ports") or ():
            port.setdefault("protocol", "TCP")
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")


def _default_pod(item: JsonObject) -> None:
    _default_pod_spec(item.setdefault("spec", {}))


def _default_workload(item: JsonObject) -> None:
    spec = item.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    _default_pod_spec(template.setdefault("spec", {}))


def _default_deployment(item: JsonObject) -> None:
    _default_workload(item)
    spec = item["spec"]
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)


def _default_stateful_set(item: JsonObject) -> None:
    _default_workload(item)
    spec = item["spec"]
    spec.setdefault("podManagementPolicy", "OrderedReady")
    spec.setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    spec.setdefault("revisionHistoryLimit", 10)


def _default_service(item: JsonObject) -> None:
    spec = item.setdefault("spec", {})
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    spec.setdefault("internalTrafficPolicy", "Cluster")


def _default_secret(item: JsonObject) -> None:
    item.setdefault("type", "Opaque")
    plain = item.pop("stringData", None) or {}
    if plain:
        coded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        item["data"] = (item.get("data") or {}) | coded


def _default_event(item: JsonObject) -> None:
    item.setdefault("eventTime", None)
    item.setdefault("reportingComponent", "")
    item.setdefault("reportingInstance", "")


def _default_cron_job(item: JsonObject) -> None:
    spec = item.setdefault("spec", {})
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)


def _default_hpa(item: JsonObject) -> None:
    item.setdefault("spec", {}).setdefault("minReplicas", 1)


def _default_endpoint_slice(item: JsonObject) -> None:
    for key in ("endpoints", "ports"):
        item[key] = item.get(key) or None


def _default_external_secret(item: JsonObject) -> None:
    spec = item.setdefault("spec", {})
    spec.setdefault("refreshInterval", "1h")
    spec.setdefault("refreshPolicy", "Periodic")
    target = spec.setdefault("target", {})
    target.setdefault("creationPolicy", "Owner")
    target.setdefault("deletionPolicy", "Retain")


def _check_workload(kind: Kind, item: JsonObject, before: JsonObject | None) -> None:
    spec, name = item["spec"], item["metadata"]["name"]
    if not isinstance(spec["replicas"], int) or spec["replicas"] < 0:
        problem = f"Invalid value: {spec['replicas']}: must be greater than or equal to 0"
        raise invalid(kind.qualified_name, name, "spec.replicas", problem)
    if not spec.get("selector"):
        raise invalid(kind.qualified_name, name, "spec.selector", "Required value", reason="FieldValueRequired")
    labels = spec["template"]["metadata"].get("labels") or {}
    if not all(term.holds(labels) for term in selectors.from_object(spec["selector"])):
        problem = f"Invalid value: {labels}: `selector` does not match template `labels`"
        raise invalid(kind.qualified_name, name, "spec.template.metadata.labels", problem)
    if not spec["template"]["spec"].get("containers"):
        field = "spec.template.spec.containers"
        raise invalid(kind.qualified_name, name, field, "Required value", reason="FieldValueRequired")
    if before is not None and spec["selector"] != before["spec"]["selector"]:
        problem = f"Invalid value: {spec['selector']}: field is immutable"
        raise invalid(kind.qualified_name, name, "spec.selector", problem)


def _check_hpa(kind: Kind, item: JsonObject, _before: JsonObject | None) -> None:
    spec, name = item["spec"], item["metadata"]["name"]
    least, most = spec["minReplicas"], spec.get("maxReplicas", 0)
    if least < 1:
        problem = f"Invalid value: {least}: must be greater than or equal to 1"
        raise invalid(kind.qualified_name, name, "spec.minReplicas", problem)
    if most < least:
        problem = f"Invalid value: {most}: must be greater than or equal to `minReplicas`"
        raise invalid(kind.qualified_name, name, "spec.maxReplicas", problem)


def _bad_micro_time(text: object) -> str:
    # apimachinery parses a MicroTime with this one layout (kubernetes.md 16.1).
    return f'parsing time "{text}" as "2006-01-02T15:04:05.000000Z07:00": cannot parse as ".000000"'


def _check_lease(kind: Kind, item: JsonObject, _before: JsonObject | None) -> None:
    spec, name = item.setdefault("spec", {}), item["metadata"]["name"]
    for field in ("acquireTime", "renewTime"):
        if spec.get(field) is None:
            spec.pop(field, None)
            continue
        text = str(spec[field])
        if not _MICRO_TIME.match(text):
            raise invalid("", "", "patch", f"Invalid value: {_bad_micro_time(text)}")
        spec[field] = micro_timestamp(datetime.fromisoformat(text).astimezone(UTC))
    duration = spec.get("leaseDurationSeconds")
    if duration is not None and duration < 1:
        problem = f"Invalid value: {duration}: must be greater than 0"
        raise invalid(kind.qualified_name, name, "spec.leaseDurationSeconds", problem)


_DEFAULTS: dict[Kind, Callable[[JsonObject], None]] = {
    NAMESPACE: _default_namespace,
    POD: _default_pod,
    DEPLOYMENT: _default_deployment,
    REPLICA_SET: _default_workload,
    STATEFUL_SET: _default_stateful_set,
    SERVICE: _default_service,
    SECRET: _default_secret,
    EVENT: _default_event,
    CRON_JOB: _default_cron_job,
    HPA: _default_hpa,
    ENDPOINT_SLICE: _default_endpoint_slice,
    EXTERNAL_SECRET: _default_external_secret,
}
_CHECKS: dict[Kind, Callable[[Kind, JsonObject, JsonObject | None], None]] = {
    DEPLOYMENT: _check_workload,
    REPLICA_SET: _check_workload,
    STATEFUL_SET: _check_workload,
    HPA: _check_hpa,
    LEASE: _check_lease,
}
