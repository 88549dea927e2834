from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.contract import FactKind
from drctl.core.topology import Region
from drctl.core.verdict import Health
from drctl.steps.smoke import Smoke
from fakes.calls import Fault
from fakes.shop import ADDRESSES, EAST, READ, WEST, WRITE
from steps.table import CONVERGED, STAMP, case, found, nothing, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.world import World

STEP = Smoke("smoke:east", Region(EAST, (ADDRESSES[EAST],)), (WRITE, READ), timedelta(minutes=5))


def stored(world: World) -> list[bytes]:
    return [m.data for m in world.region(EAST).jetstream.streams["ORDERS"].messages if m.subject == "orders.smoke"]


def take_the_api_down(world: World) -> None:
    world.region(EAST).cluster.named("api").pods = 0


def take_the_stream_away(world: World) -> None:
    world.region(EAST).datastore.fence("ORDERS", STAMP)


def test_it_changes_no_object(world: World) -> None:
    assert found(STEP, world) == CONVERGED


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a service that reads and writes is healthy", nothing, Health.HEALTHY),
        case("a service without pods is waited for", take_the_api_down, Health.PROGRESSING),
        case("a service that cannot store an order is waited for", take_the_stream_away, Health.PROGRESSING),
        case("a silent address is waited for", lambda world: world.kill(EAST), Health.PROGRESSING),
        case(
            "a write without an answer proves nothing",
            lambda world: world.calls.fail("east/http/write*", Fault.UNANSWERED),
            Health.PROGRESSING,
        ),
    ],
)
def test_what_it_sees(world: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(world)

    assert verified(STEP, world).health is expected


def test_no_write_is_sent_before_every_read_passed(world: World) -> None:
    world.calls.fail("east/http/pinned*", Fault.UNREACHABLE)

    assert verified(STEP, world).health is Health.PROGRESSING
    assert world.calls.writes == []


def test_an_answer_from_another_region_is_none(world: World) -> None:
    world.http.answers_as[EAST] = WEST

    assert verified(STEP, world).health is Health.PROGRESSING


def test_the_write_is_the_same_order_on_each_try(world: World) -> None:
    world.calls.fail("east/http/write*", Fault.UNANSWERED)

    verified(STEP, world)
    verified(STEP, world)

    assert stored(world) == [b"drctl-smoke-run-1"]


def test_a_status_that_was_not_expected_is_waited_for(world: World) -> None:
    step = replace(STEP, probes=(replace(READ, expect_status=(204,)),))

    assert verified(step, world).health is Health.PROGRESSING


@pytest.mark.parametrize(("probes", "is_proved"), [((READ, WRITE), True), ((READ,), False)])
def test_only_a_write_probe_proves_a_write(world: World, probes: tuple[object, ...], *, is_proved: bool) -> None:
    step = replace(STEP, probes=tuple(probe for probe in (READ, WRITE) if probe in probes))

    (fact,) = step.measure(world.probes(STAMP), world.clock.now())

    assert fact.kind is FactKind.WRITE_PROVED
    assert (fact.value is not None) is is_proved
