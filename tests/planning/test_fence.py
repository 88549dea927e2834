"""The fence's plan: what it ends for everybody is said before it is agreed to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from drctl.core.finding import Severity
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.observed import StreamRole
from drctl.planning.fence import plan_fence
from fakes.shop import EAST, WEST, shop_topology

if TYPE_CHECKING:
    from drctl.core.inventory import Inventory, RegionInventory

FENCE_EAST = Intent(Operation.FENCE, Mode.EMERGENCY, WEST, EAST)


@pytest.fixture
def seen_from_west(healthy: Inventory) -> Inventory:
    """East serves and is to be fenced; west mirrors it."""
    assert healthy.source is not None
    return replace(healthy, target=healthy.source, source=healthy.target)


def _messages(inventory: Inventory) -> list[str]:
    plan = plan_fence(shop_topology(), FENCE_EAST, inventory)
    assert all(finding.acceptable and finding.severity is Severity.PROBLEM for finding in plan.findings)
    assert {finding.code for finding in plan.findings} <= {"fences-the-active-region"}
    return [finding.message for finding in plan.findings]


def _taking_over(region: RegionInventory, like: RegionInventory) -> RegionInventory:
    streams = tuple(replace(stream, role=StreamRole.ACTIVE) for stream in region.streams)
    return replace(region, streams=streams, workloads=like.workloads)


def test_the_fence_of_the_only_region_that_is_written_says_that_it_ends_writes(seen_from_west: Inventory) -> None:
    assert _messages(seen_from_west) == [
        "east alone is seen to take writes to KV_SETTINGS, ORDERS and to run api: the fence ends writes for everybody."
    ]


def test_the_fence_of_one_of_two_that_are_written_ends_nothing(seen_from_west: Inventory) -> None:
    assert seen_from_west.source is not None
    west = _taking_over(seen_from_west.source, seen_from_west.target)

    assert _messages(replace(seen_from_west, source=west)) == []


def test_what_was_only_recorded_of_the_other_region_takes_nothing_over(seen_from_west: Inventory) -> None:
    assert seen_from_west.source is not None
    west = _taking_over(seen_from_west.source, seen_from_west.target)
    silent = replace(west, unknown=(("cluster", "no answer"), ("datastore", "no answer")))

    assert len(_messages(replace(seen_from_west, source=silent, source_is_live=False))) == 1
    assert len(_messages(replace(seen_from_west, source=None, source_is_live=False))) == 1


def test_a_service_without_streams_is_ended_too(seen_from_west: Inventory) -> None:
    bare = replace(seen_from_west, target=replace(seen_from_west.target, streams=()))

    assert _messages(bare) == ["east alone is seen to run api: the fence ends service for everybody."]
