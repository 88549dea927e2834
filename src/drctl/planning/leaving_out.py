"""A plan without some of its items, or for them alone; pure. The whole plan stays what was agreed to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from drctl.core.item import ItemRef
from drctl.core.verdict import Tier
from drctl.planning.plan import Phase, Plan, Wave
from drctl.steps import leaving_out
from drctl.steps.catalog import AnyStep
from drctl.steps.fence_streams import FenceStreams
from drctl.steps.promote_stream import PromoteStream


def items_of(plan: Plan) -> dict[ItemRef, Tier]:
    """Return every item that may be left out, in the plan's order, with its tier."""
    return {
        ItemRef(step.id, name): tier for step in plan.steps() for name, tier in leaving_out.item_tiers(step).items()
    }


def with_dependents(plan: Plan, refs: Iterable[ItemRef]) -> tuple[ItemRef, ...]:
    """Return items together with what later steps would do on top of them: a stream's consumers, its mirror."""
    todo, steps = list(refs), list(plan.steps())
    found: dict[ItemRef, None] = {}
    while todo:
        ref = todo.pop(0)
        found[ref] = None
        place = next((number for number, step in enumerate(steps) if step.id == ref.step_id), len(steps))
        for later in steps[place + 1 :]:
            names = leaving_out.depends(later, steps[place], ref.item)
            todo += [more for name in names if (more := ItemRef(later.id, name)) not in found and more not in todo]
    order = {step.id: number for number, step in enumerate(steps)}
    return tuple(sorted(found, key=lambda ref: (order.get(ref.step_id, len(steps)), ref.item)))


def breaks(plan: Plan, ref: ItemRef) -> tuple[str, ...]:
    """Return what is not so while an item and all that rests on it are left out, a sentence each."""
    steps = {step.id: step for step in plan.steps()}
    refs = [found for found in with_dependents(plan, (ref,)) if found.step_id in steps]
    said = [leaving_out.breaks(steps[found.step_id], found.item) for found in refs]
    promoted = {found.item for found in refs if isinstance(steps[found.step_id], PromoteStream)}
    # Next to what it is about: the screen of a run that stopped has room for little.
    said[1:1] = [
        f"{item.name} is fenced in {step.region}: it takes writes in no region"
        for step in plan.steps()
        if isinstance(step, FenceStreams) and step.region == plan.intent.source
        for item in step.items
        if item.name in promoted
    ]
    return tuple(dict.fromkeys(said))


def without(plan: Plan, refs: Iterable[ItemRef]) -> Plan:
    """Return what is left of a plan without items and all that rests on them. Its digest stays the whole plan's."""
    gone = with_dependents(plan, refs)
    return _mapped(plan, lambda step: leaving_out.without(step, names_in(step, gone)))


def only(plan: Plan, refs: Iterable[ItemRef]) -> Plan:
    """Return what a plan does for items and all that rests on them."""
    wanted = with_dependents(plan, refs)
    return _mapped(plan, lambda step: leaving_out.only(step, names_in(step, wanted)))


def names_in(step: AnyStep, refs: Iterable[ItemRef]) -> frozenset[str]:
    """Return the names of one step's items among some."""
    return frozenset(ref.item for ref in refs if ref.step_id == step.id)


def _mapped(plan: Plan, part: Callable[[AnyStep], AnyStep | None]) -> Plan:
    phases = []
    for phase in plan.phases:
        waves = [
            Wave(steps)
            for wave in phase.waves
            if (steps := tuple(left for step in wave.steps if (left := part(step)) is not None))
        ]
        if waves:
            phases.append(Phase(phase.name, tuple(waves)))
    return replace(plan, phases=tuple(phases))
