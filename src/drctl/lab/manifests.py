"""What is deployed in each region: the same in both, but for the replicas and the region's own NATS address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drctl.lab.credentials import STORE_KEY, STORE_PROPERTY
from drctl.lab.layout import NAMESPACE

if TYPE_CHECKING:
    from drctl.lab.layout import Layout

Manifest = dict[str, Any]

SECRET_NAME = "shop-nats"  # noqa: S105
STORE_NAME = "lab-store"
SERVICE_NAME = "api"
ACTIVE_REPLICAS = {"api": 2, "worker": 1, "mailer": 1}
TIERS = {"api": "critical", "worker": "important", "mailer": "rest"}
CONTAINER_PORT = 8080


def manifests(layout: Layout, region: str) -> tuple[Manifest, ...]:
    """Return every object of one region, in an order in which they can be created; all workloads at zero."""
    return (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        _secret_store(layout),
        _external_secret(),
        *(deployment(layout, region, role) for role in ACTIVE_REPLICAS),
        _service(),
    )


def deployment(layout: Layout, region: str, role: str) -> Manifest:
    """Return one workload of the example service, at zero replicas."""
    labels = {"app": role, "tier": TIERS[role]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": role, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": role}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [_container(layout, region, role)]}},
        },
    }


def _container(layout: Layout, region: str, role: str) -> Manifest:
    return {
        "name": role,
        "image": f"registry.lab.test/shop:{role}",
        "command": ["python", "-m", "drctl.lab.shop", "--role", role],
        "ports": [{"name": "http", "containerPort": CONTAINER_PORT}],
        "env": [
            {"name": "NATS_URL", "value": layout.nats_url(region)},
            {
                "name": "NATS_PASSWORD",
                "valueFrom": {"secretKeyRef": {"name": SECRET_NAME, "key": STORE_PROPERTY}},
            },
        ],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": CONTAINER_PORT}, "periodSeconds": 1},
    }


def _service() -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SERVICE_NAME, "namespace": NAMESPACE},
        "spec": {
            "selector": {"app": SERVICE_NAME},
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": CONTAINER_PORT}],
        },
    }


def _secret_store(layout: Layout) -> Manifest:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": STORE_NAME, "namespace": NAMESPACE},
        "spec": {"provider": {"lab": {"path": str(layout.store_file(STORE_KEY).parent)}}},
    }


def _external_secret() -> Manifest:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": SECRET_NAME, "namespace": NAMESPACE},
        "spec": {
            # An hour, so that only a forced sync brings the rotated password into the standby.
            "refreshInterval": "1h",
            "secretStoreRef": {"name": STORE_NAME, "kind": "SecretStore"},
            "target": {"name": SECRET_NAME},
            "data": [
                {"secretKey": STORE_PROPERTY, "remoteRef": {"key": STORE_KEY, "property": STORE_PROPERTY}},
            ],
        },
    }
