"""What the client saw, read from its record: the truth that drctl's claims are compared with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Attempt:
    """One order, tried once. `status` is 0 when there was no answer; `seq` is 0 unless the order was acknowledged."""

    id: str
    at_sent: datetime
    at_done: datetime
    address: str = ""
    region: str = ""
    status: int = 0
    stream: str = ""
    seq: int = 0
    domain: str = ""
    error: str = ""

    @property
    def is_acknowledged(self) -> bool:
        """Say whether the client was promised that its order is stored."""
        return self.status == 201 and self.seq > 0

    def to_json(self) -> str:
        """Return the record's line, without its end."""
        return json.dumps(asdict(self) | {"at_sent": _to_text(self.at_sent), "at_done": _to_text(self.at_done)})

    @classmethod
    def from_json(cls, line: str) -> Attempt:
        """Read one line.

        Raises:
            ValueError: It is not a whole line of a record.
        """
        body = json.loads(line)
        known = {field.name: body[field.name] for field in fields(cls) if field.name in body}
        return cls(
            **known
            | {"at_sent": datetime.fromisoformat(body["at_sent"]), "at_done": datetime.fromisoformat(body["at_done"])}
        )


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which no order was acknowledged.

    From the answer to the last order before that was, to the answer to the first order after that was; None
    where there is none. `failed` are the attempts in between.
    """

    last_before: Attempt | None
    first_after: Attempt | None
    failed: tuple[Attempt, ...]

    @property
    def began(self) -> datetime:
        """Return when the client last had its promise; the first failed attempt's sending where it never had one."""
        return self.last_before.at_done if self.last_before else self.failed[0].at_sent

    @property
    def ended(self) -> datetime | None:
        """Return when the client first had its promise again; None if it never had."""
        return self.first_after.at_done if self.first_after else None

    @property
    def lasted(self) -> timedelta | None:
        """Return how long it was; None if it did not end."""
        return self.ended - self.began if self.ended else None


@dataclass(frozen=True, slots=True)
class Truth:
    """A client's whole record, in the order in which the attempts were answered."""

    attempts: tuple[Attempt, ...]

    @classmethod
    def read(cls, record: Path) -> Truth:
        """Read a record, also while the client is still writing: a last line without an end is left out.

        A record that is not there yet is empty.
        """
        try:
            text = record.read_text()
        except FileNotFoundError:
            return cls(())
        whole = text[: text.rfind("\n") + 1].splitlines()
        return cls(tuple(sorted((Attempt.from_json(line) for line in whole), key=lambda attempt: attempt.at_done)))

    def acknowledged(self, domain: str = "") -> tuple[Attempt, ...]:
        """Return the orders that were acknowledged, by one JetStream domain or by any."""
        return tuple(attempt for attempt in self.attempts if attempt.is_acknowledged and domain in {"", attempt.domain})

    def without_answer(self) -> tuple[Attempt, ...]:
        """Return the orders that may be stored although nobody promised it: no answer, or 502 and 504."""
        return tuple(attempt for attempt in self.attempts if attempt.status in {0, 502, 504})

    def beyond(self, domain: str, seq: int) -> tuple[Attempt, ...]:
        """Return the orders that a domain acknowledged above a sequence: what a fork there leaves behind."""
        return tuple(attempt for attempt in self.acknowledged(domain) if attempt.seq > seq)

    def outages(self, at_least: timedelta = timedelta(0)) -> tuple[Outage, ...]:
        """Return the outages, in order; with `at_least`, those that lasted that long or did not end."""
        found: list[Outage] = []
        last_before: Attempt | None = None
        failed: list[Attempt] = []
        for attempt in self.attempts:
            if not attempt.is_acknowledged:
                failed.append(attempt)
                continue
            if failed:
                found.append(Outage(last_before, attempt, tuple(failed)))
                failed = []
            last_before = attempt
        if failed:
            found.append(Outage(last_before, None, tuple(failed)))
        return tuple(outage for outage in found if outage.lasted is None or outage.lasted >= at_least)


def _to_text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
