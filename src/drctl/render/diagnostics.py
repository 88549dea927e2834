"""The failure screen: what somebody must know at 3 a.m., in the order in which they must know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.render.errors import runbook_page
from drctl.render.wording import UNKNOWN, filled, lasted, masked, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from drctl.core.access import Command
    from drctl.core.errors import DrctlError

_WIDTH = 80
_LABEL = 15
_OBSERVED_LINES, _IN_FORCE_LINES, _BY_HAND_COMMANDS, _NAMES = 3, 4, 2, 3
_ON_THE_WAY_HOME = frozenset({"await_link", "rescue_tail", "seal_tail", "rebuild_mirror", "await_sync"})
_ON_THE_WAY_BACK = frozenset({"prove_unwritten", "unfence_streams"})


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that stopped, as far as it is known. An empty text or None means unknown, and is shown so.

    `served` reads like `yes, from west` or `no`; `written_twice` like `no` or `yes: ORDERS in east and west`.
    `expected` is what the step waits for; what was observed is the error's message, in the vendor's own words.
    `in_force` names each field that was changed and stays so, oldest first: `west/stream/ORDERS subjects`.
    `look` is one command that only reads. `by_hand` are the failed step's own commands; `next_commands` are
    ordered, safest first, without the resume. `budget_left` may be negative. `runbook` is the page's path, if it
    is not the usual one. `without` lets the run go on without what failed, and `breaks` says what that breaks.
    `take_up` is the last line, where that is not the resume.
    """

    run_id: str
    operation: str
    step_id: str
    step_title: str
    journal: str
    served: str = ""
    written_twice: str = ""
    expected: str = ""
    in_force: tuple[str, ...] = ()
    past_no_return: bool | None = None
    look: str = ""
    by_hand: tuple[Command, ...] = ()
    next_commands: tuple[str, ...] = ()
    budget_left: timedelta | None = None
    runbook: str = ""
    without: str = ""
    breaks: str = ""
    take_up: str = ""


def failure_text(failure: Failure, error: DrctlError) -> str:
    """Return the screen: about 15 lines of 80 columns (commands may be longer), the last one a command."""
    title = f"{failure.step_id} ({failure.step_title})" if failure.step_title else failure.step_id
    stopped = f"{title} in {failure.operation}" if title else f"{failure.operation}, before its first step"
    lines = [
        *_row("Users served:", failure.served or UNKNOWN, 1),
        *_row("Writable twice:", failure.written_twice or UNKNOWN, 1),
        *_row("Stopped at:", stopped, 2),
        *(_row("Expected:", failure.expected, 1) if failure.expected else ()),
        *_row("Observed:", error.message, _OBSERVED_LINES),
        *_row("In force:", _in_force(failure), _IN_FORCE_LINES),
        *_row("No return:", _side(failure.past_no_return), 1),
        *([_command("Look:", failure.look)] if failure.look else []),
        *_by_hand(failure),
        *(_row("Remedy:", error.remedy, 2) if error.remedy else ()),
        *([_command("Or first:", " ; ".join(failure.next_commands))] if failure.next_commands else []),
        *([_command("Or without it:", failure.without)] if failure.without else []),
        *(_row("  which breaks:", failure.breaks, 2) if failure.breaks else ()),
        *([_command("RTO budget:", _budget(failure.budget_left))] if failure.budget_left is not None else []),
        *_row("Page:", f"{error.code} -> {failure.runbook or runbook_page(error.code)}", 1),
        _command("Journal:", failure.journal),
        failure.take_up or f"drctl resume {failure.run_id}",
    ]
    return "\n".join(lines)


def standing_text(failure: Failure) -> str:
    """Return what is so when nobody goes on with a run: who serves, what stays changed, where it stopped."""
    lines = [
        *_row("Users served:", failure.served or UNKNOWN, 1),
        *_row("Writable twice:", failure.written_twice or UNKNOWN, 1),
        *_row("Stopped at:", f"{failure.step_id or 'no step'} in {failure.operation}", 2),
        *_row("In force:", _in_force(failure), _IN_FORCE_LINES),
        *_row("No return:", _side(failure.past_no_return), 1),
    ]
    return "\n".join(lines)


def _row(label: str, words: str, lines_max: int) -> list[str]:
    lines = filled(words, _WIDTH - _LABEL - 1) or [""]
    if len(lines) > lines_max:
        # The journal has all of it; what must be read next must not scroll away.
        lines = [*lines[: lines_max - 1], f"{lines[lines_max - 1][: _WIDTH - _LABEL - 5]} ..."]
    return [f"{label:<{_LABEL}} {lines[0]}", *(f"{'':<{_LABEL}} {line}" for line in lines[1:])]


def _command(label: str, line: str) -> str:
    return f"{label:<{_LABEL}} {one_line(line)}"


def _in_force(failure: Failure) -> str:
    if not failure.in_force:
        return "nothing was changed by this run, as far as its journal knows"
    return f"changed, newest first: {'; '.join(_objects(failure.in_force))}"


def _objects(in_force: tuple[str, ...]) -> Iterator[str]:
    """Yield what was changed by its place: `west/stream ORDERS, AUDIT`."""
    places: dict[str, list[str]] = {}
    for line in reversed(in_force):
        path = line.rpartition(" ")[0].split("/")
        names = places.setdefault("/".join(path[:2] if len(path) > 2 else path[:-1]), [])
        if path[-1] not in names:
            names.append(path[-1])
    for place, names in places.items():
        left = len(names) - _NAMES
        yield f"{place} {', '.join(sorted(names)[:_NAMES])}" + (f" and {left} more" if left > 0 else "")


def _side(past: bool | None) -> str:
    match past:
        case True:
            return "passed: going back is a new failover, with its own loss"
        case False:
            return "not passed: the target holds no write of the application's own"
        case None:
            return "unknown; treat it as passed"


def _by_hand(failure: Failure) -> list[str]:
    shown = failure.by_hand[:_BY_HAND_COMMANDS]
    lines = [_command("By hand:" if place == 0 else "", masked(command.line)) for place, command in enumerate(shown)]
    if (left := len(failure.by_hand) - len(shown)) > 0:
        lines.append(_command("", f"({left} more; see {step_page(failure.step_id.partition(':')[0])})"))
    return lines


def _budget(left: timedelta) -> str:
    return f"over by {lasted(-left)}" if left.total_seconds() < 0 else f"{lasted(left)} left"


def step_page(kind: str) -> str:
    """Return where the part of a step kind is."""
    way = "undo" if kind in _ON_THE_WAY_BACK else "failback" if kind in _ON_THE_WAY_HOME else "failover"
    return f"runbooks/{way}.md#{kind}"
