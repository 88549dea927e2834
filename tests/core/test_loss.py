"""What was lost is measured, bounded or unknown; a bound contains the truth."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from drctl.core.loss import (
    LossState,
    MirrorPosition,
    Observations,
    bound_loss,
    measured_loss,
    newest_head,
    public_failed_since,
    source_failed_since,
)
from drctl.core.observed import Heartbeat, HttpAnswer, Sample

T0 = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def beat(seconds: float, head: int, region: str = "east") -> Heartbeat:
    return Heartbeat(region, at(seconds), (("ORDERS", head),))


def sample(seconds: float, *, head: int | None = None, dark: tuple[str, ...] = (), status: int = 200) -> Sample:
    answer = HttpAnswer(status, "east", "" if status else "refused", timedelta(0), at(seconds))
    heads = (("east", (("ORDERS", head),)),) if head is not None else ()
    return Sample(at(seconds), answer, heads, tuple((region, "silent") for region in dark))


def seen(
    beats: tuple[Heartbeat, ...] = (), samples: tuple[Sample, ...] = (), failed: float = 100, skew: float = 0
) -> Observations:
    return Observations("east", beats, samples, at(failed), timedelta(seconds=skew))


MIRROR = MirrorPosition("ORDERS", 10, at(50))


def test_the_anchor_is_the_newest_heartbeat_whose_head_the_mirror_holds() -> None:
    beats = (beat(90, 14), beat(80, 11), beat(70, 10), beat(60, 9))

    loss = bound_loss(MIRROR, seen(beats))

    assert (loss.state, loss.seconds_max, loss.messages_min) == (LossState.BOUNDED, 30.0, 4)
    assert loss.messages_exact is None


def test_the_mirrors_own_last_message_is_the_anchor_where_it_is_newer() -> None:
    loss = bound_loss(MirrorPosition("ORDERS", 10, at(75)), seen((beat(70, 10),)))

    assert loss.seconds_max == 25.0


def test_without_heartbeats_the_last_message_that_arrived_is_the_anchor() -> None:
    loss = bound_loss(MIRROR, seen())

    assert (loss.seconds_max, loss.messages_min) == (50.0, 0)


def test_where_nothing_ever_arrived_nothing_is_known() -> None:
    loss = bound_loss(MirrorPosition("ORDERS", 0, None), seen((beat(70, 10),)))

    assert (loss.state, loss.seconds_max, loss.messages_min) == (LossState.UNKNOWN, None, None)


def test_a_heartbeat_of_another_region_is_no_anchor() -> None:
    assert bound_loss(MIRROR, seen((beat(99, 10, "west"),))).seconds_max == 50.0


def test_a_heartbeat_that_does_not_know_the_stream_is_no_anchor() -> None:
    stranger = Heartbeat("east", at(99), (("OTHER", 1),))

    assert bound_loss(MIRROR, seen((stranger,))).seconds_max == 50.0


@pytest.mark.parametrize("skew", [2.0, -2.0])
def test_clocks_that_differ_make_the_bound_wider_in_either_direction(skew: float) -> None:
    assert bound_loss(MIRROR, seen(skew=skew)).seconds_max == 52.0


def test_a_head_that_only_a_sample_saw_counts_for_the_messages() -> None:
    loss = bound_loss(MIRROR, seen((beat(70, 10),), (sample(71, head=15), sample(72))))

    assert loss.messages_min == 5


def test_what_arrived_after_the_failure_contradicts_it_and_nothing_is_known() -> None:
    loss = bound_loss(MIRROR, seen((beat(120, 10),), (sample(1, head=3),), failed=100))

    assert (loss.state, loss.seconds_max, loss.messages_min) == (LossState.UNKNOWN, None, None)
    assert "contradict" in loss.evidence


def test_a_fenced_source_gives_the_exact_number() -> None:
    loss = measured_loss(MIRROR, 13, at(58))

    assert (loss.state, loss.messages_exact, loss.messages_min, loss.seconds_max) == (LossState.MEASURED, 3, 3, 8.0)


def test_a_drained_source_lost_nothing() -> None:
    loss = measured_loss(MIRROR, 10, at(50))

    assert (loss.messages_exact, loss.seconds_max) == (0, 0.0)


def test_a_mirror_that_never_got_anything_has_no_known_seconds() -> None:
    assert measured_loss(MirrorPosition("ORDERS", 0, None), 4, at(58)).seconds_max is None


def test_the_source_failed_with_the_first_of_the_dark_samples_that_end_the_record() -> None:
    row = (sample(1, dark=("east",)), sample(2), sample(3, dark=("east",)), sample(4, dark=("east", "west")))

    assert source_failed_since(row, "east", at(5)) == at(3)
    assert source_failed_since(row, "west", at(5)) == at(4)


def test_a_source_that_the_last_sample_saw_has_not_failed() -> None:
    assert source_failed_since((sample(1, dark=("east",)), sample(2)), "east", at(3)) is None
    assert source_failed_since((), "east", at(3)) is None


def test_a_record_that_ended_in_an_earlier_outage_says_nothing_of_this_one() -> None:
    blip = (sample(1), sample(2, dark=("east",), status=503), sample(3, dark=("east",), status=503))

    assert source_failed_since(blip, "east", at(2100)) is None
    assert public_failed_since(blip, at(2100)) is None


def test_a_time_without_samples_breaks_the_row() -> None:
    row = (sample(1, dark=("east",), status=503), sample(2000, dark=("east",), status=503))

    assert source_failed_since(row, "east", at(2001)) == at(2000)
    assert public_failed_since(row, at(2001)) == at(2000)


def test_a_source_that_was_heard_of_later_had_not_failed() -> None:
    row = (sample(1), sample(2, dark=("east",)), sample(3, dark=("east",)))

    assert source_failed_since(row, "east", at(9), heard=at(8)) is None
    assert source_failed_since(row, "east", at(9), heard=at(2)) == at(2)


@pytest.mark.parametrize(("status", "failed"), [(0, True), (503, True), (500, True), (404, False), (200, False)])
def test_what_counts_as_a_failed_sample_of_the_public_name(status: int, *, failed: bool) -> None:
    row = (sample(1), sample(2, status=status), sample(3, status=status))

    assert public_failed_since(row, at(4)) == (at(2) if failed else None)


def test_the_newest_head_is_the_largest_that_anybody_recorded() -> None:
    assert newest_head("ORDERS", "east", (beat(1, 4), beat(2, 3)), (sample(3, head=6), sample(4, head=5))) == 6
    assert newest_head("OTHER", "east", (beat(1, 4),), ()) == 0


def test_the_bounds_contain_the_truth_whatever_happened(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(500):
        times = sorted(dice.uniform(0, 60) for _ in range(dice.randint(1, 30)))
        cut, failed = dice.uniform(0, 60), 61.0
        held = [time for time in times if time <= cut]
        if not held:
            continue
        mirror = MirrorPosition("ORDERS", len(held), at(held[-1]))
        # A heartbeat says what was stored before it; those after the cut never arrive, samples always do.
        beats = tuple(beat(s, sum(time <= s for time in times)) for s in range(60, -1, -3) if s <= cut)
        samples = tuple(sample(s, head=sum(time <= s for time in times)) for s in range(0, 61, 7))

        loss = bound_loss(mirror, seen(beats, samples, failed))

        lost = times[len(held) :]
        assert loss.messages_min is not None
        assert loss.messages_min <= len(lost)
        assert loss.seconds_max is not None
        assert not lost or loss.seconds_max >= failed - lost[0]
