"""From what stands in drctl.yaml to the rules that planning reads."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.config.ladders import ladder_of
from drctl.core.topology import (
    DEFAULT_CONTRACTS,
    ContractRule,
    ProbeRule,
    RecordRule,
    Region,
    SecretRule,
    Selector,
    StreamRule,
    Timing,
    Topology,
    WorkloadRule,
    Zone,
)

if TYPE_CHECKING:
    from drctl.config import schema


def topology_of(settings: schema.Settings) -> Topology:
    """Return the topology; the settings were found to agree with one another."""
    return Topology(
        service=settings.service,
        environment=settings.environment,
        regions=tuple(
            Region(region.name, region.addresses, region.https_port, region.serves) for region in settings.regions
        ),
        home=settings.home,
        standby=standby_of(settings),
        public_name=settings.public_name,
        zones=tuple(Zone(zone.zone, zone.vendor, zone.nameservers) for zone in settings.dns),
        records=tuple(_record(settings, zone, record) for zone in settings.dns for record in zone.records),
        workloads=tuple(_workload(rule) for rule in settings.workloads),
        secrets=tuple(SecretRule(_selector(rule.select), rule.tier) for rule in settings.secrets),
        streams=tuple(StreamRule(rule.names, rule.tier) for rule in settings.streams),
        probes=tuple(_probe(probe) for probe in settings.probes),
        contracts=contracts_of(settings),
        timing=_timing(settings),
    )


def standby_of(settings: schema.Settings) -> str:
    """Return the standby: the named one, else the region that is not home."""
    return settings.standby or next(region.name for region in settings.regions if region.name != settings.home)


def contracts_of(settings: schema.Settings) -> tuple[ContractRule, ...]:
    """Return the promises: those that are set, and the defaults of every component that a rule names."""
    wanted = settings.contracts
    named = {
        "api": bool(settings.workloads or settings.probes),
        "nats": bool(settings.streams),
        "secrets": bool(settings.secrets),
        "observability": False,
    }
    stateless = {"api": wanted.api, "observability": wanted.observability}
    stored = {"nats": wanted.nats, "secrets": wanted.secrets}
    rules = []
    for default in DEFAULT_CONTRACTS:
        given = stateless.get(default.component) or stored.get(default.component)
        if given is None and not named[default.component]:
            continue
        with_rpo = stored.get(default.component)
        rto = _minutes(given.rto_minutes) if given else None
        rpo = _minutes(with_rpo.rpo_minutes) if with_rpo else None
        rules.append(ContractRule(default.component, rto or default.rto, rpo or default.rpo))
    return tuple(rules)


def _minutes(number: float | None) -> timedelta | None:
    return None if number is None else timedelta(minutes=number)


def _record(settings: schema.Settings, zone: schema.Zone, record: schema.Record) -> RecordRule:
    return RecordRule(
        zone.zone,
        record.name,
        record.type,
        record.awaited,
        values=tuple(sorted(record.values.items())),
        mode=record.mode,
        ladder=ladder_of(settings, zone, record),
    )


def _workload(rule: schema.Workload) -> WorkloadRule:
    return WorkloadRule(
        select=_selector(rule.select),
        tier=rule.tier,
        replicas=rule.replicas,
        after_promote=rule.after == "promote",
        standby_floor=rule.standby_floor,
    )


def _selector(select: schema.Selector) -> Selector:
    return Selector(select.namespace, select.names, tuple(sorted(select.labels.items())))


def _probe(probe: schema.Probe) -> ProbeRule:
    return ProbeRule(
        name=probe.name,
        path=probe.path,
        kind=probe.kind,
        method=probe.method,
        body=probe.body,
        expect_status=probe.expect_status,
        marker_header=probe.marker_header or "",
        region_header=probe.region_header,
    )


def _timing(settings: schema.Settings) -> Timing:
    given = settings.timing
    return Timing(
        stability=timedelta(seconds=given.stability_seconds),
        settle=timedelta(seconds=given.settle_seconds),
        revert_reread=timedelta(seconds=given.revert_reread_seconds),
        step_deadline=timedelta(seconds=given.step_deadline_seconds),
        drain=timedelta(seconds=given.drain_seconds),
        dns_change=timedelta(seconds=given.dns_change_seconds),
        client_retry=timedelta(seconds=given.client_retry_seconds),
        inventory_age_max=timedelta(hours=given.inventory_age_max_hours),
        rto_from=settings.contracts.rto_from,
    )
