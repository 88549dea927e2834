from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from drctl.lab.truth import Attempt, Records, Truth

if TYPE_CHECKING:
    from pathlib import Path

    from drctl.lab.layout import Layout

_START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return _START + timedelta(seconds=seconds)


def acknowledged(number: int, seconds: float, domain: str = "east", seq: int = 1) -> Attempt:
    return Attempt(f"o-{number}", at(seconds), at(seconds + 0.01), "127.0.0.11", domain, 201, "ORDERS", seq, domain)


def failed(number: int, seconds: float, took: float = 0.01, status: int = 503) -> Attempt:
    return Attempt(f"o-{number}", at(seconds), at(seconds + took), "127.0.0.11", "east", status, error="no")


def record(path: Path, *attempts: Attempt) -> Path:
    path.write_text("".join(attempt.to_json() + "\n" for attempt in attempts))
    return path


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    attempts = (acknowledged(1, 0), failed(2, 1))

    assert Truth.read(record(tmp_path / "r", *attempts)).attempts == attempts


def test_a_line_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    path = record(tmp_path / "r", acknowledged(1, 0))
    with path.open("a") as open_record:
        open_record.write('{"id": "o-2", "at_se')

    assert [attempt.id for attempt in Truth.read(path).attempts] == ["o-1"]


def test_no_record_yet_is_an_empty_one(tmp_path: Path) -> None:
    assert Truth.read(tmp_path / "none").attempts == ()


def test_an_outage_runs_from_the_last_promise_before_to_the_first_after(tmp_path: Path) -> None:
    path = record(tmp_path / "r", acknowledged(1, 0), failed(2, 1), failed(3, 2), acknowledged(4, 3, "west"))

    outage = Truth.read(path).outage_before("west", at(0.5))

    assert outage is not None
    assert outage.began == at(0.01)
    assert outage.ended == at(3.01)
    assert outage.lasted == timedelta(seconds=3)
    assert [attempt.id for attempt in outage.failed] == ["o-2", "o-3"]


def test_an_answer_that_comes_late_counts_when_it_comes(tmp_path: Path) -> None:
    path = record(tmp_path / "r", acknowledged(1, 0), failed(2, 0.1, took=2.0, status=0), acknowledged(3, 1))

    outage = Truth.read(path).outage_before("west", at(0))

    assert outage is not None
    assert outage.last_before is not None
    assert outage.last_before.id == "o-3"
    assert outage.ended is None
    assert outage.lasted is None


def test_an_outage_ends_only_with_an_order_that_was_sent_after_the_moment(tmp_path: Path) -> None:
    path = record(
        tmp_path / "r", acknowledged(1, 0, "west"), failed(2, 1), acknowledged(3, 2), failed(4, 3), acknowledged(5, 4)
    )

    outage = Truth.read(path).outage_before("east", at(2.5))

    assert outage is not None
    assert [attempt.id for attempt in outage.failed] == ["o-4"]
    assert outage.ended == at(4.01)


def test_who_was_never_served_has_an_outage_from_the_first_attempt(tmp_path: Path) -> None:
    outage = Truth.read(record(tmp_path / "r", failed(1, 1), failed(2, 2))).outage_before("west", at(0))

    assert outage is not None
    assert outage.began == at(1)
    assert outage.ended is None


def test_who_did_not_order_since_has_no_outage(tmp_path: Path) -> None:
    assert Truth.read(record(tmp_path / "r", acknowledged(1, 0))).outage_before("west", at(1)) is None
    assert Truth.read(tmp_path / "none").outage_before("west", at(1)) is None


def test_records_are_read_by_client_and_as_one(layout: Layout) -> None:
    record(layout.client_record("resolving"), acknowledged(1, 0), acknowledged(3, 2))
    record(layout.client_record("publisher"), acknowledged(2, 1))

    records = Records.read(layout)

    assert list(records.of) == ["resolving", "keep-alive", "publisher"]
    assert [attempt.id for attempt in records.resolving.attempts] == ["o-1", "o-3"]
    assert [attempt.id for attempt in records.everyone.attempts] == ["o-1", "o-2", "o-3"]
    early = records.only(lambda attempt: attempt.at_sent < at(2))
    assert [attempt.id for attempt in early.everyone.attempts] == ["o-1", "o-2"]


def test_orders_are_told_apart_by_the_domain_that_acknowledged_them(tmp_path: Path) -> None:
    path = record(
        tmp_path / "r", acknowledged(1, 0, seq=7), acknowledged(2, 1, seq=8), acknowledged(3, 9, "west", seq=8)
    )
    truth = Truth.read(path)

    assert [attempt.id for attempt in truth.acknowledged("west")] == ["o-3"]
    assert [attempt.id for attempt in truth.beyond("east", 7)] == ["o-2"]


def test_what_got_no_answer_may_be_stored_and_what_was_refused_is_not(tmp_path: Path) -> None:
    path = record(tmp_path / "r", failed(1, 0, status=0), failed(2, 1, status=504), failed(3, 2, status=503))

    assert [attempt.id for attempt in Truth.read(path).without_answer()] == ["o-1", "o-2"]
