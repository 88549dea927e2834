"""The kinds that the simulator serves. A new kind is one more entry in the table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Generation(Enum):
    """What makes a kind's `metadata.generation` grow. Measured on kube-apiserver 1.36.3."""

    NEVER = auto()
    SPEC = auto()
    SPEC_OR_ANNOTATIONS = auto()
    """Deployments only."""
    CONTENT = auto()
    """Anything outside of metadata, and outside of status where that is a subresource: custom resources."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object and the rules by which its writes go.

    `custom` kinds come from a CRD: no strategic patch, and lists whose items name their kind.
    `needs_version` kinds refuse a PUT without a resourceVersion. `field_labels` are field selectors beyond
    `metadata.name` and `metadata.namespace`.
    """

    group: str
    version: str
    name: str
    plural: str
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    status: bool = True
    scale: bool = False
    custom: bool = False
    needs_version: bool = False
    generation: Generation = Generation.SPEC
    field_labels: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """The kind in lower case."""
        return self.name.lower()

    @property
    def qualified(self) -> str:
        """`deployments.apps`; in the core group without a dot. As error messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_name(self) -> str:
        """`Deployment.apps`: as validation errors name it."""
        return f"{self.name}.{self.group}" if self.group else self.name


_EVENT_LABELS = (
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
)
_POD_LABELS = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
)
_NO = Generation.NEVER
_ESO = "external-secrets.io"

NAMESPACE = Kind(
    "", "v1", "Namespace", "namespaces", ("ns",), namespaced=False, generation=_NO, field_labels=("status.phase",)
)
NODE = Kind("", "v1", "Node", "nodes", ("no",), namespaced=False, generation=_NO, field_labels=("spec.unschedulable",))
POD = Kind("", "v1", "Pod", "pods", ("po",), field_labels=_POD_LABELS)
EVENT = Kind("", "v1", "Event", "events", ("ev",), status=False, generation=_NO, field_labels=_EVENT_LABELS)
SECRET = Kind("", "v1", "Secret", "secrets", status=False, generation=_NO, field_labels=("type",))
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps", ("cm",), status=False, generation=_NO)
SERVICE = Kind("", "v1", "Service", "services", ("svc",), generation=_NO)
RESOURCE_QUOTA = Kind("", "v1", "ResourceQuota", "resourcequotas", ("quota",), generation=_NO)
DEPLOYMENT = Kind(
    "apps", "v1", "Deployment", "deployments", ("deploy",), scale=True, generation=Generation.SPEC_OR_ANNOTATIONS
)
REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets", ("rs",), scale=True, field_labels=("status.replicas",))
STATEFUL_SET = Kind("apps", "v1", "StatefulSet", "statefulsets", ("sts",), scale=True)
CRON_JOB = Kind("batch", "v1", "CronJob", "cronjobs", ("cj",))
HPA = Kind("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", ("hpa",), generation=_NO)
POD_DISRUPTION_BUDGET = Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", ("pdb",))
ENDPOINT_SLICE = Kind(
    "discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", status=False, generation=Generation.CONTENT
)
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases", status=False, generation=_NO, needs_version=True)
EXTERNAL_SECRET = Kind(
    _ESO,
    "v1",
    "ExternalSecret",
    "externalsecrets",
    ("es",),
    custom=True,
    needs_version=True,
    generation=Generation.CONTENT,
)
SECRET_STORE = Kind(
    _ESO, "v1", "SecretStore", "secretstores", ("ss",), custom=True, needs_version=True, generation=Generation.CONTENT
)
CLUSTER_SECRET_STORE = Kind(
    _ESO,
    "v1",
    "ClusterSecretStore",
    "clustersecretstores",
    ("css",),
    namespaced=False,
    custom=True,
    needs_version=True,
    generation=Generation.CONTENT,
)

KINDS = (
    NAMESPACE,
    NODE,
    POD,
    EVENT,
    SECRET,
    CONFIG_MAP,
    SERVICE,
    RESOURCE_QUOTA,
    DEPLOYMENT,
    REPLICA_SET,
    STATEFUL_SET,
    CRON_JOB,
    HPA,
    POD_DISRUPTION_BUDGET,
    ENDPOINT_SLICE,
    LEASE,
    EXTERNAL_SECRET,
    SECRET_STORE,
    CLUSTER_SECRET_STORE,
)
_BY_PATH = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}
_BY_NAME = {(kind.api_version, kind.name): kind for kind in KINDS}
# Groups that hold only virtual resources: a POST there is answered and nothing is kept.
REVIEW_GROUPS = {"authorization.k8s.io": "selfsubjectaccessreviews", "authentication.k8s.io": "selfsubjectreviews"}


def find_kind(group: str, version: str, plural: str) -> Kind | None:
    """Return the kind behind a path, or None."""
    return _BY_PATH.get((group, version, plural))


def kind_named(api_version: str, name: str) -> Kind | None:
    """Return the kind that an object or an owner reference names, or None."""
    return _BY_NAME.get((api_version, name))


def is_built_in(group: str) -> bool:
    """Say whether a group is the server's own, and not of a CRD."""
    return group in REVIEW_GROUPS or any(kind.group == group and not kind.custom for kind in KINDS)


def served_versions() -> dict[str, str]:
    """Return the version of each named group, in the table's order."""
    named = {kind.group: kind.version for kind in KINDS if kind.group}
    return named | dict.fromkeys(REVIEW_GROUPS, "v1")
