from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, cast

import pytest
from pydantic import Discriminator

from drctl.adapters.journal.codec import DataclassCodec
from drctl.core.change import Change, Diff, RunMade, Value
from drctl.core.contract import Fact, FactKind
from drctl.core.errors import ExitCode, RefusedError
from drctl.core.events import (
    ApplyIntended,
    EpochClaimed,
    Event,
    FactsMeasured,
    ItemApplied,
    ItemFailed,
    ItemFinished,
    ItemLeftOut,
    ItemTakenUp,
    PhaseStarted,
    Prediction,
    RunConfirmed,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    StepChecked,
    StepEnded,
    StepOutcome,
    StepVerified,
)
from drctl.core.finding import Finding, Severity
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.item import ItemRef
from drctl.core.observed import HttpAnswer
from drctl.core.verdict import Health, ItemVerdict, Tier

EVENTS: DataclassCodec[Event] = DataclassCodec(Annotated[Event, Discriminator("type")])
CHANGES: DataclassCodec[Change] = DataclassCodec(Change)
FACTS: DataclassCodec[Fact] = DataclassCodec(Fact)

MOMENT = datetime(2026, 3, 1, 3, 0, 0, 1, tzinfo=UTC)
DIFF = Diff(
    (Change("api", "deployment/shop/api", "spec.replicas", 0, 3), Change("a", "b", "c", None, RunMade("epoch")))
)
FINDING = Finding("data-loss", "up to 4 s", "Accept it.", Severity.WARN, acceptable=True, subject="orders")

EVERY_EVENT: tuple[Event, ...] = (
    RunStarted("r1", Intent(Operation.FAILOVER, Mode.EMERGENCY, "east", "west", "drill"), "d1", "ann", "0.1.0"),
    RunConfirmed("typed", ("data-loss",), (Prediction("s1", DIFF, (FINDING,)),)),
    RunResumed("ben"),
    EpochClaimed(7),
    PhaseStarted("promote"),
    StepChecked("s1", DIFF, (FINDING,)),
    ApplyIntended("s1", "api", DIFF),
    ItemApplied("s1", "api"),
    ItemFailed("s1", "api", "outcome-unknown", "no answer", unknown=True),
    StepVerified("s1", Health.DEGRADED, "1 of 2", (ItemVerdict("api", Tier.REST, Health.FAILED, "x"),), 1.5),
    FactsMeasured("s1", (Fact(FactKind.FREEZE_TIME, "orders", MOMENT, MOMENT, "note"),)),
    StepEnded("s1", StepOutcome.OPEN, "fence pending"),
    RunPaused("interrupted", "Ctrl-C", "s1"),
    ItemLeftOut(ItemRef("s1", "api"), ("nobody serves",), "ann", "no image"),
    ItemTakenUp(ItemRef("s1", "api"), "ben", (Prediction("s1", DIFF, ()),)),
    ItemFinished(ItemRef("s1", "api")),
    RunEnded(ExitCode.LEFT_OPEN, "done"),
)

VALUES: tuple[Value, ...] = (
    *(True, False, 1, 0, -1, 2**62),
    *("", "1", "true", "null", "2026-03-01T03:00:00Z", "é\u2028\n"),
    *(None, (), ("a",), ("1", "a"), RunMade("epoch")),
)


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: event.type)
def test_every_event_comes_back_as_it_was(event: Event) -> None:
    assert EVENTS.decode(EVENTS.encode(event)) == event


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_changes_value_comes_back_with_its_type(value: Value) -> None:
    change = Change("item", "object", "field", value, value)

    back = CHANGES.decode(CHANGES.encode(change))

    assert back == change
    assert type(back.before) is type(value)


@pytest.mark.parametrize("value", [1, 1.0, 0.1, "1", "2026-03-01T03:00:00Z", MOMENT, None], ids=repr)
def test_a_facts_value_comes_back_with_its_type(value: float | str | datetime | None) -> None:
    back = FACTS.decode(FACTS.encode(Fact(FactKind.DNS_SENT_AFTER, "a", value, MOMENT)))

    assert back.value == value
    assert type(back.value) is type(value)


def test_moments_are_written_in_utc() -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=2)))

    payload = FACTS.encode(Fact(FactKind.FREEZE_SEQ, "a", 1, elsewhere))

    assert b'"2026-03-01T03:00:00.000001Z"' in payload
    assert FACTS.decode(payload).observed_at.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        FACTS.encode(Fact(FactKind.FREEZE_SEQ, "a", 1, MOMENT.replace(tzinfo=None)))


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        FACTS.encode(Fact(FactKind.FREEZE_SEQ, "a", float("nan"), MOMENT))


@pytest.mark.parametrize("micros", [0, 1, -1, 999_999, 1_000_000, 90_061_000_001, -86_400_000_001])
def test_durations_keep_every_microsecond(micros: int) -> None:
    codec: DataclassCodec[HttpAnswer] = DataclassCodec(HttpAnswer)
    answer = HttpAnswer(200, "east", "", timedelta(microseconds=micros), MOMENT)

    assert codec.decode(codec.encode(answer)) == answer


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    assert EVENTS.encode(EpochClaimed(7)) == b'{"epoch":7,"type":"epoch_claimed"}'


def test_keys_that_are_not_known_are_ignored() -> None:
    assert EVENTS.decode(b'{"epoch":7,"later":true,"type":"epoch_claimed"}') == EpochClaimed(7)


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", b"[]", b'{"type":"nonsense"}', b'{"type":"epoch_claimed"}', b'{"epoch":7}'], ids=repr
)
def test_bytes_that_are_no_event_are_refused(payload: bytes) -> None:
    with pytest.raises(RefusedError, match="these bytes are no"):
        EVENTS.decode(payload)


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        CHANGES.encode(cast("Change", "text"))
