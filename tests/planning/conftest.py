"""What a planner knows: the example service, looked at in a few situations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.app.gather import gather
from fakes.operator import EMERGENCY
from fakes.shop import INVENTORIES, NOBODY, lose_east, make_shop, shop_topology, watch

if TYPE_CHECKING:
    from drctl.core.inventory import Inventory


@pytest.fixture
def healthy() -> Inventory:
    world = make_shop()
    watch(world, shop_topology(), 2)
    return gather(world.reads(NOBODY), shop_topology(), EMERGENCY, INVENTORIES)


@pytest.fixture
def stricken() -> Inventory:
    world = make_shop()
    lose_east(world, shop_topology())
    return gather(world.reads(NOBODY), shop_topology(), EMERGENCY, INVENTORIES)
