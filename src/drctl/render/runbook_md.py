"""A plan as a document for a human who has no drctl: every step, its commands, and how to see that it worked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.core.intent import Mode
from drctl.render.markdown import plain
from drctl.render.wording import lasted, masked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.core.access import Access, Command
    from drctl.core.intent import Intent
    from drctl.planning.plan import Phase, Plan
    from drctl.steps.catalog import AnyStep

_FENCES = frozenset({"fence_streams", "fence_workloads"})


def runbook_md(plan: Plan, access: Access) -> str:
    """Return the plan as Markdown. Secrets stay references that the shell resolves."""
    return "\n".join(_lines(plan, access)) + "\n"


def _lines(plan: Plan, access: Access) -> Iterator[str]:
    intent = plan.intent
    yield f"# {intent.operation.value.capitalize()} of {plan.service}: {intent.source} -> {intent.target}, by hand"
    yield ""
    yield f"Mode {intent.mode.value}, plan {plan.digest}. Work from top to bottom; look after each step."
    yield "**Look** reads only; **Do** changes something. Steps of one wave may be done at the same time."
    yield "What `drctl resume` finds done by hand it leaves as it is."
    yield f"Streams are signed with epoch {access.stamp.epoch}; a line refuses where a later one has signed. After any"
    yield "other move print the runbook anew."
    if plan.findings:
        yield ""
    for finding in plan.findings:
        yield f"- `{finding.code}`: {plain(finding.message)}"
    for number, phase in enumerate(plan.phases, start=1):
        yield from _phase(number, phase, plan, access)
        if phase.name == plan.no_return_after:
            yield from ("", "---", "")
            yield "**Point of no return**: from here on, going back is a new failover with a loss of its own."
            yield from ("", "---")


def _phase(number: int, phase: Phase, plan: Plan, access: Access) -> Iterator[str]:
    yield ""
    yield f"## {number}. {phase.name}"
    for place, wave in enumerate(phase.waves, start=1):
        if len(phase.waves) > 1:
            yield ""
            yield f"**Wave {place}**" + (f", when all of wave {place - 1} is done and seen:" if place > 1 else ":")
        for step in wave.steps:
            yield from _step(step, plan.intent, access)


def _step(step: AnyStep, intent: Intent, access: Access) -> Iterator[str]:
    yield ""
    yield f"### {step.title}"
    yield ""
    yield f"`{step.id}`, give it {lasted(step.deadline)}; needs the {step.plane.value} plane."
    if intent.mode is Mode.EMERGENCY and step.kind in _FENCES:
        yield ""
        yield f"If {intent.source} does not answer, go on: it may still take writes, and its fence stays pending."
        yield "Fence it by these lines as soon as it answers, before the link to it is opened."
    # In the step's own order: a line that writes may need what the line before it has read.
    for place, command in enumerate(step.by_hand(access), start=1):
        yield from _command(place, command)


def _command(place: int, command: Command) -> Iterator[str]:
    number = f"{place}. "
    margin = " " * len(number)
    yield ""
    yield f"{number}**{'Do' if command.writes else 'Look'}:** {plain(command.does)}"
    yield ""
    yield f"{margin}```sh"
    yield from (f"{margin}{line}" for line in masked(command.line).splitlines())
    yield f"{margin}```"
