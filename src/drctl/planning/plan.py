"""The plan: a frozen value that preview, consent, execution, journal, resume and report all read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from drctl import __version__
from drctl.core.finding import Finding
from drctl.core.intent import Intent
from drctl.core.topology import ContractRule, Topology
from drctl.steps.catalog import AnyStep

PLAN_SCHEMA = "drctl.plan/v1"


@dataclass(frozen=True, slots=True)
class Wave:
    """Steps whose writes are independent: they run at the same time."""

    steps: tuple[AnyStep, ...]


@dataclass(frozen=True, slots=True)
class Phase:
    """Waves in order, behind one proof of the lock and the invariants."""

    name: str
    waves: tuple[Wave, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done, in which order, and what is known to stand against it.

    `no_return_after` names the phase behind which going back means a new failover. `inventory_at` is when the
    source's facts were recorded; None when there were none.
    """

    schema: str
    drctl_version: str
    service: str
    intent: Intent
    topology_digest: str
    phases: tuple[Phase, ...]
    contracts: tuple[ContractRule, ...]
    findings: tuple[Finding, ...]
    no_return_after: str
    inventory_at: datetime | None
    digest: str

    def steps(self) -> Iterator[AnyStep]:
        """Yield every step in order."""
        for phase in self.phases:
            for wave in phase.waves:
                yield from wave.steps

    @property
    def title(self) -> str:
        """Return what a consent must say: service-environment and target."""
        return f"{self.service} {self.intent.target}"


def make_plan(
    topology: Topology,
    intent: Intent,
    phases: tuple[Phase, ...],
    findings: tuple[Finding, ...],
    inventory_at: datetime | None,
) -> Plan:
    """Put a plan together; empty waves and phases are left out, and the digest is taken."""
    kept = tuple(
        Phase(phase.name, waves) for phase in phases if (waves := tuple(wave for wave in phase.waves if wave.steps))
    )
    topology_digest = digest_of(asdict(topology))
    # Covered: intent, topology, steps with items, fields and wanted values, finding codes. Never times, ages,
    # heads, resourceVersions: a plan that was looked at twice has one digest.
    digest = digest_of(
        {
            "schema": PLAN_SCHEMA,
            "intent": asdict(intent) | {"reason": ""},
            "topology": topology_digest,
            "phases": [_without_heads(asdict(phase)) for phase in kept],
            "findings": sorted(finding.code for finding in findings),
        }
    )
    return Plan(
        schema=PLAN_SCHEMA,
        drctl_version=__version__,
        service=topology.title,
        intent=intent,
        topology_digest=topology_digest,
        phases=kept,
        contracts=topology.contracts,
        findings=findings,
        no_return_after=next((phase.name for phase in kept if phase.name in {PROMOTE, GIVE_BACK}), ""),
        inventory_at=inventory_at,
        digest=digest,
    )


TAKE_BACK = "take the target back"
GIVE_BACK = "give the source back"
ISOLATE = "isolate the returned region"
LINK = "link"
RESCUE = "rescue"
REBUILD = "rebuild"
CLOSE = "close and warm"
WARM = "warm"
FENCE = "fence and drain"
FREEZE = "freeze point"
PROMOTE = "promote"
START = "start the rest"
SMOKE = "smoke"
SWITCH = "switch"
SETTLE = "settle"
STAND_DOWN = "stand down"


def digest_of(value: object) -> str:
    """Return a short hash of a value's canonical JSON, the same on every machine."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_heads(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_heads(part) for key, part in value.items() if key != "floor"}
    if isinstance(value, list | tuple):
        return [_without_heads(part) for part in value]
    return value


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(type(value).__name__)
