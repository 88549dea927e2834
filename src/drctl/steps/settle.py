"""See the public name answered from the target, steadily, and nobody undoing the run meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Diff
from drctl.core.check import Check, Converged
from drctl.core.contract import Fact, FactKind
from drctl.core.topology import Plane, ProbeRule, Region
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps.scaling import WorkloadItem, judge_kept, look

PUBLIC_NAME = "public name"


@dataclass(frozen=True, slots=True)
class Settle:
    """Ask the public name as a user does until it was answered from the target for the whole window.

    In each look every workload is read again: one that was scaled back fails the step, with the writer's name.
    """

    id: str
    region: Region
    probe: ProbeRule
    items: tuple[WorkloadItem, ...]
    deadline: timedelta
    stable_for: timedelta
    component: str = "api"
    kind: Literal["settle"] = "settle"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"See the public name served from {self.region.name} for {self.stable_for.total_seconds():g} s"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region.name,)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:  # noqa: ARG002 - nothing is ever to be written
        """Say that nothing is to be written."""
        return Converged()

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Do nothing: `check` never finds a difference."""

    def verify(self, world: ProbePorts) -> Verdict:
        """Look once: the public name, then every workload."""
        items = [self._served(world)]
        for item in self.items:
            seen = look(world, self.region.name, item)
            items.append(seen if isinstance(seen, ItemVerdict) else judge_kept(item, seen))
        return judge_items(tuple(items))

    def _served(self, world: ProbePorts) -> ItemVerdict:
        answer = world.http.public(self.probe)
        if answer.error:
            return ItemVerdict(PUBLIC_NAME, Tier.CRITICAL, Health.PROGRESSING, answer.error)
        if answer.status not in self.probe.expect_status:
            return ItemVerdict(PUBLIC_NAME, Tier.CRITICAL, Health.PROGRESSING, f"answers {answer.status}")
        if answer.region != self.region.name:
            message = f"still answered from {answer.region or 'an unnamed region'}"
            return ItemVerdict(PUBLIC_NAME, Tier.CRITICAL, Health.PROGRESSING, message)
        return ItemVerdict(PUBLIC_NAME, Tier.CRITICAL, Health.HEALTHY, f"answered from {answer.region}")

    def measure(self, world: ProbePorts, healthy_since: datetime) -> tuple[Fact, ...]:
        """Record since when the public name was served without a break: the end of the API's RTO."""
        return (Fact(FactKind.SERVED_SINCE, self.region.name, healthy_since, world.clock.now()),)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return curl's own line, as a user whose resolver has moved on; run it a few times."""
        name, port = access.public_name, self.region.port
        url = f"--resolve {name}:{port}:{self.region.addresses[0]} https://{name}:{port}{self.probe.path}"
        expect = f"{self.probe.region_header}: {self.region.name}"
        return (Command(f"ask the public name: expect `{expect}`", f"{access.curl} -sS -i {url}", writes=False),)
