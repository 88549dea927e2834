"""The number of the next move."""

from __future__ import annotations

from dataclasses import replace

from drctl.app.epochs import next_epoch
from drctl.core.observed import RecordState
from drctl.steps.switch_dns import note_name
from fakes.operator import PLANNED, Operator
from fakes.shop import NAME, NOBODY, WEST, ZONE, make_shop


def test_the_next_epoch_is_larger_than_what_anything_carries() -> None:
    operator = Operator(make_shop())
    inventory = operator.prepare(PLANNED).inventory
    locks = (operator.world.lock,)

    def found() -> int:
        return next_epoch(operator.world.reads(NOBODY), operator.topology, locks, inventory)

    assert found() == 1
    streams = (replace(inventory.target.streams[0], epoch=4), *inventory.target.streams[1:])
    inventory = replace(inventory, target=replace(inventory.target, streams=streams))
    assert found() == 5
    secrets = tuple(replace(secret, epoch=6) for secret in inventory.target.secrets)
    inventory = replace(inventory, target=replace(inventory.target, secrets=secrets))
    assert found() == 7
    note = RecordState(note_name(NAME), "TXT", 60, (f"drctl epoch=8 run=x active={WEST}",))
    operator.world.zones[ZONE].put(note)
    assert found() == 9
