"""A plan as a document for a human who has no drctl: every step, its commands, and how to see that it worked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.render.wording import lasted, masked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.core.access import Access, Command
    from drctl.planning.plan import Phase, Plan
    from drctl.steps.catalog import AnyStep


def runbook_md(plan: Plan, access: Access) -> str:
    """Return the plan as Markdown. Secrets stay references that the shell resolves."""
    return "\n".join(_lines(plan, access)) + "\n"


def _lines(plan: Plan, access: Access) -> Iterator[str]:
    intent = plan.intent
    yield f"# {intent.operation.value.capitalize()} of {plan.service}: {intent.source} -> {intent.target}, by hand"
    yield ""
    yield f"Mode {intent.mode.value}, plan {plan.digest}. Work from top to bottom; look after each step."
    yield "Steps of one wave may be done at the same time. What `drctl resume` finds done by hand it leaves as it is."
    for finding in plan.findings:
        yield f"- {finding.code}: {finding.message}"
    for number, phase in enumerate(plan.phases, start=1):
        yield from _phase(number, phase, access)
        if phase.name == plan.no_return_after:
            yield ""
            yield "---"
            yield "**Point of no return**: from here on, going back is a new failover with a loss of its own."
            yield "---"


def _phase(number: int, phase: Phase, access: Access) -> Iterator[str]:
    yield ""
    yield f"## {number}. {phase.name}"
    for wave in phase.waves:
        for step in wave.steps:
            yield from _step(step, access)


def _step(step: AnyStep, access: Access) -> Iterator[str]:
    yield ""
    yield f"### {step.title}"
    yield ""
    yield f"`{step.id}`, give it {lasted(step.deadline)}; needs the {step.plane.value} plane."
    commands = step.by_hand(access)
    for heading, writes in (("Do", True), ("See that it worked", False)):
        chosen = [command for command in commands if command.writes is writes]
        if chosen:
            yield ""
            yield f"{heading}:"
            for command in chosen:
                yield from _command(command)


def _command(command: Command) -> Iterator[str]:
    yield ""
    yield f"- {command.does}"
    yield ""
    yield "  ```sh"
    yield f"  {masked(command.line)}"
    yield "  ```"
