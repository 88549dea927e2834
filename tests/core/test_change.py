"""What was confirmed is what is applied."""

from __future__ import annotations

import pytest

from drctl.core.change import Change, Diff, RunMade, Value, not_confirmed

EPOCH, RUN = RunMade("epoch"), RunMade("run id")


def change(before: Value, after: Value, field: str = "spec.replicas") -> Change:
    return Change("api", "west/deployment/shop/api", field, before, after)


@pytest.mark.parametrize(
    ("now", "agreed", "is_confirmed"),
    [
        pytest.param(change(0, 2), change(0, 2), True, id="the_same_change"),
        pytest.param(change(1, 2), change(0, 2), False, id="another_value_before"),
        pytest.param(change(0, 3), change(0, 2), False, id="another_value_after"),
        pytest.param(change(0, 2), change(0, 2, "spec.paused"), False, id="another_field"),
        pytest.param(change("4", EPOCH), change(None, EPOCH), True, id="a_run_made_value_written_by_an_earlier_try"),
        pytest.param(change(None, EPOCH), change(None, RUN), True, id="a_run_made_value_is_not_compared_further"),
        pytest.param(change(None, "7"), change(None, EPOCH), False, id="a_value_where_a_run_made_one_was_shown"),
        pytest.param(change(None, EPOCH), change(None, "7"), False, id="a_run_made_one_where_a_value_was_shown"),
        pytest.param(change("4", None), change(EPOCH, None), True, id="a_value_that_the_run_made_before"),
    ],
)
def test_what_counts_as_confirmed(now: Change, agreed: Change, *, is_confirmed: bool) -> None:
    assert (not_confirmed(Diff((now,)), Diff((agreed,))) == ()) is is_confirmed


def test_a_change_that_is_no_longer_needed_is_no_drift() -> None:
    assert not_confirmed(Diff(()), Diff((change(0, 2),))) == ()


def test_every_change_that_was_not_confirmed_is_named() -> None:
    strangers = (change(0, 2, "a"), change(0, 2, "b"))

    assert not_confirmed(Diff((change(0, 2), *strangers)), Diff((change(0, 2),))) == strangers


def test_a_diff_is_taken_apart_by_item() -> None:
    other = Change("mailer", "west/deployment/shop/mailer", "spec.replicas", 0, 1)
    diff = Diff((change(0, 2), other, change(0, 2, "more")))

    assert diff.items() == ("api", "mailer")
    assert diff.of_item("mailer") == Diff((other,))
    assert diff.of_item("nobody") == Diff(())
