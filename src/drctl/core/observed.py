"""What the readers return: plain facts of vendors' objects, each with the time of its observation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """One namespaced Kubernetes object. `kind` is lower case: `deployment`, `externalsecret`."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class WorkloadState:
    """A workload as its API server shows it.

    Counts that the server leaves out are 0 (a Scale at zero has no `replicas` field: kubernetes.md 1.5).
    `failure` is the message of `ReplicaFailure=True`, else empty. `endpoints_ready` is None where no Service
    selects the workload. `last_writer` is best effort, often empty.
    """

    ref: ObjectRef
    uid: str
    resource_version: str
    generation: int
    observed_generation: int
    replicas: int
    replicas_seen: int
    updated: int
    available: int
    paused: bool
    failure: str
    labels: tuple[tuple[str, str], ...]
    endpoints_ready: int | None
    last_writer: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class SecretState:
    """An ExternalSecret as its API server shows it.

    `forceable` is empty when an annotation forces a sync, else the reason why it does not (kubernetes.md 10.3).
    `force_token`, `synced_before` and `forced_after` are drctl's own annotations; empty if never forced.
    `failure_at` is the newest of Ready=False's transition and the last `UpdateFailed` event.
    """

    ref: ObjectRef
    resource_version: str
    synced_version: str
    refreshed_at: datetime | None
    ready: bool | None
    ready_reason: str
    ready_message: str
    failure_at: datetime | None
    forceable: str
    force_token: str
    synced_before: str
    forced_after: datetime | None
    epoch: int
    labels: tuple[tuple[str, str], ...]
    observed_at: datetime


class StreamKind(StrEnum):
    """What a JetStream stream is used as; decides the promotion wave."""

    STREAM = "stream"
    KV = "kv"
    OBJECT_STORE = "object_store"
    RESCUE = "rescue"
    """A divergent tail that a failback kept, on `_drctl.rescue.*`. No rule moves it, and nobody writes to it."""


class StreamRole(StrEnum):
    """The state of a stream, from its own configuration only (nats.md 11.1).

    `ACTIVE` takes writes on real subjects; `FENCED` holds only `_drctl.fenced.*`.
    """

    MIRROR = "mirror"
    ACTIVE = "active"
    FENCED = "fenced"


@dataclass(frozen=True, slots=True)
class StreamState:
    """One stream in one region.

    `contact_age` is the time since the mirror last heard its origin; None for "never since the server started"
    and for streams that are no mirror. `fork_seq` and `epoch` come from drctl's metadata, None and 0 without.
    `original_subjects` are those that a fence took away. `config` is the server's own JSON text, but for the
    `_nats.*` metadata, which the server shows or not as it likes. `cluster` is where it is placed, empty for a lone
    server; `leader` is empty where none is known; `behind` are the replicas that are offline or not current.
    `created` tells two streams of one name apart. `mirror_error` is what keeps a mirror from its origin, if the
    server knows. `stored_name` is what the servers call it, where both regions share a meta group; else empty.
    """

    name: str
    kind: StreamKind
    role: StreamRole
    subjects: tuple[str, ...]
    original_subjects: tuple[str, ...]
    first_seq: int
    last_seq: int
    messages: int
    last_time: datetime | None
    contact_age: timedelta | None
    mirror_of: str
    fork_seq: int | None
    fork_time: datetime | None
    epoch: int
    config: str
    observed_at: datetime
    created: datetime | None = None
    cluster: str = ""
    leader: str = ""
    behind: tuple[str, ...] = ()
    mirror_error: str = ""
    stored_name: str = ""


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """One durable consumer. `floor` is the highest sequence below which everything was acknowledged."""

    stream: str
    name: str
    floor: int
    start_seq: int
    config: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message as a stream holds it, with its own sequence and time. Headers keep their order and repeats."""

    seq: int
    at: datetime
    subject: str
    headers: tuple[tuple[str, str], ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class AccountLimit:
    """One bound of the account: `what` is streams, consumers, storage or memory (bytes), `tier` is R1, R3 or empty."""

    tier: str
    what: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class DatastoreInfo:
    """Who answers: JetStream domain, API level, server version, and the server's clock against ours.

    `cluster` is the answering server's, empty for a lone server. `limits` are those that there are.
    """

    domain: str
    api_level: int
    version: str
    clock_skew: timedelta
    observed_at: datetime
    cluster: str = ""
    limits: tuple[AccountLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What the active region knew of itself: heads by stream, floors by `stream/consumer`."""

    region: str
    at: datetime
    heads: tuple[tuple[str, int], ...]
    floors: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RecordState:
    """A record set at the vendor's control plane. `values` are sorted, in the form of `record_values.canonical`."""

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """What one DNS server said. `error` is empty when it answered; `ttl` is what is left there, in seconds."""

    server: str
    values: tuple[str, ...]
    ttl: int
    rcode: str
    authoritative: bool
    error: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What one HTTP probe saw. `status` is 0 and `error` set when there was no answer.

    `region` is what the service said in its region header. `elapsed` is the whole time of the attempt.
    """

    status: int
    region: str
    error: str
    elapsed: timedelta
    observed_at: datetime
    body: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look of `watch`: the public name as a user sees it, and each region's stream heads, read directly.

    `heads` maps region to heads; a region that did not answer is in `dark` with the reason.
    `ttls` are the record TTLs seen published, by `name type`.
    """

    at: datetime
    public: HttpAnswer
    heads: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    dark: tuple[tuple[str, str], ...]
    ttls: tuple[tuple[str, int], ...] = ()
