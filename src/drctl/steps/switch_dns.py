"""Move the public names, and prove it at every authoritative server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Change, Diff, RunMade
from drctl.core.check import Blocked, Check, Converged, Diverged
from drctl.core.contract import Fact, FactKind
from drctl.core.errors import AdapterError, ThrottledError
from drctl.core.finding import Finding
from drctl.core.observed import RecordState, ServerAnswer
from drctl.core.record_values import MOVED_TOGETHER
from drctl.core.topology import AT_VENDOR, US_EAST_1, VENDOR, Plane, RecordMode, Rung
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.dns import DnsReader, HealthReader, Light, Propagation, RecordSwap
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps.dns_ladder import climb, look_at_switches
from drctl.steps.dns_lines import lines

_SAMPLES_READ = 7200


@dataclass(frozen=True, slots=True)
class RecordItem:
    """One record set and the values that it is to have. Its TTL stays as it is published.

    `answers` are what name servers are to say, where that is not the values: of an alias to a load balancer.
    What is not `awaited` moves with the others, and when its last client follows delays nothing and counts apart.
    """

    name: str
    type: str
    values: tuple[str, ...]
    awaited: bool = True
    answers: tuple[str, ...] = ()
    mode: RecordMode = RecordMode.VALUES

    @property
    def answered(self) -> frozenset[str]:
        """Return what name servers are to say."""
        return frozenset(self.answers or self.values)

    @property
    def place(self) -> str:
        """Return what samples call it."""
        return f"{self.name} {self.type}"


@dataclass(frozen=True, slots=True)
class SwitchDns:
    """Replace a zone's record sets in one batch, if each is still as it was read; say in TXT which run did it.

    With a ladder, by the first of its ways that works.
    """

    id: str
    zone: str
    region: str
    items: tuple[RecordItem, ...]
    deadline: timedelta
    client_retry: timedelta
    ladder: tuple[Rung, ...] = AT_VENDOR
    stable_for: timedelta = timedelta(0)
    component: str = "api"
    kind: Literal["switch_dns"] = "switch_dns"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Switch {', '.join(f'{item.name} {item.type}' for item in self.items)} to {self.region}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return tuple(sorted({rung.needs for rung in self.ladder} - {"", US_EAST_1}))

    @property
    def plane(self) -> Plane:
        """Return what must be alive: of a ladder's planes the one that fails last."""
        return next(plane for plane in Plane if any(rung.plane is plane for rung in self.ladder))

    def check(self, world: ReadPorts) -> Check:
        """Compare the record sets at the vendor with what is wanted; with a ladder, where the names lead."""
        only = self.ladder[0].name if len(self.ladder) == 1 else ""
        return self._check_records(world) if only == VENDOR else self._check_ladder(world)

    def _check_records(self, world: ReadPorts) -> Check:
        dns, changes, findings = world.dns(self.zone), [], []
        for item in self.items:
            record = dns.record(item.name, item.type)
            if record is None:
                findings.append(_missing(self.zone, item))
            elif record.values != tuple(sorted(item.values)):
                place = f"{self.zone}/{item.name} {item.type}"
                changes.append(Change(self.zone, place, "values", record.values, tuple(sorted(item.values))))
                note = dns.record(note_name(item.name), "TXT")
                place = f"{self.zone}/{note_name(item.name)} TXT"
                before = note.values if note else None
                changes.append(Change(self.zone, place, "values", before, RunMade("epoch, run id and region")))
        if changes:
            findings += self._left_behind(dns)
        if findings:
            return Blocked(tuple(findings))
        return Diverged(Diff(tuple(changes))) if changes else Converged()

    def _check_ladder(self, world: ReadPorts) -> Check:
        """Look at switches, records and answers. What would change is told by the answers, whichever way is taken."""
        records = self._records(world)
        if records is not None and (findings := self._stand_against(world, records)):
            return Blocked(tuple(findings))
        if self._leads_to_target(world, records):
            return Converged()
        changes = []
        for item in self.items:
            seen, wanted = self._answered(world, item), tuple(sorted(item.values))
            changes.append(Change(self.zone, f"{self.zone}/{item.name} {item.type}", "values", seen, wanted))
            note = RunMade("epoch, run id and region")
            changes.append(Change(self.zone, f"{self.zone}/{note_name(item.name)} TXT", "values", None, note))
        return Diverged(Diff(tuple(changes)))

    def _records(self, world: ReadPorts) -> list[RecordState | None] | None:
        """Return what the vendor shows; None where it does not. Asked once a look: its silence takes long."""
        try:
            return [world.dns(self.zone).record(item.name, item.type) for item in self.items]
        except AdapterError:
            return None  # That is what the other ways are for.

    def _stand_against(self, world: ReadPorts, records: list[RecordState | None]) -> list[Finding]:
        missing = [_missing(self.zone, item) for item, there in zip(self.items, records, strict=True) if not there]
        try:
            return missing + self._left_behind(world.dns(self.zone))
        except AdapterError:
            return missing

    def _leads_to_target(self, world: ReadPorts, records: list[RecordState | None] | None) -> bool:
        """Say where the first switch leads that names a region; else the records; else the name servers' answers."""
        _, region = look_at_switches(world, self.ladder).deciding
        if region:
            return region == self.region
        if records is None:
            return all(self._answered(world, item) == tuple(sorted(item.answered)) for item in self.items)
        return self._all_wanted(records)

    def _leads_elsewhere_no_more(self, world: ReadPorts) -> bool:
        """Say whether no switch, and no record that can be read, leads to another region."""
        _, region = look_at_switches(world, self.ladder).deciding
        if region:
            return region == self.region
        records = self._records(world)
        return records is None or self._all_wanted(records)

    def _all_wanted(self, records: list[RecordState | None]) -> bool:
        pairs = zip(records, self.items, strict=True)
        return all(record is not None and record.values == tuple(sorted(item.values)) for record, item in pairs)

    def _answered(self, world: ReadPorts, item: RecordItem) -> tuple[str, ...]:
        answers = world.names.authoritative(self.zone, item.name, item.type)
        return tuple(sorted({value for answer in answers if not answer.error for value in answer.values}))

    def _left_behind(self, dns: DnsReader) -> list[Finding]:
        """Return what would still lead users to the source: a browser asks for A, AAAA and HTTPS at once."""
        moved: dict[str, set[str]] = {}
        for item in self.items:
            moved.setdefault(item.name, set()).add(item.type)
        return [
            _left(self.zone, name, other)
            for name, types in moved.items()
            for other in dns.record_types(name)
            if other in MOVED_TOGETHER and other not in types
        ]

    def baseline(self, world: ReadPorts) -> tuple[Fact, ...]:
        """Record the moment before the change is sent: no client can have moved earlier."""
        now = world.clock.now()
        return (Fact(FactKind.DNS_SENT_AFTER, self.zone, now, now),)

    def apply(self, world: WritePorts, diff: Diff) -> None:  # noqa: ARG002 - the zone is one item
        """Send one batch: every record set with its note, or none; with a ladder, by the first way that works."""
        self._require_green(world)
        climb(world, self.ladder, self.region, lambda: self._swap(world), lambda: self._leads_elsewhere_no_more(world))

    def _require_green(self, world: WritePorts) -> None:
        """Refuse while the vendor's check of the target is red: it would go on answering the source (dns.md 2.1).

        What cannot be read keeps nobody from switching: it is asked at the control plane that may be gone.

        Raises:
            ThrottledError: It is red now; nothing was written, and it is worth another try.
        """
        dns = world.dns(self.zone)
        for item in self.items:
            if item.mode is RecordMode.VALUES or not isinstance(dns, HealthReader):
                continue
            try:
                seen = dns.member_health(item.name, item.type, item.values)
            except AdapterError:
                continue
            if seen.light is Light.RED:
                raise ThrottledError(
                    f"{item.place} was not switched to {self.region}, whose health check is red: {seen.message}",
                    remedy="See that the standby answers what the check asks; a red one is answered by nobody.",
                    code="standby-red",
                )

    def _swap(self, world: WritePorts) -> None:
        dns, swaps = world.dns(self.zone), []
        note = f"drctl epoch={world.stamp.epoch} run={world.stamp.run_id} active={self.region}"
        for item in self.items:
            before = dns.record(item.name, item.type)
            if before is None or before.values == tuple(sorted(item.values)):
                continue
            after = RecordState(before.name, before.type, before.ttl, tuple(sorted(item.values)))
            noted = dns.record(note_name(item.name), "TXT")
            said = RecordState(note_name(item.name), "TXT", before.ttl, (note,))
            swaps += [RecordSwap(before, after), RecordSwap(noted, said)]
        if swaps:
            world.dns_writer(self.zone).swap(tuple(swaps), f"drctl {world.stamp.run_id} {self.id}")

    def verify(self, world: ProbePorts) -> Verdict:
        """See every authoritative server give the new values, and the vendor not say that they are on their way.

        A silence is never healthy: what answers being right, it leaves the record degraded, and so converged nowhere.
        """
        vendor = self._judge_vendor(world)
        return judge_items((*(self._judge(world, item) for item in self.items), vendor))

    def _judge_vendor(self, world: ProbePorts) -> ItemVerdict:
        name, _ = look_at_switches(world, self.ladder).deciding
        if name:
            # Nothing was sent to the vendor: what its control plane says of old changes is about the past.
            return ItemVerdict(VENDOR, Tier.IMPORTANT, Health.HEALTHY, f"moved by the switch {name}")
        try:
            propagation = world.dns(self.zone).propagation()
        except AdapterError as error:
            said = f"whether it is in sync is unknown: {error.message}"
            return ItemVerdict(VENDOR, Tier.IMPORTANT, Health.DEGRADED, said)
        # A process that sent nothing has no word of the vendor's: the servers, every one of them, are the proof.
        health = Health.PROGRESSING if propagation is Propagation.PENDING else Health.HEALTHY
        return ItemVerdict(VENDOR, Tier.IMPORTANT, health, propagation.value)

    def _judge(self, world: ProbePorts, item: RecordItem) -> ItemVerdict:
        name = f"{item.name} {item.type}"
        answers = _asked_twice(world, self.zone, item)
        heard = [answer for answer in answers if not answer.error]
        if not heard:
            said = "; ".join(f"{answer.server}: {answer.error}" for answer in answers)
            return ItemVerdict(name, Tier.CRITICAL, Health.PROGRESSING, f"no authoritative server answers: {said}")
        old = [answer for answer in heard if set(answer.values) != item.answered]
        if old:
            said = ", ".join(f"{answer.server} says {list(answer.values) or answer.rcode}" for answer in old)
            return ItemVerdict(name, Tier.CRITICAL, Health.PROGRESSING, said)
        told = f"{len(heard)} of {len(answers)} servers answer so"
        if silent := [f"{answer.server}: {answer.error}" for answer in answers if answer.error]:
            return ItemVerdict(name, Tier.CRITICAL, Health.DEGRADED, f"{told}; silent: {', '.join(silent)}")
        return ItemVerdict(name, Tier.CRITICAL, Health.HEALTHY, told)

    def measure(self, world: ProbePorts, healthy_since: datetime) -> tuple[Fact, ...]:
        """Record when every server was seen answering anew, and the latest moment at which a client can cut over.

        The TTL that counts is not today's but every one published before: an answer cached at `t` with TTL `v`
        lives until `t + v` (dns.md 6.1). A client then needs one retry of its own.
        """
        now = world.clock.now()
        name, _ = look_at_switches(world, self.ladder).deciding
        note = f"by the switch {name}" if name else ""
        facts = [Fact(FactKind.DNS_CONVERGED, self.zone, healthy_since, now, note)]
        for kind, awaited in ((FactKind.DNS_CUTOVER_WORST, True), (FactKind.DNS_CUTOVER_UNAWAITED, False)):
            if items := [item for item in self.items if item.awaited is awaited]:
                facts.append(self._cutover(world, kind, items, healthy_since))
        return tuple(facts)

    def _cutover(self, world: ProbePorts, kind: FactKind, items: Sequence[RecordItem], healthy_since: datetime) -> Fact:
        answers = [a for item in items for a in world.names.authoritative(self.zone, item.name, item.type)]
        ttl = _ttl(answers)
        latest = healthy_since + timedelta(seconds=ttl)
        places = {item.place for item in items}
        for sample in world.samples.newest(_SAMPLES_READ):
            for place, seen in sample.ttls:
                if place in places and sample.at <= healthy_since:
                    latest = max(latest, sample.at + timedelta(seconds=seen))
        note = f"TTL {ttl} s, client retry {self.client_retry.total_seconds():g} s"
        return Fact(kind, self.zone, latest + self.client_retry, world.clock.now(), note)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return each way's own lines: one that looks, and one that moves."""
        return tuple(command for rung in self.ladder for command in self._lines(access, rung.name))

    def _lines(self, access: Access, way: str) -> tuple[Command, ...]:
        if way != VENDOR:
            return access.switch(way).lines(self.region)
        dns = access.dns_of(self.zone)
        return tuple(
            command for item in self.items for command in lines(dns, item.name, item.type, item.values, item.mode)
        )


