"""The lab's own hand in its Kubernetes APIs, as their admin: never used by drctl, never in its counts."""

from __future__ import annotations

import base64
import ssl
from typing import TYPE_CHECKING, Any

from drctl.lab.errors import LabError
from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import NAMESPACE
from drctl.lab.manifests import SECRET_NAME

if TYPE_CHECKING:
    from drctl.lab.layout import Layout
    from drctl.lab.manifests import Manifest

_MERGE_PATCH = "application/merge-patch+json"
_FIELD_MANAGER = "fieldManager=drctl-lab"
_COLLECTIONS = {
    "Namespace": "/api/v1/namespaces",
    "Service": f"/api/v1/namespaces/{NAMESPACE}/services",
    "Deployment": f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments",
    "SecretStore": f"/apis/external-secrets.io/v1/namespaces/{NAMESPACE}/secretstores",
    "ExternalSecret": f"/apis/external-secrets.io/v1/namespaces/{NAMESPACE}/externalsecrets",
}
_SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"


class ClusterAdmin:
    """One region's API with the admin token."""

    def __init__(self, layout: Layout, region: str) -> None:
        token = layout.secret_file(f"kube-admin-{region}").read_text()
        context = ssl.create_default_context(cafile=str(layout.ca_file))
        self._api = JsonCaller(layout.kube_url(region), {"Authorization": f"Bearer {token}"}, context)

    def create(self, manifest: Manifest) -> None:
        """Create an object; fine when it is there already."""
        path = f"{_COLLECTIONS[manifest['kind']]}?{_FIELD_MANAGER}"
        answer = self._api.call("POST", path, manifest)
        if answer.status >= 300 and answer.status != 409:
            raise LabError(f"{manifest['kind']} {manifest['metadata']['name']}: {answer.status}: {answer.text[:300]}")

    def scale(self, name: str, replicas: int) -> None:
        """Set a Deployment's replicas."""
        path = f"{_COLLECTIONS['Deployment']}/{name}?{_FIELD_MANAGER}"
        self._api.must("PATCH", path, {"spec": {"replicas": replicas}}, content_type=_MERGE_PATCH)

    def replicas(self) -> dict[str, int]:
        """Return how many replicas each Deployment wants."""
        listed = self._api.must("GET", _COLLECTIONS["Deployment"])
        return {item["metadata"]["name"]: item["spec"].get("replicas", 0) for item in listed["items"]}

    def is_available(self, name: str, replicas: int) -> bool:
        """Say whether a Deployment has that many available pods, by a status that is about the present."""
        found = self._api.must("GET", f"{_COLLECTIONS['Deployment']}/{name}")
        status = found.get("status", {})
        is_current = status.get("observedGeneration", 0) >= found["metadata"]["generation"]
        return bool(is_current and status.get("availableReplicas", 0) == replicas)

    def force_sync(self, reason: str) -> None:
        """Make ESO read the store again, for the example service's ExternalSecret."""
        path = f"{_COLLECTIONS['ExternalSecret']}/{SECRET_NAME}?{_FIELD_MANAGER}"
        body = {"metadata": {"annotations": {"force-sync": reason}}}
        self._api.must("PATCH", path, body, content_type=_MERGE_PATCH)

    def secret_value(self, key: str) -> str | None:
        """Return what the example service's Secret holds; None while there is no such Secret or key."""
        answer = self._api.call("GET", f"{_SECRETS}/{SECRET_NAME}")
        if answer.status != 200 or answer.body is None:
            return None
        data: dict[str, Any] = answer.body.get("data") or {}
        return base64.b64decode(data[key]).decode() if key in data else None
