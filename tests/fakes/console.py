"""Who stands at the keyboard: gates, an observer that remembers, an operator who stops the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drctl.ports.gate import Answer

if TYPE_CHECKING:
    from datetime import timedelta

    from drctl.core.events import Event
    from drctl.core.verdict import Verdict
    from drctl.ports.gate import Lame, Question
    from drctl.ports.journal import Record


@dataclass
class FakeGate:
    """The port `Gate`: says RUN until the step that is refused; goes on without items only if it is told to."""

    refuses: str = ""
    goes_on_degraded: bool = False
    asked: list[str] = field(default_factory=list)

    def allows(self, question: Question) -> Answer:
        self.asked.append(question.step_id)
        return Answer.PAUSE if question.step_id == self.refuses else Answer.RUN

    def goes_on(self, without: tuple[Lame, ...]) -> bool:
        self.asked += [f"{lame.ref}: {lame.why}" for lame in without]
        return self.goes_on_degraded


@dataclass
class FakeObserver:
    """The port `Observer`: remembers. `breaks` makes each call raise, as a screen may."""

    breaks: bool = False
    events: list[Event] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)

    def recorded(self, record: Record) -> None:
        self.events.append(record.event)
        self._break()

    def waiting(self, step_id: str, verdict: Verdict, waited: timedelta) -> None:  # noqa: ARG002 - the step is enough
        self.waits.append(step_id)
        self._break()

    def _break(self) -> None:
        if self.breaks:
            raise OSError("the terminal is gone")
