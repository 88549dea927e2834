"""A run's facts, and what can be asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from drctl.core.contract import FactKind

if TYPE_CHECKING:
    from drctl.core.contract import Fact


@dataclass(frozen=True, slots=True)
class LossLine:
    """What one stream lost, and where it was frozen."""

    stream: str
    freeze_seq: int | None
    state: str
    seconds_max: float | None
    messages_min: int | None
    messages_exact: int | None
    evidence: str


@dataclass(frozen=True, slots=True)
class TailLine:
    """What of one stream only the returned region took: kept in which sealed stream, exported to which file.

    `rescue` is empty for a tail of zero; `file` and `sha256` where the run exported nothing.
    """

    stream: str
    messages: int
    rescue: str
    region: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A run's facts, oldest first: a resumed run may have measured one thing twice."""

    all: tuple[Fact, ...]

    def moments(self, kind: FactKind, subject: str = "") -> list[datetime]:
        """Return every moment of one kind, of one subject if it is named."""
        return [
            fact.value
            for fact in self.all
            if fact.kind is kind and subject in {"", fact.subject} and isinstance(fact.value, datetime)
        ]

    def number(self, kind: FactKind, subject: str) -> float | None:
        """Return the last number of one kind and subject."""
        return _number(self.last(kind, subject))

    def first_moment(self, kind: FactKind) -> datetime | None:
        """Return the first moment of one kind: for what a later look can only see later."""
        return next(iter(self.moments(kind)), None)

    def last_moment(self, kind: FactKind) -> datetime | None:
        """Return the last moment of one kind."""
        return next(reversed(self.moments(kind)), None)

    def latest_moment(self, kind: FactKind) -> datetime | None:
        """Return the latest of what was last measured of each subject: of several zones, the slowest."""
        last = {fact.subject: fact.value for fact in self.all if fact.kind is kind}
        return max((moment for moment in last.values() if isinstance(moment, datetime)), default=None)

    def first_of_each(self, kind: FactKind) -> tuple[object, ...]:
        """Return each subject's first value."""
        first: dict[str, object] = {}
        for fact in self.all:
            if fact.kind is kind:
                first.setdefault(fact.subject, fact.value)
        return tuple(first.values())

    def last(self, kind: FactKind, subject: str) -> Fact | None:
        """Return the last fact of one kind and subject."""
        found = (fact for fact in reversed(self.all) if fact.kind is kind and fact.subject == subject)
        return next(found, None)

    def losses(self) -> tuple[LossLine, ...]:
        """Return each stream's loss as last stated."""
        streams = dict.fromkeys(fact.subject for fact in self.all if fact.kind is FactKind.LOSS_STATE)
        return tuple(self._loss(stream) for stream in streams)

    def tails(self) -> tuple[TailLine, ...]:
        """Return each divergent tail as last measured."""
        streams = dict.fromkeys(fact.subject for fact in self.all if fact.kind is FactKind.TAIL_MESSAGES)
        return tuple(self._tail(stream) for stream in streams)

    def _tail(self, stream: str) -> TailLine:
        kept_in = self.last(FactKind.TAIL_KEPT_IN, stream)
        return TailLine(
            stream=stream,
            messages=int(self.number(FactKind.TAIL_MESSAGES, stream) or 0),
            rescue=_text(kept_in),
            region=kept_in.note if kept_in else "",
            file=_text(self.last(FactKind.TAIL_FILE, stream)),
            sha256=_text(self.last(FactKind.TAIL_SHA256, stream)),
        )

    def _loss(self, stream: str) -> LossLine:
        state = self.last(FactKind.LOSS_STATE, stream)
        seconds = self.number(FactKind.LOSS_SECONDS_MAX, stream)
        least, exact = self.last(FactKind.LOSS_MESSAGES_MIN, stream), self.last(FactKind.LOSS_MESSAGES_EXACT, stream)
        freeze = self.last(FactKind.FREEZE_SEQ, stream)
        return LossLine(
            stream=stream,
            freeze_seq=_whole(freeze),
            state=str(state.value) if state else "unknown",
            seconds_max=seconds,
            messages_min=_whole(least),
            messages_exact=_whole(exact),
            evidence=state.note if state else "",
        )


def _text(fact: Fact | None) -> str:
    return fact.value if fact is not None and isinstance(fact.value, str) else ""


def _number(fact: Fact | None) -> float | None:
    return float(fact.value) if fact is not None and isinstance(fact.value, int | float) else None


def _whole(fact: Fact | None) -> int | None:
    return fact.value if fact is not None and isinstance(fact.value, int) else None
