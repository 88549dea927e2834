"""The ways of one step's records, in the order in which they are tried: the vendor's API, and switches beside it.

A switch goes before what the vendor's record sets say: its health checks take a region out of the answers, whoever is
PRIMARY or has the weight. So the first switch that names a region decides; where none does, the vendor's records do;
where those cannot be read, the name servers' answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from drctl.core.errors import (
    AdapterError,
    ConflictError,
    OutcomeUnknownError,
    ThrottledError,
    UnreachableError,
)
from drctl.core.topology import VENDOR, Rung
from drctl.ports.switches import SwitchState
from drctl.ports.world import ReadPorts, WritePorts

_TRY_AGAIN_AFTER = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class SwitchesSeen:
    """What the switches of a ladder say, in its order; a silent one has its error instead."""

    states: tuple[tuple[str, SwitchState | AdapterError], ...]

    @property
    def deciding(self) -> tuple[str, str]:
        """Return the first switch that names a region, and that region; empty where none does."""
        said = ((name, state.region) for name, state in self.states if isinstance(state, SwitchState) and state.region)
        return next(said, ("", ""))


def look_at_switches(world: ReadPorts, ladder: tuple[Rung, ...]) -> SwitchesSeen:
    """Ask every switch of a ladder."""
    return SwitchesSeen(tuple((rung.name, _state(world, rung.name)) for rung in ladder if rung.name != VENDOR))


def climb(
    world: WritePorts,
    ladder: tuple[Rung, ...],
    region: str,
    move_records: Callable[[], None],
    arrived: Callable[[], bool],
) -> str:
    """Move by the first way that works, each given its budget; return its name.

    Every way leads to the same region, so that one whose outcome is unknown does no harm when the next is taken.

    Raises:
        ConflictError: Somebody else moves at the same time; nothing more was tried.
        OutcomeUnknownError: No way worked for sure, and one of them may have.
        UnreachableError: No way could be reached. Nothing was written.
    """
    if len(ladder) == 1 and ladder[0].name == VENDOR:
        move_records()
        return VENDOR
    failed: list[tuple[str, AdapterError]] = []
    for rung in ladder:
        turn = move_records if rung.name == VENDOR else _turning(world, rung.name, region)
        try:
            _within(world, rung.budget, turn)
        except ConflictError:
            raise
        except AdapterError as error:
            failed.append((rung.name, error))
            continue
        if arrived():
            return rung.name
    raise _no_way(failed)


def _turning(world: WritePorts, name: str, region: str) -> Callable[[], None]:
    def turn() -> None:
        state = world.switch(name).state()
        if state.region != region:
            world.switch_writer(name).turn(state, region)

    return turn


def _within(world: WritePorts, budget: timedelta, act: Callable[[], None]) -> None:
    """Act; again while the vendor asks for patience or is silent before anything was sent, within the budget."""
    began = world.clock.elapsed()
    while True:
        try:
            return act()
        except (ThrottledError, UnreachableError):
            if world.clock.elapsed() - began + _TRY_AGAIN_AFTER > budget:
                raise
            world.clock.wait(_TRY_AGAIN_AFTER)


def _state(world: ReadPorts, name: str) -> SwitchState | AdapterError:
    try:
        return world.switch(name).state()
    except AdapterError as error:
        return error


def _no_way(failed: list[tuple[str, AdapterError]]) -> AdapterError:
    told = "; ".join(_words(failed)) or "every way was taken, and the names still lead elsewhere"
    remedy = failed[0][1].remedy if failed else "Look at each way by hand: `drctl plan failover --runbook`."
    unknown = not failed or any(isinstance(error, OutcomeUnknownError) for _, error in failed)
    kind = OutcomeUnknownError if unknown else UnreachableError
    return kind(f"no way of the ladder moved the names: {told}", remedy=remedy)


def _words(failed: list[tuple[str, AdapterError]]) -> Iterator[str]:
    for name, error in failed:
        yield f"{name}: {error.message}"
