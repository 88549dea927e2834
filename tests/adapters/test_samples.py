from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.adapters.journal.samples import SampleFile
from drctl.core.observed import HttpAnswer, Sample

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 1, tzinfo=UTC)


def sample(number: int) -> Sample:
    at = START + timedelta(seconds=number)
    answer = HttpAnswer(200, "east", "", timedelta(milliseconds=12), at, "hello")
    heads = (("east", (("ORDERS", number), ("KV_shop", 2))),)
    return Sample(at, answer, heads, (("west", "no answer"),), (("shop.lab.test A", 2),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "samples.jsonl"


def test_nothing_is_read_where_nothing_was_kept(path: Path) -> None:
    assert SampleFile(path).newest(10) == ()


def test_samples_come_back_as_they_were_oldest_first(path: Path) -> None:
    file = SampleFile(path)
    for number in range(5):
        file.keep(sample(number))

    assert SampleFile(path).newest(3) == (sample(2), sample(3), sample(4))
    assert SampleFile(path).newest(99) == tuple(map(sample, range(5)))
    assert SampleFile(path).newest(0) == ()


def test_the_file_never_has_more_than_twice_the_limit(path: Path) -> None:
    file = SampleFile(path, limit=10)
    for number in range(95):
        file.keep(sample(number))
        assert len(path.read_bytes().splitlines()) <= 20

    assert file.newest(10) == tuple(map(sample, range(85, 95)))


def test_a_new_process_counts_what_is_there(path: Path) -> None:
    for number in range(50):
        SampleFile(path, limit=10).keep(sample(number))

    assert len(path.read_bytes().splitlines()) <= 20


def test_a_torn_line_is_skipped_and_costs_no_other(path: Path) -> None:
    SampleFile(path).keep(sample(1))
    with path.open("ab") as file:
        file.write(b'{"at":"2026-')
    assert SampleFile(path).newest(9) == (sample(1),)

    SampleFile(path).keep(sample(2))

    assert SampleFile(path).newest(9) == (sample(1), sample(2))


def test_two_writers_lose_nothing(path: Path) -> None:
    def keep_many(first: int) -> None:
        file = SampleFile(path, limit=40)
        for number in range(first, first + 30):
            file.keep(sample(number))

    writers = [threading.Thread(target=keep_many, args=(first,)) for first in (0, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    kept = SampleFile(path).newest(99)
    assert len(kept) == 60
    assert set(kept) == {sample(number) for first in (0, 100) for number in range(first, first + 30)}


def test_the_file_is_its_owners_only(path: Path) -> None:
    SampleFile(path).keep(replace(sample(1), ttls=()))

    assert {oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()} == {"0o600"}
