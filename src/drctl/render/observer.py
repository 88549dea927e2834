"""Who watches a run on this screen: a live step list on a terminal, plain lines elsewhere.

Both write to the stream themselves where a pipe may break: rich ends the process then (`Console.on_broken_pipe`),
and a reader that went away must not stop a failover.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from drctl.core.events import (
    ApplyIntended,
    EpochClaimed,
    ItemApplied,
    ItemFailed,
    ItemFinished,
    ItemLeftOut,
    ItemTakenUp,
    PhaseStarted,
    RunConfirmed,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    StepChecked,
    StepEnded,
)
from drctl.render import progress
from drctl.render.progress import Progress, State, StepProgress
from drctl.render.wording import clock_time, counted, lasted, one_line, wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from drctl.core.change import Diff
    from drctl.core.events import Event
    from drctl.core.finding import Finding
    from drctl.core.verdict import Verdict
    from drctl.planning.plan import Plan
    from drctl.ports.journal import Record

_SAID_AGAIN_AFTER = timedelta(seconds=10)
_STYLES = {
    State.TO_COME: "dim",
    State.LOOKED: "cyan",
    State.WRITING: "bold cyan",
    State.WAITING: "cyan",
    State.DONE: "green",
    State.DEGRADED: "yellow",
    State.OPEN: "yellow",
    State.LEFT_OUT: "yellow",
    State.FAILED: "bold red",
    State.UNKNOWN: "bold red",
}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LiveSteps:
    """A live list of phases and steps on a terminal, with elapsed times and what is being waited for.

    With the plan, steps to come are shown too, and the budget of the api's RTO. Close it when the run is over.
    """

    def __init__(self, console: Console, plan: Plan | None = None, now: Callable[[], datetime] = _utc_now) -> None:
        self._console = console
        self._now = now
        self._progress = progress.of_plan(plan)
        self._limit = next((rule.rto for rule in plan.contracts if rule.component == "api"), None) if plan else None
        self._live: Live | None = None

    def recorded(self, record: Record) -> None:
        """Show one more record."""
        self._progress = progress.advance(self._progress, record)
        if self._progress.is_over:
            self.close()
        elif self._live is None:
            self._start()

    def waiting(self, step_id: str, verdict: Verdict, waited: timedelta) -> None:  # noqa: ARG002 - it counts itself
        """Show what a step waits for."""
        self._progress = progress.see_waiting(self._progress, step_id, verdict)

    def close(self) -> None:
        """Leave the last picture on the screen; safe to call twice."""
        if self._live is not None:
            live, self._live = self._live, None
            live.stop()

    def picture(self) -> Text:
        """Return the list as it is now."""
        lines = list(self._lines())
        return Text("\n").join(lines)

    def _start(self) -> None:
        # stdout carries the result and is never redirected; log lines on stderr are printed above the list.
        self._live = Live(
            console=self._console,
            get_renderable=self.picture,
            redirect_stdout=False,
            vertical_overflow="visible",
        )
        self._live.start()
        # The second Ctrl-C leaves the process at once: it must not leave the operator without a cursor.
        self._console.show_cursor(show=True)

    def _lines(self) -> Iterator[Text]:
        seen, now = self._progress, self._now()
        phases = seen.phases()
        room = max(self._console.height - 4, 8) - sum(len(steps) + 1 for _, steps in phases)
        for phase, steps in phases:
            if room < 0 and all(step.state is State.DONE for step in steps):
                # What has ended well is folded so that what runs stays on the screen.
                room += len(steps)
                yield _line(f"{phase}: {len(steps)} done", "green", self._console.width)
                continue
            yield _line(phase, "bold", self._console.width)
            yield from (_step_line(step, now, self._console.width) for step in steps)
        yield _line(self._clock(seen, now), "bold", self._console.width)

    def _clock(self, seen: Progress, now: datetime) -> str:
        said = [f"run {lasted(_whole(now - seen.started))}"] if seen.started else []
        if self._limit is not None and seen.outage_since is not None:
            left = _whole(seen.outage_since + self._limit - now)
            over = left < timedelta(0)
            said.append(f"RTO over by {lasted(-left)}" if over else f"RTO budget left {lasted(left)}")
        return ", ".join([*said, *([one_line(seen.said)] if seen.said else [])])


def _step_line(step: StepProgress, now: datetime, width: int) -> Text:
    elapsed = step.elapsed(now)
    time = "" if elapsed is None else f"{elapsed.total_seconds():6.1f} s"
    message = f": {one_line(step.message)}" if step.message and step.state is not State.DONE else ""
    return _line(f"  {step.state.value:<9}{time:>9}  {one_line(step.title)}{message}", _STYLES[step.state], width)


def _line(words: str, style: str, width: int) -> Text:
    line = Text(words, style=style, no_wrap=True, overflow="ellipsis")
    line.truncate(width, overflow="ellipsis")
    return line


def _found(diff: Diff, findings: tuple[Finding, ...]) -> str:
    todo = f"{counted(len(diff.changes), 'field')} to change" if diff.changes else ""
    blocked = f"in its way: {', '.join(dict.fromkeys(finding.code for finding in findings))}" if findings else ""
    return "; ".join(filter(None, (todo, blocked))) or "nothing to change"


def _whole(duration: timedelta) -> timedelta:
    return timedelta(seconds=int(duration.total_seconds()))


class PlainLines:
    """One line an event, with its time in UTC; for logs, pipes, and where each step is asked for."""

    def __init__(self, console: Console, plan: Plan | None = None, now: Callable[[], datetime] = _utc_now) -> None:
        self._stream = console.file
        self._titles = {step.id: step.title for step in plan.steps()} if plan else {}
        self._now = now
        self._waits: dict[str, tuple[str, timedelta]] = {}
        self._is_read = True

    def recorded(self, record: Record) -> None:
        """Print one record, if it says something to a person."""
        if words := self._words(record.event):
            self._write(record.at, words)

    def waiting(self, step_id: str, verdict: Verdict, waited: timedelta) -> None:
        """Print what a step waits for: when that changes, and every ten seconds."""
        said, at = self._waits.get(step_id, ("", timedelta(0)))
        if verdict.message != said or waited - at >= _SAID_AGAIN_AFTER:
            self._waits[step_id] = (verdict.message, waited)
            self._write(self._now(), f"{step_id} waits ({lasted(waited)}): {verdict.message}")

    def close(self) -> None:
        """Do nothing: every line is out already."""

    def _write(self, at: datetime, words: str) -> None:
        if not self._is_read:
            return
        try:
            self._stream.write(f"{clock_time(at)} {one_line(words)}\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._is_read = False

    def _words(self, event: Event) -> str:  # noqa: C901, PLR0911, PLR0912 - one sentence an event
        match event:
            case RunStarted(run_id, intent):
                return f"run {run_id}: {wanted(intent)}"
            case RunResumed(operator):
                return f"resumed by {operator}"
            case RunConfirmed(how, accepted):
                return f"confirmed by {how}; accepted: {', '.join(accepted) or 'nothing'}"
            case EpochClaimed(epoch):
                return f"epoch {epoch}"
            case PhaseStarted(phase):
                return f"== {phase}"
            case StepChecked(step_id, diff, findings):
                title = f" ({self._titles[step_id]})" if step_id in self._titles else ""
                return f"{step_id}{title}: {_found(diff, findings)}"
            case ApplyIntended(step_id, item):
                return f"{step_id} writes {item}"
            case ItemApplied(step_id, item):
                return f"{step_id} wrote {item}"
            case ItemFailed(step_id, item, code, message, unknown):
                became = "OUTCOME UNKNOWN" if unknown else "REFUSED"
                return f"{step_id} {became} {item} ({code}): {message}"
            case StepEnded(step_id, outcome, message):
                return f"{step_id} {outcome.value}: {message}"
            case RunPaused(code, message):
                return f"PAUSED ({code}): {message}"
            case ItemLeftOut(ref, breaks, operator, reason):
                return f"left out {ref} by {operator} ({reason}): {'; '.join(breaks)}"
            case ItemTakenUp(ref, operator):
                return f"{ref} taken up by {operator}"
            case ItemFinished(ref):
                return f"{ref} is finished"
            case RunEnded(exit_code, message):
                return f"ended with exit code {int(exit_code)}: {message}"
            case _:
                return ""
