from __future__ import annotations

import pytest

from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items, out_of_time

CRITICAL, IMPORTANT, REST = Tier.CRITICAL, Tier.IMPORTANT, Tier.REST
HEALTHY, PROGRESSING, DEGRADED, FAILED = Health.HEALTHY, Health.PROGRESSING, Health.DEGRADED, Health.FAILED
Row = tuple[Tier, Health]


def items(*rows: Row) -> tuple[ItemVerdict, ...]:
    return tuple(ItemVerdict(f"item {n}", tier, health, "why") for n, (tier, health) in enumerate(rows))


@pytest.mark.parametrize(
    ("rows", "health"),
    [
        pytest.param([], HEALTHY, id="nothing_to_judge_is_healthy"),
        pytest.param([(CRITICAL, HEALTHY), (REST, HEALTHY)], HEALTHY, id="all_healthy_is_healthy"),
        pytest.param([(CRITICAL, FAILED), (REST, PROGRESSING)], FAILED, id="a_failed_critical_item_fails_at_once"),
        pytest.param([(CRITICAL, PROGRESSING), (REST, FAILED)], PROGRESSING, id="what_moves_is_waited_for"),
        pytest.param([(CRITICAL, HEALTHY), (REST, PROGRESSING)], PROGRESSING, id="also_where_it_is_a_lesser_item"),
        pytest.param([(CRITICAL, HEALTHY), (IMPORTANT, FAILED)], DEGRADED, id="a_failed_lesser_item_degrades"),
        pytest.param([(CRITICAL, DEGRADED), (REST, HEALTHY)], DEGRADED, id="a_degraded_critical_item_degrades"),
    ],
)
def test_how_items_are_weighed(rows: list[Row], health: Health) -> None:
    assert judge_items(items(*rows)).health is health


@pytest.mark.parametrize(
    ("rows", "health"),
    [
        pytest.param([(CRITICAL, PROGRESSING)], FAILED, id="a_critical_item_that_still_moves_has_failed"),
        pytest.param([(CRITICAL, HEALTHY), (REST, PROGRESSING)], DEGRADED, id="a_lesser_one_leaves_it_degraded"),
        pytest.param([(CRITICAL, HEALTHY)], HEALTHY, id="what_was_healthy_stays_healthy"),
    ],
)
def test_what_the_deadline_makes_of_them(rows: list[Row], health: Health) -> None:
    assert out_of_time(judge_items(items(*rows))).health is health


def test_a_verdict_without_items_has_failed_at_its_deadline() -> None:
    assert out_of_time(Verdict(PROGRESSING, "unknown: no answer")) == Verdict(FAILED, "unknown: no answer")


def test_a_message_names_three_items_and_counts_the_rest() -> None:
    message = judge_items(items(*[(CRITICAL, FAILED)] * 5)).message

    assert "item 2: why" in message
    assert "item 3" not in message
    assert message.endswith("and 2 more")
