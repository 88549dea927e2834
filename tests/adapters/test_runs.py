from __future__ import annotations

import json
import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drctl.adapters.journal.runs import FileJournal, FileRunStore
from drctl.core.errors import NotFoundError, RefusedError
from drctl.core.events import EpochClaimed, PhaseStarted

if TYPE_CHECKING:
    from drctl.ports.clock import Clock

PLAN = b'{"steps":[]}'


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> FileRunStore:
    return FileRunStore(tmp_path / "state", clock, "0.3.1")


def journal_file(store: FileRunStore, run_id: str = "r1") -> Path:
    return Path(store.folder(run_id)) / "journal.jsonl"


def with_three_lines(store: FileRunStore) -> FileJournal:
    journal = store.create("r1", PLAN)
    journal.append(PhaseStarted("guard"), EpochClaimed(1))
    journal.append(PhaseStarted("promote"))
    return journal


def test_what_was_appended_is_there_when_the_run_is_opened_again(store: FileRunStore) -> None:
    journal = with_three_lines(store)

    again = store.open("r1")

    assert again.records() == journal.records()
    assert [record.seq for record in again.records()] == [1, 2, 3]
    assert store.plan("r1") == PLAN


def test_append_returns_only_the_new_records(store: FileRunStore) -> None:
    journal = with_three_lines(store)

    (record,) = journal.append(PhaseStarted("switch"))

    assert (record.seq, record.event) == (4, PhaseStarted("switch"))


def test_a_run_goes_on_after_it_was_opened_again(store: FileRunStore) -> None:
    with_three_lines(store)
    store.open("r1").append(PhaseStarted("switch"))

    assert [record.seq for record in store.open("r1").records()] == [1, 2, 3, 4]


def test_a_line_names_schema_and_version_and_the_line_before_it(store: FileRunStore) -> None:
    with_three_lines(store)

    lines = [json.loads(line) for line in journal_file(store).read_text().splitlines()]

    assert {"schema", "drctl", "seq", "at", "prev", "event", "hash"} == set(lines[0])
    assert (lines[0]["schema"], lines[0]["drctl"]) == (1, "0.3.1")
    assert lines[1]["prev"] == lines[0]["hash"]


def test_a_torn_last_line_is_cut_off_and_kept_beside(store: FileRunStore) -> None:
    with_three_lines(store)
    whole = journal_file(store).read_bytes()
    journal_file(store).write_bytes(whole[:-10])

    again = store.open("r1")

    assert len(again.records()) == 2
    assert journal_file(store).read_bytes() == b"".join(whole.splitlines(keepends=True)[:2])
    torn = journal_file(store).with_name("journal.torn")
    assert torn.read_bytes() == whole.splitlines()[2][:-9] + b"\n"
    again.append(PhaseStarted("switch"))
    assert len(store.open("r1").records()) == 3


def test_every_cut_of_the_last_line_is_repaired(store: FileRunStore) -> None:
    with_three_lines(store)
    whole = journal_file(store).read_bytes()
    two = len(b"".join(whole.splitlines(keepends=True)[:2]))
    for size in range(two, len(whole)):
        journal_file(store).write_bytes(whole[:size])
        assert len(store.open("r1").records()) == 2


def test_a_changed_line_is_refused_and_named(store: FileRunStore) -> None:
    with_three_lines(store)
    text = journal_file(store).read_text()
    journal_file(store).write_text(text.replace('"epoch":1', '"epoch":2'))

    with pytest.raises(RefusedError, match=r"line 2: was changed.*chain is broken"):
        store.open("r1")


def test_a_missing_line_is_refused_and_named(store: FileRunStore) -> None:
    with_three_lines(store)
    lines = journal_file(store).read_bytes().splitlines(keepends=True)
    journal_file(store).write_bytes(lines[0] + lines[2])

    with pytest.raises(RefusedError, match=r"line 2: does not follow"):
        store.open("r1")


def test_a_line_that_is_no_json_is_refused_and_named(store: FileRunStore) -> None:
    with_three_lines(store)
    lines = journal_file(store).read_bytes().splitlines(keepends=True)
    journal_file(store).write_bytes(lines[0] + b"nonsense\n" + lines[1])

    with pytest.raises(RefusedError, match="line 2: is no journal line"):
        store.open("r1")


