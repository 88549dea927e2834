"""What a planned move says beforehand of the time in which clients cannot write."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.planning.emergency import plan_emergency
from drctl.planning.failback import plan_failback
from drctl.planning.outage import predict_outage
from drctl.planning.planned import plan_planned
from fakes.operator import EMERGENCY, HOME, PLANNED
from fakes.shop import shop_topology

if TYPE_CHECKING:
    from drctl.core.inventory import Inventory


def test_it_names_each_part_from_the_fence_to_the_last_client(healthy: Inventory) -> None:
    topology = shop_topology()

    outage = predict_outage(topology, plan_planned(topology, PLANNED, healthy), healthy.records)

    assert outage is not None
    assert [part.name for part in outage.parts] == ["stream gap", "smoke", "DNS change", "TTL", "client retry"]
    assert outage.total == sum((part.at_most for part in outage.parts), timedelta(0))
    assert outage.stream_gap < timedelta(seconds=1.1)


def test_a_longer_ttl_makes_it_longer(healthy: Inventory) -> None:
    topology = shop_topology()
    plan = plan_planned(topology, PLANNED, healthy)
    slower = tuple((zone, replace(record, ttl=record.ttl + 60)) for zone, record in healthy.records)

    before, after = predict_outage(topology, plan, healthy.records), predict_outage(topology, plan, slower)

    assert before is not None
    assert after is not None
    assert after.total - before.total == timedelta(seconds=60)


def test_names_that_nobody_waits_for_do_not_count(healthy: Inventory) -> None:
    topology = shop_topology()
    unawaited = replace(topology, records=tuple(replace(rule, awaited=False) for rule in topology.records))

    assert predict_outage(unawaited, plan_planned(topology, PLANNED, healthy), healthy.records) is None


@pytest.mark.parametrize("what", ["emergency", "reprotect", "no record could be read"])
def test_where_it_cannot_be_known_or_is_none_nothing_is_said(healthy: Inventory, what: str) -> None:
    topology = shop_topology()
    plans = {
        "emergency": plan_emergency(topology, EMERGENCY, healthy),
        "reprotect": plan_failback(topology, replace(HOME, reprotect_only=True), healthy),
    }
    records = () if what not in plans else healthy.records

    assert predict_outage(topology, plans.get(what, plan_planned(topology, PLANNED, healthy)), records) is None
