"""A region's External Secrets: annotations, and an operator that syncs what was forced, some looks later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.core.errors import ConflictError, NotFoundError
from drctl.core.observed import ObjectRef, SecretState

if TYPE_CHECKING:
    from datetime import datetime

    from drctl.core.lock import Stamp
    from drctl.core.topology import Selector
    from fakes.calls import Calls
    from fakes.clock import FakeClock


@dataclass
class FakeSecret:
    """One ExternalSecret. `breaks_with` is what its store says to the next syncs; `is_served` False: no operator."""

    name: str
    refreshed_at: datetime | None = None
    namespace: str = "shop"
    labels: tuple[tuple[str, str], ...] = ()
    sync_after: int = 1
    forceable: str = ""
    breaks_with: str = ""
    is_served: bool = True
    ready: bool | None = True
    ready_reason: str = "SecretSynced"
    version: int = 1
    syncs: int = 1
    failure_at: datetime | None = None
    annotations: tuple[tuple[str, str], ...] = ()
    forced_after: datetime | None = None
    handled_token: str = ""
    looks: int = 0

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("externalsecret", self.namespace, self.name)

    def annotated(self, key: str) -> str:
        return dict(self.annotations).get(key, "")

    def step(self, now: datetime) -> None:
        """Let the operator work for one look: a token that it has handled already changes nothing."""
        token = self.annotated("force-sync")
        if not self.is_served or token == self.handled_token:
            return
        self.looks += 1
        if self.looks <= self.sync_after:
            return
        self.handled_token, self.looks = token, 0
        self.version += 1
        if self.breaks_with:
            self.ready, self.ready_reason, self.failure_at = False, "SecretSyncedError", now
            return
        self.ready, self.ready_reason, self.refreshed_at = True, "SecretSynced", now
        self.syncs += 1


class FakeSecrets:
    """The ports `SecretsReader` and `SecretsWriter` of one region."""

    def __init__(self, region: str, calls: Calls, clock: FakeClock) -> None:
        self._region, self._calls, self._clock = region, calls, clock
        self.present: dict[ObjectRef, FakeSecret] = {}

    def add(self, *secrets: FakeSecret) -> None:
        """Create ExternalSecrets."""
        self.present |= {secret.ref: secret for secret in secrets}

    def named(self, name: str) -> FakeSecret:
        """Return one ExternalSecret of the example's namespace."""
        return self.present[ObjectRef("externalsecret", "shop", name)]

    def secrets(self, select: Selector) -> tuple[SecretState, ...]:
        with self._calls.read(f"{self._region}/secrets/secrets"):
            found = (s for s in self.present.values() if select.matches(s.namespace, s.name, s.labels))
            return tuple(self._state(secret) for secret in sorted(found, key=lambda s: s.name))

    def secret(self, ref: ObjectRef) -> SecretState:
        with self._calls.read(f"{self._region}/secrets/secret {ref}"):
            return self._state(self._existing(ref))

    def force_sync(self, secret: SecretState, stamp: Stamp) -> None:
        with self._calls.write(f"{self._region}/secrets/force_sync {secret.ref}"):
            present = self._existing(secret.ref)
            if str(present.version) != secret.resource_version:
                raise ConflictError(f"{secret.ref} in {self._region} is at {present.version}")
            start = f"{stamp.run_id}-{stamp.epoch}-"
            before = present.annotated("force-sync")
            attempt = int(before.removeprefix(start)) + 1 if before.startswith(start) else 1
            written = {
                "force-sync": f"{start}{attempt}",
                "drctl.io/synced-before": secret.synced_version,
                "drctl.io/forced-after": secret.observed_at.isoformat(),
                "drctl.io/epoch": str(stamp.epoch),
                "drctl.io/run": stamp.run_id,
            }
            present.annotations = tuple((dict(present.annotations) | written).items())
            present.forced_after = secret.observed_at
            present.version += 1

    def _existing(self, ref: ObjectRef) -> FakeSecret:
        if ref not in self.present:
            raise NotFoundError(f"{ref} does not exist in {self._region}", remedy="Create it.")
        return self.present[ref]

    def _state(self, secret: FakeSecret) -> SecretState:
        secret.step(self._clock.now())
        return SecretState(
            ref=secret.ref,
            resource_version=str(secret.version),
            synced_version=f"1-{secret.syncs}",
            refreshed_at=secret.refreshed_at,
            ready=secret.ready,
            ready_reason=secret.ready_reason,
            ready_message=secret.breaks_with if secret.ready is False else "",
            failure_at=secret.failure_at,
            forceable=secret.forceable,
            force_token=secret.annotated("force-sync"),
            synced_before=secret.annotated("drctl.io/synced-before"),
            forced_after=secret.forced_after,
            epoch=int(secret.annotated("drctl.io/epoch") or 0),
            labels=secret.labels,
            observed_at=self._clock.now(),
        )