def test_another_plan_under_the_same_journal_is_refused(store: FileRunStore) -> None:
    with_three_lines(store)
    journal_file(store).with_name("plan.json").write_bytes(b'{"steps":[1]}')

    with pytest.raises(RefusedError, match=r"line 1: does not follow.*plan\.json"):
        store.open("r1")


@pytest.mark.parametrize(
    ("written_by", "opened_by", "opens"),
    [
        ("0.3.1", "0.3.0", True),
        ("0.3.1", "0.4.0", True),
        ("0.3.1", "0.5.0", False),
        ("0.4.0", "0.3.1", False),
        ("1.0.0", "0.0.1", False),
        ("0.3.0rc1", "0.3.0", True),
        ("weird", "0.3.0", False),
    ],
)
def test_runs_of_the_same_and_the_previous_minor_version_open(
    tmp_path: Path, clock: Clock, written_by: str, opened_by: str, *, opens: bool
) -> None:
    FileRunStore(tmp_path, clock, written_by).create("r1", PLAN).append(EpochClaimed(1))
    opener = FileRunStore(tmp_path, clock, opened_by)

    if opens:
        assert len(opener.open("r1").records()) == 1
    else:
        with pytest.raises(RefusedError, match=f"written by drctl {written_by}"):
            opener.open("r1")


def test_a_second_writer_is_refused_and_writes_nothing(store: FileRunStore) -> None:
    with_three_lines(store)
    first, second = store.open("r1"), store.open("r1")
    first.append(PhaseStarted("switch"))

    with pytest.raises(RefusedError, match="another process works on this run"):
        second.append(PhaseStarted("promote"))

    assert len(store.open("r1").records()) == 4


def test_threads_append_without_losing_or_mixing_lines(store: FileRunStore) -> None:
    journal = store.create("r1", PLAN)
    threads = [
        threading.Thread(target=lambda n=number: [journal.append(EpochClaimed(n * 100 + i)) for i in range(20)])
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    events = {record.event for record in store.open("r1").records()}
    assert events == {EpochClaimed(n * 100 + i) for n in range(4) for i in range(20)}


def test_a_run_that_does_not_exist_is_not_found(store: FileRunStore) -> None:
    with pytest.raises(NotFoundError, match="there is no run r9"):
        store.open("r9")


@pytest.mark.parametrize("run_id", ["../outside", "/tmp", "..", "a/b", ""])  # noqa: S108
def test_a_runs_id_never_leads_outside(store: FileRunStore, run_id: str) -> None:
    with_three_lines(store)

    with pytest.raises(NotFoundError):
        store.plan(run_id)


def test_a_run_is_created_once(store: FileRunStore) -> None:
    with_three_lines(store)

    with pytest.raises(RefusedError, match="there is a run r1"):
        store.create("r1", PLAN)


def test_runs_are_listed_by_their_beginning(store: FileRunStore, clock: Clock) -> None:
    for run_id in ("zeta", "alpha", "mid"):
        store.create(run_id, PLAN).append(EpochClaimed(1))
        clock.wait(timedelta(seconds=1))

    assert store.run_ids() == ("zeta", "alpha", "mid")


def test_no_runs_are_listed_where_none_were(store: FileRunStore) -> None:
    assert store.run_ids() == ()


def test_everything_is_its_owners_only(store: FileRunStore) -> None:
    with_three_lines(store)
    folder = Path(store.folder("r1"))

    assert [oct(place.stat().st_mode & 0o777) for place in (folder, folder.parent, folder.parent.parent)] == [
        "0o700"
    ] * 3
    assert {oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {"0o600"}


def test_a_full_disk_leaves_nothing_of_the_line_that_failed(
    store: FileRunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = with_three_lines(store)
    before = journal_file(store).read_bytes()

    def half_then_full(descriptor: int, content: bytes) -> None:
        os.write(descriptor, content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("drctl.adapters.journal.durable.write_all", half_then_full)
        with pytest.raises(RefusedError, match="No space left"):
            journal.append(PhaseStarted("switch"))

    assert journal_file(store).read_bytes() == before
    assert journal.append(PhaseStarted("switch"))[0].seq == 4
