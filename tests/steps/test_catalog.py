"""What every step type promises, whatever it does."""

from __future__ import annotations

import importlib
from dataclasses import is_dataclass
from pkgutil import iter_modules
from typing import TYPE_CHECKING, get_args

import pytest

import drctl.steps
from drctl.app.prepare import prepare
from drctl.core.access import Access, DnsAccess, DnsVendor
from drctl.core.check import Diverged
from drctl.core.intent import Intent, Mode, Operation
from drctl.steps.catalog import STEP_KINDS, AnyStep
from fakes.operator import EMERGENCY, PLANNED
from fakes.shop import EAST, INVENTORIES, NOBODY, WEST, ZONE, make_shop, shop_topology
from steps.table import STAMP

if TYPE_CHECKING:
    from drctl.planning.plan import Plan

ACCESS = Access(
    kubectl=((EAST, "kubectl --context east"), (WEST, "kubectl --context west")),
    nats=((EAST, "nats -s east"), (WEST, "nats -s west")),
    dns=(DnsAccess(ZONE, DnsVendor.ROUTE53, "aws route53"),),
    curl="curl --cacert ca.pem",
    public_name="shop.lab.test",
)
INTENTS = (EMERGENCY, PLANNED, Intent(Operation.FENCE, Mode.EMERGENCY, WEST, EAST))


def plan_of(intent: Intent) -> Plan:
    return prepare(make_shop().reads(NOBODY), shop_topology(), intent, INVENTORIES).plan


STEPS = [step for intent in INTENTS for step in plan_of(intent).steps()]


def test_every_step_type_is_in_the_catalogue() -> None:
    modules = [importlib.import_module(f"drctl.steps.{found.name}") for found in iter_modules(drctl.steps.__path__)]
    types = {
        value
        for module in modules
        for value in vars(module).values()
        if is_dataclass(value) and hasattr(value, "by_hand")
    }

    assert types == set(get_args(AnyStep))
    assert len(STEP_KINDS) == len(set(STEP_KINDS)) == len(types)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
def test_a_look_sends_no_write(step: AnyStep) -> None:
    world = make_shop()

    step.check(world.reads(STAMP))

    assert world.calls.writes == []


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
def test_a_look_is_the_same_twice(step: AnyStep) -> None:
    world = make_shop()

    assert step.check(world.reads(STAMP)) == step.check(world.reads(STAMP))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
def test_every_step_says_what_it_is_and_how_long_it_may_take(step: AnyStep) -> None:
    assert step.id.partition(":")[0] == step.kind
    assert step.title
    assert step.plane
    assert step.deadline.total_seconds() > 0
    assert set(step.regions) <= {EAST, WEST}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
def test_every_step_can_be_done_by_hand(step: AnyStep) -> None:
    commands = step.by_hand(ACCESS)

    assert commands
    assert all(command.does and command.line for command in commands)
    if isinstance(step.check(make_shop().reads(STAMP)), Diverged):
        assert any(command.writes for command in commands)
