"""What the clients saw, read from their records: the truth that drctl's claims are compared with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from drctl.lab.layout import CLIENTS, RESOLVING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from drctl.lab.layout import Layout


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

    @property
    def may_be_stored(self) -> bool:
        """Say whether the order may be stored although nobody promised it: no answer, or 502 and 504."""
        return self.status in {0, 502, 504}

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
        """Return when the client last had its promise; the first attempt's sending where it never had one."""
        if self.last_before:
            return self.last_before.at_done
        return next(attempt.at_sent for attempt in (*self.failed, self.first_after) if attempt)

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
    """A client's whole record, or several clients', in the order in which the attempts were answered."""

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
        """Return the orders that may be stored although nobody promised it."""
        return tuple(attempt for attempt in self.attempts if attempt.may_be_stored)

    def beyond(self, domain: str, seq: int) -> tuple[Attempt, ...]:
        """Return the orders that a domain acknowledged above a sequence: what a fork there leaves behind."""
        return tuple(attempt for attempt in self.acknowledged(domain) if attempt.seq > seq)

    def outage_before(self, domain: str, since: datetime) -> Outage | None:
        """Return what came before the first order after a moment that a domain acknowledged.

        An outage without an end where it acknowledged none; None where there was no attempt after that moment.
        """
        last_before: Attempt | None = None
        failed: list[Attempt] = []
        for attempt in self.attempts:
            if not attempt.is_acknowledged:
                failed.append(attempt)
                continue
            if attempt.domain == domain and attempt.at_sent > since:
                return Outage(last_before, attempt, tuple(failed))
            last_before, failed = attempt, []
        return Outage(last_before, None, tuple(failed)) if self.attempts and self.attempts[-1].at_sent > since else None


@dataclass(frozen=True, slots=True)
class Records:
    """Every client's record, by the client's name."""

    of: Mapping[str, Truth]

    @classmethod
    def read(cls, layout: Layout) -> Records:
        """Read them, also while the clients are still writing."""
        return cls({client: Truth.read(layout.client_record(client)) for client in CLIENTS})

    @property
    def resolving(self) -> Truth:
        """The record of the client that resolves each time: by it, outages are timed."""
        return self.of[RESOLVING]

    @property
    def everyone(self) -> Truth:
        """All of them as one: by it, orders are counted."""
        attempts = (attempt for truth in self.of.values() for attempt in truth.attempts)
        return Truth(tuple(sorted(attempts, key=lambda attempt: attempt.at_done)))

    def outages(self, domain: str, since: datetime) -> dict[str, Outage | None]:
        """Return each client's own outage before a domain served it after a moment: `Truth.outage_before`."""
        return {client: truth.outage_before(domain, since) for client, truth in self.of.items()}

    def only(self, holds: Callable[[Attempt], bool]) -> Records:
        """Return the same records with only the attempts for which something holds."""
        return Records({name: Truth(tuple(filter(holds, truth.attempts))) for name, truth in self.of.items()})


def _to_text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
