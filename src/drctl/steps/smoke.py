"""Act as a user against the target's own address, before any traffic moves there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from shlex import quote
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Diff
from drctl.core.check import Check, Converged
from drctl.core.contract import Fact, FactKind
from drctl.core.observed import HttpAnswer
from drctl.core.topology import Plane, ProbeKind, ProbeRule, Region
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps.fork_writes import MARKER_BY_HAND, marker_of


@dataclass(frozen=True, slots=True)
class Smoke:
    """Pass every read probe, then every write probe, each on the target's address with the public name's SNI.

    The write carries `drctl-smoke-<run>`, the same on each try, so that it is told apart from the application's
    own and stored once.
    """

    id: str
    region: Region
    probes: tuple[ProbeRule, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = "api"
    kind: Literal["smoke"] = "smoke"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        writes = sum(probe.kind is ProbeKind.WRITE for probe in self.probes)
        return f"Act as a user in {self.region.name}: {len(self.probes) - writes} reads, {writes} marked writes"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region.name,)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:  # noqa: ARG002 - no object is ever to be changed
        """Say that no object is to be changed; the marked write is the service's own data."""
        return Converged()

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Do nothing: `check` never finds a difference."""

    def verify(self, world: ProbePorts) -> Verdict:
        """Send the probes; writes only when every read passed."""
        reads = [probe for probe in self.probes if probe.kind is ProbeKind.READ]
        judged = [_judge(probe, world.http.pinned(probe, self.region), self.region.name) for probe in reads]
        if all(item.health is Health.HEALTHY for item in judged):
            marker = marker_of(world.stamp.run_id)
            for probe in self.probes:
                if probe.kind is ProbeKind.WRITE:
                    answer = world.prober.write(probe, self.region, marker)
                    judged.append(_judge(probe, answer, self.region.name))
        return judge_items(tuple(judged))

    def measure(self, world: ProbePorts, healthy_since: datetime) -> tuple[Fact, ...]:
        """Record when a write was first proved in the target; None where no write probe is configured."""
        writes = any(probe.kind is ProbeKind.WRITE for probe in self.probes)
        proved = healthy_since if writes else None
        return (Fact(FactKind.WRITE_PROVED, self.region.name, proved, world.clock.now()),)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return curl's own lines."""
        return tuple(self._line(access, probe) for probe in self.probes)

    def _line(self, access: Access, probe: ProbeRule) -> Command:
        writes = probe.kind is ProbeKind.WRITE
        name, port = access.public_name, self.region.port
        data = f" -X {probe.method} -d {quote(probe.body)}" if writes else ""
        # A name of its own each time: a stream drops what repeats an id, and answers as if it had stored it.
        named = f"{probe.marker_header}: {MARKER_BY_HAND}-$(date +%s)"
        marker = f' -H "{named}"' if writes and probe.marker_header else ""
        resolve = f"--resolve {name}:{port}:{self.region.addresses[0]}"
        line = f"{access.curl} -sS -i {resolve}{marker}{data} https://{name}:{port}{probe.path}"
        expected = " or ".join(str(status) for status in probe.expect_status)
        return Command(f"probe {probe.name}: expect {expected}", line, writes=writes)


def _judge(probe: ProbeRule, answer: HttpAnswer, region: str) -> ItemVerdict:
    if answer.error:
        return ItemVerdict(probe.name, Tier.CRITICAL, Health.PROGRESSING, answer.error)
    if answer.status not in probe.expect_status:
        message = f"answered {answer.status}, expected {probe.expect_status}: {answer.body[:80]}"
        return ItemVerdict(probe.name, Tier.CRITICAL, Health.PROGRESSING, message)
    if probe.region_header and answer.region != region:
        message = f"answered from {answer.region or 'an unnamed region'}, not {region}"
        return ItemVerdict(probe.name, Tier.CRITICAL, Health.PROGRESSING, message)
    return ItemVerdict(probe.name, Tier.CRITICAL, Health.HEALTHY, f"{answer.status}")