def _asked_twice(world: ProbePorts, zone: str, item: RecordItem) -> tuple[ServerAnswer, ...]:
    """Return what every server says; who was silent is asked once more, because a packet may be lost."""
    answers = world.names.authoritative(zone, item.name, item.type)
    if not any(answer.error for answer in answers):
        return answers
    again = {answer.server: answer for answer in world.names.authoritative(zone, item.name, item.type)}
    return tuple(again.get(answer.server, answer) if answer.error else answer for answer in answers)


def note_name(name: str) -> str:
    """Return the name of the TXT record in which a run says that it moved `name`."""
    return f"_drctl.{name}"


def _missing(zone: str, item: RecordItem) -> Finding:
    message = f"zone {zone} has no {item.type} record at {item.name}: there is nothing to switch."
    remedy = "Create it with the active region's addresses; a missing name is cached as missing for the negative TTL."
    return Finding("record-missing", message, remedy, subject=f"{item.name} {item.type}")


def _left(zone: str, name: str, record_type: str) -> Finding:
    message = f"zone {zone} has {record_type} at {name} too, which would not move: users would reach both regions."
    remedy = f"Add {name} {record_type} to `records:` in drctl.yaml, with its `values`, or delete it there."
    return Finding("record-left-behind", message, remedy, subject=f"{name} {record_type}")


def _ttl(answers: Sequence[ServerAnswer]) -> int:
    return max((answer.ttl for answer in answers if not answer.error), default=0)
