"""One digest for one plan: what is done counts, what only goes on does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.adapters.journal.codec import DataclassCodec
from drctl.core.topology import Selector, StreamRule, WorkloadRule
from drctl.core.verdict import Tier
from drctl.planning.emergency import plan_emergency
from drctl.planning.plan import Plan
from fakes.operator import EMERGENCY
from fakes.shop import READ, shop_topology

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.core.inventory import Inventory, RegionInventory
    from drctl.core.topology import Topology


def digest(inventory: Inventory, topology: Topology | None = None) -> str:
    return plan_emergency(topology or shop_topology(), EMERGENCY, inventory).digest


def heads_went_on(region: RegionInventory) -> RegionInventory:
    streams = tuple(replace(stream, last_seq=stream.last_seq + 9, messages=99) for stream in region.streams)
    consumers = tuple(replace(consumer, floor=consumer.floor + 9) for consumer in region.consumers)
    return replace(region, streams=streams, consumers=consumers)


def versions_went_on(region: RegionInventory) -> RegionInventory:
    workloads = tuple(replace(workload, resource_version="999") for workload in region.workloads)
    secrets = tuple(replace(secret, resource_version="999") for secret in region.secrets)
    return replace(region, workloads=workloads, secrets=secrets)


def time_went_on(region: RegionInventory) -> RegionInventory:
    return replace(region, observed_at=region.observed_at + timedelta(minutes=5))


@pytest.mark.parametrize("go_on", [heads_went_on, versions_went_on, time_went_on])
def test_a_world_that_only_goes_on_keeps_the_digest(
    stricken: Inventory, go_on: Callable[[RegionInventory], RegionInventory]
) -> None:
    assert stricken.source is not None

    later = replace(stricken, target=go_on(stricken.target), source=go_on(stricken.source))

    assert digest(later) == digest(stricken)


def test_the_reason_is_not_part_of_the_digest(stricken: Inventory) -> None:
    told = plan_emergency(shop_topology(), replace(EMERGENCY, reason="east is on fire"), stricken)

    assert told.digest == digest(stricken)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda t: replace(t, probes=(READ,)), id="another_probe"),
        pytest.param(lambda t: replace(t, workloads=(WorkloadRule(Selector("shop")),)), id="another_workload_rule"),
        pytest.param(lambda t: replace(t, streams=(StreamRule(("*",), Tier.REST),)), id="another_tier"),
        pytest.param(lambda t: replace(t, environment="prod"), id="another_environment"),
        pytest.param(lambda t: replace(t, timing=replace(t.timing, settle=timedelta(0))), id="another_window"),
    ],
)
def test_another_configuration_has_another_digest(stricken: Inventory, change: Callable[[Topology], Topology]) -> None:
    assert digest(stricken, change(shop_topology())) != digest(stricken)


def test_another_item_has_another_digest(stricken: Inventory) -> None:
    fewer = replace(stricken.target, streams=stricken.target.streams[1:])

    assert digest(replace(stricken, target=fewer)) != digest(stricken)


def test_another_wanted_value_has_another_digest(stricken: Inventory) -> None:
    assert stricken.source is not None
    more = tuple(replace(seen, highest=seen.highest + 1) for seen in stricken.source.replicas)

    assert digest(replace(stricken, source=replace(stricken.source, replicas=more))) != digest(stricken)


def test_another_finding_has_another_digest(stricken: Inventory) -> None:
    assert digest(replace(stricken, source=None)) != digest(stricken)


def test_another_direction_has_another_digest(stricken: Inventory) -> None:
    back = replace(EMERGENCY, source="west", target="east")

    assert plan_emergency(shop_topology(), back, stricken).digest != digest(stricken)


def test_a_plan_comes_back_from_its_file_as_it_was(stricken: Inventory) -> None:
    codec: DataclassCodec[Plan] = DataclassCodec(Plan)
    plan = plan_emergency(shop_topology(), EMERGENCY, stricken)

    assert codec.decode(codec.encode(plan)) == plan


def test_the_consent_names_service_environment_and_target(stricken: Inventory) -> None:
    assert plan_emergency(shop_topology(), EMERGENCY, stricken).title == "shop-lab west"
