"""Wait until the regions' datastores hear each other again. Opens nothing: that is somebody else's decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Diff
from drctl.core.check import Check, Converged
from drctl.core.errors import AdapterError
from drctl.core.topology import Plane
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts


@dataclass(frozen=True, slots=True)
class AwaitLink:
    """See each region's JetStream answer through the other one.

    Without the link a rescue is created without an error and stays empty for ever (nats.md 11.3, F2).
    """

    id: str
    one: str
    other: str
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = ""
    kind: Literal["await_link"] = "await_link"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Wait for the link between {self.one} and {self.other}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.one, self.other)

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
        """Ask each side for the other's JetStream, through the link."""
        return judge_items((_judge(world, self.one, self.other), _judge(world, self.other, self.one)))

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the JetStream API's own question, from both sides."""
        return tuple(
            Command(
                f"see {there} answer through the link from {here}",
                f"{access.nats_in(here)} req '$JS.{access.domain_of(there)}.API.INFO' ''",
                writes=False,
            )
            for here, there in ((self.one, self.other), (self.other, self.one))
        )


def _judge(world: ReadPorts, here: str, there: str) -> ItemVerdict:
    name = f"{there} through {here}"
    try:
        domain = world.datastore(there).info().domain
        if world.datastore(here).other_answers(domain):
            return ItemVerdict(name, Tier.CRITICAL, Health.HEALTHY, "answers")
    except AdapterError as error:
        return ItemVerdict(name, Tier.CRITICAL, Health.PROGRESSING, f"unknown: {error.message}")
    return ItemVerdict(name, Tier.CRITICAL, Health.PROGRESSING, "no answer: the link between the regions is cut")
