"""Force External Secrets to sync now, so that pods start with what the store holds now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Change, Diff, RunMade
from drctl.core.check import Check, Converged, Diverged
from drctl.core.contract import Fact, FactKind
from drctl.core.errors import AdapterError
from drctl.core.lock import Stamp
from drctl.core.observed import ObjectRef, SecretState
from drctl.core.topology import Plane
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.secrets import SecretsReader
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts

_SYNCED = "SecretSynced"


@dataclass(frozen=True, slots=True)
class SecretItem:
    """One ExternalSecret."""

    ref: ObjectRef
    tier: Tier

    @property
    def name(self) -> str:
        """What the item is called in diffs and verdicts."""
        return str(self.ref)


@dataclass(frozen=True, slots=True)
class ResyncSecret:
    """Annotate every ExternalSecret of a region, then see each one synced after that annotation.

    Those that an annotation does not force (interval 0, CreatedOnce) are left out by the planner, with a finding.
    """

    id: str
    region: str
    items: tuple[SecretItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = "secrets"
    kind: Literal["resync_secret"] = "resync_secret"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Force {len(self.items)} secrets to sync in {self.region}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region,)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.REGIONAL_CONTROL

    def check(self, world: ReadPorts) -> Check:
        """Find the secrets that this run has not forced yet, or whose forced sync has failed since."""
        reader = world.secrets(self.region)
        changes = [
            change
            for item in self.items
            if not _forced(state := reader.secret(item.ref), world.stamp) or _failed(state)
            for change in self._changes(item, state)
        ]
        return Diverged(Diff(tuple(changes))) if changes else Converged()

    def _changes(self, item: SecretItem, state: SecretState) -> tuple[Change, ...]:
        place = f"{self.region}/{item.ref}"
        fields = {
            "force-sync": (state.force_token or None, "run id, epoch and attempt"),
            "drctl.io/synced-before": (state.synced_before or None, "synced version"),
            "drctl.io/forced-after": (None, "server time"),
            "drctl.io/epoch": (None, "epoch"),
            "drctl.io/run": (None, "run id"),
        }
        return tuple(
            Change(item.name, place, f"metadata.annotations.{field}", before, RunMade(made))
            for field, (before, made) in fields.items()
        )

    def baseline(self, world: ReadPorts) -> tuple[Fact, ...]:
        """Record when each secret was last refreshed, before a force moves that: the secrets' RPO starts there."""
        reader, now = world.secrets(self.region), world.clock.now()
        return tuple(
            Fact(FactKind.SECRET_REFRESHED_BEFORE, item.name, reader.secret(item.ref).refreshed_at, now)
            for item in self.items
        )

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Force one secret, if nobody wrote to it since it was read here."""
        item = next(item for item in self.items if item.name == diff.changes[0].item)
        state = world.secrets(self.region).secret(item.ref)
        world.secrets_writer(self.region).force_sync(state, world.stamp)

    def verify(self, world: ProbePorts) -> Verdict:
        """See each sync finished after it was forced."""
        reader = world.secrets(self.region)
        return judge_items(tuple(_look(reader, item) for item in self.items))

    def measure(self, world: ProbePorts, healthy_since: datetime) -> tuple[Fact, ...]:
        """Record when the last forced sync was seen done."""
        return (Fact(FactKind.SECRET_SYNCED, self.region, healthy_since, world.clock.now()),)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return kubectl's annotate, and what shows that a sync followed it."""
        kubectl, lines = access.kubectl_in(self.region), []
        for item in self.items:
            target = f"-n {item.ref.namespace} externalsecret/{item.ref.name}"
            lines.append(
                Command(
                    f"force {item.ref.name}",
                    f'{kubectl} annotate --overwrite {target} force-sync="by-hand-$(date +%s)"',
                    writes=True,
                )
            )
            lines.append(
                Command(
                    f"show {item.ref.name}: Ready, and a refreshTime after the annotation",
                    f"{kubectl} get {target} -o jsonpath='{{.status.refreshTime}} {{.status.conditions}}'",
                    writes=False,
                )
            )
        return tuple(lines)


def _look(reader: SecretsReader, item: SecretItem) -> ItemVerdict:
    try:
        return judge_synced(item, reader.secret(item.ref))
    except AdapterError as error:
        return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"unknown: {error.message}")


def judge_synced(item: SecretItem, state: SecretState) -> ItemVerdict:
    """Say whether a sync was finished after the force; Ready alone says nothing (kubernetes.md 10.4)."""
    if _failed(state):
        message = f"the forced sync failed: {state.ready_reason} {state.ready_message}".rstrip()
        return ItemVerdict(item.name, item.tier, Health.FAILED, message)
    if state.synced_version == state.synced_before:
        message = "forced, not synced yet (operator down, store unmanaged?)"
        return ItemVerdict(item.name, item.tier, Health.PROGRESSING, message)
    if state.ready and state.ready_reason == _SYNCED:
        return ItemVerdict(item.name, item.tier, Health.HEALTHY, f"synced {state.refreshed_at}")
    if state.ready:
        # SecretDeleted and SecretMissing are Ready=True too, and no secret is there.
        return ItemVerdict(item.name, item.tier, Health.FAILED, f"no secret: {state.ready_reason}")
    return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"not ready: {state.ready_reason}")


def _forced(state: SecretState, stamp: Stamp) -> bool:
    return bool(stamp.run_id) and state.force_token.startswith(f"{stamp.run_id}-")


def _failed(state: SecretState) -> bool:
    return (
        state.failure_at is not None
        and state.forced_after is not None
        and state.failure_at >= state.forced_after
        and state.synced_version == state.synced_before
    )
