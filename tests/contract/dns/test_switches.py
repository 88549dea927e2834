"""What every switch beside the records promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from contract.dns.switches import AtCluster, Switch, opened
from drctl.core.errors import (
    ConflictError,
    DeniedError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnreachableError,
)
from drctl.lab.aws_switches.server import CONTROLS, running
from drctl.lab.route53_api.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["stop_object", "routing_controls"])
def switch(request: pytest.FixtureRequest) -> Iterator[Switch]:
    with opened(request.param) as one:
        yield one


def turn(switch: Switch, region: str) -> None:
    one = switch.connect()
    one.turn(one.state(), region)


def test_it_is_turned_and_the_next_look_finds_it_so(switch: Switch) -> None:
    assert switch.connect().state().region == switch.home

    turn(switch, "west")

    assert switch.connect().state().region == "west"


def test_it_is_turned_back(switch: Switch) -> None:
    turn(switch, "west")
    turn(switch, "east")

    assert switch.connect().state().region == switch.home


def test_one_that_was_turned_since_it_was_read_is_left_alone(switch: Switch) -> None:
    one = switch.connect()
    before = one.state()
    turn(switch, "west")

    with pytest.raises(ConflictError):
        one.turn(before, "west")


def test_of_eight_twins_all_find_it_turned_in_the_end(switch: Switch) -> None:
    ones = [switch.connect() for _ in range(8)]
    before = [one.state() for one in ones]

    def run(number: int) -> bool:
        try:
            ones[number].turn(before[number], "west")
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(run, range(8)))

    assert any(won)
    assert switch.connect().state().region == "west"


def test_a_lost_answer_is_unknown_or_looked_up_and_the_turn_was_made(switch: Switch) -> None:
    switch.set_faults(Faults(drop_after_apply_next=1))
    one = switch.connect()
    before = one.state()

    try:
        one.turn(before, "west")
    except OutcomeUnknownError:
        assert not isinstance(switch, AtCluster)
    assert switch.connect().state().region == "west"


def test_a_throttled_turn_was_not_made_and_works_later(switch: Switch) -> None:
    one = switch.connect()
    before = one.state()
    switch.set_faults(Faults(code="Throttling"))
    with pytest.raises((ThrottledError, UnreachableError)):
        one.turn(before, "west")
    switch.set_faults(Faults())

    assert switch.connect().state() == before
    turn(switch, "west")
    assert switch.connect().state().region == "west"


def test_who_may_not_turn_it_is_told_so(switch: Switch) -> None:
    before = switch.connect().state()

    with pytest.raises(DeniedError) as denied:
        switch.connect("AKIDOTHER").turn(before, "west")
    assert denied.value.remedy
    assert switch.connect().state() == before


def test_a_service_that_does_not_listen_is_unreachable(switch: Switch) -> None:
    one = switch.connect()
    switch.set_faults(Faults(status=500))

    with pytest.raises(UnreachableError):
        one.state()


def test_any_endpoint_of_a_cluster_will_do() -> None:
    with running() as services:
        for box in services.endpoint_faults[:4]:
            box.faults = Faults(code="EndpointTemporarilyUnavailableException", status=400)
        switch = AtCluster(services)

        turn(switch, "west")

        assert (services.cluster.is_on(CONTROLS["west"]), services.cluster.is_on(CONTROLS["east"])) == (True, False)


def test_a_safety_rule_is_not_overridden() -> None:
    with running() as services:
        one = AtCluster(services).connect()

        with pytest.raises(RefusedError, match="safety rule"):
            one.turn(one.state(), "nowhere")
        assert one.state().region == "east"
