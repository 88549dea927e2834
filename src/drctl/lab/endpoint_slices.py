"""Which pods of the Service `api` can take requests."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from drctl.lab.layout import NAMESPACE
from drctl.lab.manifests import SERVICE_NAME

ENDPOINT_SLICES = (
    f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
    f"?labelSelector={quote(f'kubernetes.io/service-name={SERVICE_NAME}')}"
)

Endpoint = tuple[str, int]


def ready_endpoints(listed: dict[str, Any]) -> tuple[Endpoint, ...]:
    """Return address and port of each ready endpoint in a list of EndpointSlices.

    At zero pods a slice holds `endpoints: null` (kubernetes.md 1.5). A missing `ready` means ready
    (https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/).
    """
    return tuple(
        sorted(
            (address, port["port"])
            for found in listed.get("items") or ()
            for port in found.get("ports") or ()
            for endpoint in found.get("endpoints") or ()
            if endpoint.get("conditions", {}).get("ready") in {True, None}
            for address in endpoint["addresses"]
        )
    )
