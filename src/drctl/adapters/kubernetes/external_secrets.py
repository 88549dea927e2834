"""External Secrets of one region: read their state, never a value, and ask the operator for a sync now."""

from __future__ import annotations

import re
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import quote

from drctl.adapters.kubernetes.times import event_time, format_time, parse_time
from drctl.adapters.kubernetes.workloads import label_selector
from drctl.core.errors import NotFoundError, RefusedError
from drctl.core.observed import ObjectRef, SecretState

if TYPE_CHECKING:
    from datetime import datetime

    from drctl.adapters.kubernetes.client import JsonObject, KubernetesApi
    from drctl.core.lock import Stamp
    from drctl.core.topology import Selector

KIND = "externalsecret"
_GROUP = "external-secrets.io"
# v1 since 0.16; 0.17 no longer serves v1beta1 (kubernetes.md 10.1).
_VERSIONS = ("v1", "v1beta1")
_FORCE = "force-sync"
_SYNCED_BEFORE = "drctl.io/synced-before"
_FORCED_AFTER = "drctl.io/forced-after"
_EPOCH = "drctl.io/epoch"
_RUN = "drctl.io/run"


class ExternalSecrets:
    """The ports `SecretsReader` and `SecretsWriter` of one region."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api
        self._lock = Lock()
        self._version = ""

    def secrets(self, select: Selector) -> tuple[SecretState, ...]:
        """Return the ExternalSecrets that the selector means, ordered by name; `failure_at` without events.

        Raises:
            UnreachableError: No answer within the timeout.
            DeniedError: Not allowed to list.
            NotFoundError: The operator is not installed.
        """
        query = {"labelSelector": label_selector(dict(select.labels))} if select.labels else {}
        reply = self._api.get(self._collection(select.namespace), f"list external secrets in {select.namespace}", query)
        found = (_state(item, reply.server_time, None) for item in reply.items)
        meant = [state for state in found if select.matches(state.ref.namespace, state.ref.name, state.labels)]
        return tuple(sorted(meant, key=lambda state: state.ref.name))

    def secret(self, ref: ObjectRef) -> SecretState:
        """Return one ExternalSecret; `observed_at` is the server's clock, as every other time in it.

        Raises:
            NotFoundError: It does not exist, or the operator is not installed.
            UnreachableError: No answer within the timeout.
            DeniedError: Not allowed to get it, or to list events.
        """
        reply = self._api.get(self._path(ref), f"read {ref}")
        failed = self._last_failure_event(ref, reply.body) if _awaits_sync(reply.body) else None
        return _state(reply.body, reply.server_time, failed)

    def force_sync(self, secret: SecretState, stamp: Stamp) -> None:
        """Annotate, if the object is still as read.

        `forced_after` is the `Date` of the answer that `secret` was read from: a failure seen later than that is
        no older than the precondition.

        Raises:
            ConflictError: Somebody wrote in between; nothing was written.
            OutcomeUnknownError: It was sent and not answered; look again.
            UnreachableError: It was provably not sent.
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
        """
        annotations = {
            _FORCE: f"{stamp.run_id}-{stamp.epoch}-{_attempt(secret.force_token, stamp.run_id)}",
            _SYNCED_BEFORE: secret.synced_version,
            _FORCED_AFTER: format_time(secret.observed_at),
            _EPOCH: str(stamp.epoch),
            _RUN: stamp.run_id,
        }
        body = {"metadata": {"resourceVersion": secret.resource_version, "annotations": annotations}}
        self._api.merge_patch(self._path(secret.ref), body, f"force a sync of {secret.ref}")

    def _last_failure_event(self, ref: ObjectRef, item: JsonObject) -> datetime | None:
        # A repeated failure leaves the status as it is: only this event moves (kubernetes.md 10.3).
        reply = self._api.get(
            f"/api/v1/namespaces/{quote(ref.namespace, safe='')}/events",
            f"list the events of {ref}",
            {"fieldSelector": f"involvedObject.uid={item['metadata']['uid']},type=Warning"},
        )
        times = (event_time(event) for event in reply.items if event.get("reason") == "UpdateFailed")
        return max((time for time in times if time), default=None)

    def _path(self, ref: ObjectRef) -> str:
        return f"{self._collection(ref.namespace)}/{quote(ref.name, safe='')}"

    def _collection(self, namespace: str) -> str:
        return f"/apis/{_GROUP}/{self._served()}/namespaces/{quote(namespace, safe='')}/externalsecrets"

    def _served(self) -> str:
        with self._lock:
            if not self._version:
                self._version = self._ask_version()
            return self._version

    def _ask_version(self) -> str:
        try:
            group = self._api.get(f"/apis/{_GROUP}", f"look for the API group {_GROUP}").body
        except NotFoundError as exc:
            raise NotFoundError(
                f"External Secrets Operator is not installed in {self._api.region}: no API group {_GROUP}",
                remedy="Install it there, or remove the secrets rules from drctl.yaml.",
                code="eso-not-installed",
            ) from exc
        preferred = (group.get("preferredVersion") or {}).get("version")
        served = {entry.get("version") for entry in group.get("versions") or ()}
        # A preferred v1alpha1 is that of PushSecret.
        for version in (preferred, *_VERSIONS):
            if version in _VERSIONS and version in served:
                return str(version)
        raise RefusedError(
            f"External Secrets in {self._api.region} serves {sorted(map(str, served))}, drctl speaks {list(_VERSIONS)}",
            remedy="Upgrade the operator there to 0.16 or later.",
        )


def _state(item: JsonObject, server_time: datetime, last_failure_event: datetime | None) -> SecretState:
    meta, status = item["metadata"], item.get("status") or {}
    annotations, ready = meta.get("annotations") or {}, _ready(item)
    turned_false = parse_time(ready.get("lastTransitionTime")) if ready.get("status") == "False" else None
    return SecretState(
        ref=ObjectRef(KIND, meta["namespace"], meta["name"]),
        resource_version=meta["resourceVersion"],
        synced_version=status.get("syncedResourceVersion") or "",
        refreshed_at=parse_time(status.get("refreshTime")),
        ready={"True": True, "False": False}.get(ready.get("status", "")),
        ready_reason=ready.get("reason") or "",
        ready_message=ready.get("message") or "",
        failure_at=max((time for time in (turned_false, last_failure_event) if time), default=None),
        forceable=_why_not_forceable(item),
        force_token=annotations.get(_FORCE) or "",
        synced_before=annotations.get(_SYNCED_BEFORE) or "",
        forced_after=parse_time(annotations.get(_FORCED_AFTER)),
        epoch=_number(annotations.get(_EPOCH)),
        labels=tuple(sorted((meta.get("labels") or {}).items())),
        observed_at=server_time,
    )


def _ready(item: JsonObject) -> JsonObject:
    conditions = (item.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one.get("type") == "Ready"), {})


def _awaits_sync(item: JsonObject) -> bool:
    """Say whether a failure may be behind it: not Ready, or forced and not synced since."""
    annotations = item["metadata"].get("annotations") or {}
    synced = (item.get("status") or {}).get("syncedResourceVersion") or ""
    is_pending = _SYNCED_BEFORE in annotations and annotations[_SYNCED_BEFORE] == synced
    return is_pending or _ready(item).get("status") != "True"


def _why_not_forceable(item: JsonObject) -> str:
    """Return why an annotation would not make the controller sync; empty if it would.

    The controller's own `shouldRefresh` (kubernetes.md 10.3): interval 0 and CreatedOnce are done for good once
    they have synced, and not before.
    """
    for owner in item["metadata"].get("ownerReferences") or ():
        if owner.get("kind") == "ClusterExternalSecret":
            # The parent overwrites its children's annotations.
            return f"owned by ClusterExternalSecret {owner.get('name')}: forced through its parent only"
    if not (item.get("status") or {}).get("syncedResourceVersion"):
        return ""
    spec = item.get("spec") or {}
    policy = spec.get("refreshPolicy") or "Periodic"
    if policy == "CreatedOnce":
        return "refreshPolicy CreatedOnce: synced once and never again"
    if policy == "Periodic" and _is_zero(str(spec.get("refreshInterval", "1h"))):
        return "refreshInterval 0: never synced again (refreshPolicy OnChange would make it forceable)"
    return ""


def _is_zero(interval: str) -> bool:
    """Say whether a Go duration is zero or less."""
    return interval.startswith("-") or not re.search("[1-9]", interval)


def _attempt(token: str, run_id: str) -> int:
    """Return the number of this run's next force: a repeated token would change nothing."""
    found = re.fullmatch(rf"{re.escape(run_id)}-\d+-(\d+)", token)
    return int(found[1]) + 1 if found else 1


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
