"""What every step type answers. Adding one is a recipe in CONTRIBUTING."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from drctl.core.access import Access, Command
from drctl.core.change import Diff
from drctl.core.check import Check
from drctl.core.contract import Fact
from drctl.core.topology import Plane
from drctl.core.verdict import Verdict
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts


class Step(Protocol):
    """One kind of work: observe, make exactly the difference true, see whether a user can see it.

    A step is a frozen value: it carries what it wants, never what it saw. `check` may be asked at any time and
    any number of times; `apply` is given one item's part of a confirmed diff.
    """

    @property
    def id(self) -> str:
        """Return the name that is unique in the plan: `promote_stream:west:kv`."""
        ...

    @property
    def kind(self) -> str:
        """Return the step type: `promote_stream`."""
        ...

    @property
    def title(self) -> str:
        """Return what the operator reads: `Promote 2 streams in west`."""
        ...

    @property
    def component(self) -> str:
        """Return the contract's component that waits for this step; empty for none."""
        ...

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        ...

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        ...

    @property
    def deadline(self) -> timedelta:
        """Return how long the step may take after its writes."""
        ...

    @property
    def stable_for(self) -> timedelta:
        """Return how long the verdict must stay healthy before it counts."""
        ...

    def check(self, world: ReadPorts) -> Check:
        """Look; say what differs."""
        ...

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Make one item's part of the diff true."""
        ...

    def verify(self, world: ProbePorts) -> Verdict:
        """Look again, as a user of that system."""
        ...

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the vendor's own commands that do the step and check it."""
        ...


@runtime_checkable
class Baseline(Protocol):
    """A step that must write down the present before it changes it."""

    def baseline(self, world: ReadPorts) -> tuple[Fact, ...]:
        """Return facts that are gone once the step has written."""
        ...


@runtime_checkable
class Measuring(Protocol):
    """A step that yields numbers for the report."""

    def measure(self, world: ProbePorts, healthy_since: datetime) -> tuple[Fact, ...]:
        """Return facts, after the step was verified; `healthy_since` is when it first looked healthy."""
        ...
