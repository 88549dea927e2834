"""The example service, healthy: east serves, west mirrors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fakes.shop import make_shop

if TYPE_CHECKING:
    from fakes.world import World


@pytest.fixture
def world() -> World:
    return make_shop()
