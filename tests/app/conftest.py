"""An operator before a healthy service, and one before an outage."""

from __future__ import annotations

import pytest

from fakes.operator import Operator
from fakes.shop import lose_east, make_shop


@pytest.fixture
def healthy() -> Operator:
    return Operator(make_shop())


@pytest.fixture
def stricken() -> Operator:
    operator = Operator(make_shop())
    lose_east(operator.world, operator.topology)
    operator.world.calls.writes.clear()
    return operator
