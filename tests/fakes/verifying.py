"""A healthy, watched shop, and what `verify` says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.gather import gather
from drctl.app.status import Kept, look
from drctl.app.verify.model import CheckResult, Subject, Verification
from drctl.app.verify.verification import verify
from drctl.core.access import Access
from fakes.calls import ALWAYS, Fault
from fakes.operator import EMERGENCY, Operator
from fakes.shop import INVENTORIES, NAME, NOBODY, WEST, make_shop, watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.world import World

ACCESS = Access(kubectl=(), nats=(), dns=(), curl="curl", public_name=NAME)


def watched_shop() -> Operator:
    """Return the shop as it is on a good day."""
    operator = Operator(make_shop())
    watch(operator.world, operator.topology, 2)
    for stream in operator.world.region(WEST).jetstream.streams.values():
        stream.config["duplicate_window"] = 120_000_000_000
    operator.world.calls.writes.clear()
    return operator


def verified(operator: Operator, *, probe: bool = False) -> Verification:
    world, topology = operator.world, operator.topology
    reads = world.reads(NOBODY)
    inventory = gather(reads, topology, EMERGENCY, INVENTORIES)
    subject = Subject(topology, EMERGENCY, inventory, reads, world.probes(NOBODY) if probe else None, ACCESS)
    return verify(subject, look(reads, topology, Kept(world.runs, operator.stores.locks)))


def result(found: Verification, name: str) -> CheckResult:
    return next(one for one in found.results if one.id == name)


def orders(world: World, region: str = WEST) -> dict[str, object]:
    return world.region(region).jetstream.streams["ORDERS"].config


def silence(pattern: str) -> Callable[[Operator], None]:
    return lambda operator: operator.world.calls.fail(pattern, Fault.UNREACHABLE, times=ALWAYS)
