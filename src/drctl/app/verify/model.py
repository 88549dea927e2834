"""What a check of `verify` answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from drctl.core.errors import ExitCode

if TYPE_CHECKING:
    from datetime import datetime

    from drctl.core.access import Access
    from drctl.core.intent import Intent
    from drctl.core.inventory import Inventory
    from drctl.core.topology import Topology
    from drctl.ports.world import ProbePorts, ReadPorts


class Outcome(StrEnum):
    """Unknown is never ok: it counts as the check's own severity."""

    OK = "ok"
    WARN = "warn"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check. `weighs` is what it counts as when it is unknown; `remedy` is empty when it is ok."""

    id: str
    group: str
    outcome: Outcome
    message: str
    observed_at: datetime
    remedy: str = ""
    weighs: Outcome = Outcome.PROBLEM


@dataclass(frozen=True, slots=True)
class Subject:
    """What is verified: a failover in that direction, as the world is now. `probes` None: read only.

    `access` is for what only a person may do.
    """

    topology: Topology
    intent: Intent
    inventory: Inventory
    reads: ReadPorts
    probes: ProbePorts | None
    access: Access

    def result(self, name: str, outcome: Outcome, message: str, remedy: str = "") -> CheckResult:
        """Return a result as seen now; its group is the first part of its name."""
        group = name.partition(".")[0]
        return CheckResult(name, group, outcome, message, self.reads.clock.now(), remedy)


@dataclass(frozen=True, slots=True)
class Verification:
    """All results, and what they add up to."""

    service: str
    target: str
    observed_at: datetime
    results: tuple[CheckResult, ...]

    @property
    def exit_code(self) -> ExitCode:
        """Return BLOCKED if any check is a problem, or unknown where it would weigh as one."""
        bad = (
            result
            for result in self.results
            if result.outcome is Outcome.PROBLEM
            or (result.outcome is Outcome.UNKNOWN and result.weighs is Outcome.PROBLEM)
        )
        return ExitCode.BLOCKED if any(bad) else ExitCode.DONE

    def count(self, outcome: Outcome) -> int:
        """Return how many checks ended so."""
        return sum(result.outcome is outcome for result in self.results)
