"""Each claim agrees with a record that bears it out, and is contradicted by one that does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from drctl.lab.homecoming import Return, judge_return
from drctl.lab.judgement import Claim, Story, judge
from drctl.lab.orders import Entry
from drctl.lab.return_claims import Settings
from drctl.lab.truth import Attempt, Records, Truth

if TYPE_CHECKING:
    from collections.abc import Callable

_START = datetime(2026, 1, 1, tzinfo=UTC)
_ALLOWED = timedelta(seconds=4)
SERVED_BY_WEST = "every client was served again by west, and none before the DNS change"
SERVED_BY_EAST = "every client was served again by east, and none before the DNS change"
KEPT = "every order up to the freeze point was kept"
STORED = "every order that west acknowledged is stored there"
ONE_WRITER = "never two regions took orders"
LEDGER = "the ledger has exactly the acknowledged orders that west did not have"
UNPROMISED = "everything else in it was never promised to anybody"
MISSING = "after failback nothing that was promised is missing, but for the ledger"
ONE_WRITER_HOME = "west took no order once east did"
RESOLVES = "who resolves each time moved after the DNS change, and within the worst case"

AT_HOME = "every setting that west held is at home under its own revision, or a later one"
ONLY_EAST = "the ledger has every setting that only east had, by key and revision"
HEARTBEATS = "drctl's own heartbeats are in no ledger"
LINK = "the link was opened once failback had said that east is fenced, and not before"
GAP = "the stream gap stayed under 1 s, and within what the plan said"
WITHOUT_WRITES = "who heeds the TTL was without writes for no longer than the plan said"

Seen = dict[str, list[Attempt]]


def at(seconds: float) -> datetime:
    return _START + timedelta(seconds=seconds)


def taken(order: str, seconds: float, seq: int, domain: str) -> Attempt:
    return Attempt(order, at(seconds), at(seconds + 0.01), "", domain, 201, "ORDERS", seq, domain)


def failed(order: str, seconds: float, status: int = 0) -> Attempt:
    return Attempt(order, at(seconds), at(seconds + 0.01), status=status, error="no")


def record(letter: str, seq: int, home_at: float) -> list[Attempt]:
    return [
        taken(f"{letter}1", seq, seq, "east"),
        taken(f"{letter}2", 10.5 + seq / 2, seq + 3, "east"),
        failed(f"{letter}3", 14),
        taken(f"{letter}4", 19 + seq, seq + 3, "west"),
        failed(f"{letter}5", 39, 503),
        taken(f"{letter}6", home_at, seq + 9, "east"),
    ]


def seen() -> Seen:
    """East is cut at 10, killed at 13, west serves from 20; after 40 east does again.

    The sequences 1 to 3 are in both regions, and 4 to 6 are other orders in each.
    """
    return {"resolving": record("r", 1, 41), "keep-alive": record("k", 2, 47), "publisher": record("p", 3, 42)}


WEST = {1: "r1", 2: "k1", 3: "p1", 4: "r4", 5: "k4", 6: "p4"}
STORY = Story(at(10), at(13), 10, WEST, timedelta(seconds=2), timedelta(seconds=0.1), timedelta(seconds=2))
LOST = [{"stream": "ORDERS", "id": order} for order in ("r2", "k2", "p2")]
EAST = WEST | {10: "r6", 11: "k6", 12: "p6"}
LAST = "$KV.settings.last"
SETTINGS_LOST = [{"stream": "KV_settings", "seq": 5, "subject": LAST, "id": ""}]
SETTINGS = Settings(
    4,
    west_before={7: Entry(LAST, "", b"r4")},
    east_before={5: Entry(LAST, "", b"r2")},
    east_after={7: Entry(LAST, "", b"r4")},
)
HOME = Return(at(30), at(31), 0, WEST, EAST, {"messages": LOST + SETTINGS_LOST}, SETTINGS)


def report(sent: float, served: float, worst: float) -> dict[str, Any]:
    moments = {"dns_sent_after": sent, "served_since": served, "dns_cutover_worst": worst}
    return {
        "verdict": "done",
        "pending_fences": ["fence_streams:east"],
        "losses": [{"stream": "ORDERS", "freeze_seq": 3, "seconds_max": 3.0, "messages_min": 2}],
        "steps": [
            {"id": fence, "outcome": "done", "ended_at": at(30.5).isoformat()}
            for fence in ("fence_streams:east", "fence_workloads:east")
        ],
        "timeline": {name: at(seconds).isoformat() for name, seconds in moments.items()},
        "outage": {
            "stream_gap_seconds": 0.7,
            "stream_gap_predicted_seconds": 0.97,
            "write_outage_predicted_seconds": 22.0,
        },
    }


def until_failback(records: Seen) -> Records:
    return Records({client: Truth(tuple(a for a in all_ if a.at_sent < at(30))) for client, all_ in records.items()})


def whole(records: Seen) -> Records:
    return Records({client: Truth(tuple(attempts)) for client, attempts in records.items()})


def out(records: Seen, story: Story = STORY) -> list[str]:
    return contradicted(judge(report(19.5, 20, 23), until_failback(records), story))


def home(records: Seen, came: Return = HOME) -> list[str]:
    return contradicted(judge_return(report(40, 41, 44), whole(records), came, _ALLOWED))


def contradicted(claims: tuple[Claim, ...]) -> list[str]:
    return [claim.claim for claim in claims if not claim.agrees]


def test_records_that_bear_everything_out_contradict_nothing() -> None:
    assert out(seen()) == []
    assert home(seen()) == []


@pytest.mark.parametrize("client", ["keep-alive", "publisher"])
def test_a_client_that_was_never_served_again_is_named(client: str) -> None:
    stuck = seen() | {client: [a for a in seen()[client] if a.domain != "west"]}

    (claim,) = [c for c in judge(report(19.5, 20, 23), until_failback(stuck), STORY) if not c.agrees]

    assert claim.claim == SERVED_BY_WEST
    assert f"{client} never" in claim.seen


@pytest.mark.parametrize(
    "break_",
    [
        lambda records: records["publisher"].pop(),
        lambda records: records["publisher"].insert(4, taken("p0", 39.5, 9, "east")),
    ],
    ids=["never home", "home before the DNS change"],
)
def test_each_client_must_come_home_and_none_before_the_dns_change(break_: Callable[[Seen], object]) -> None:
    records = seen()
    break_(records)

    assert SERVED_BY_EAST in home(records, replace(HOME, east=EAST | {9: "p0"}))


def test_a_kept_connection_may_come_home_later_than_the_worst_case() -> None:
    records = seen()
    records["keep-alive"][-1] = taken("k6", 300, 11, "east")

    assert home(records) == []


def test_who_resolves_each_time_may_not() -> None:
    records = seen()
    records["resolving"][-1] = taken("r6", 300, 10, "east")

    assert RESOLVES in home(records)


@pytest.mark.parametrize(("seq", "claim"), [(2, KEPT), (3, KEPT), (5, STORED), (6, STORED)])
def test_every_clients_orders_are_looked_for_in_west(seq: int, claim: str) -> None:
    west = {at_: order for at_, order in WEST.items() if at_ != seq}

    assert out(seen(), replace(STORY, west=west)) == [claim]


@pytest.mark.parametrize("client", ["keep-alive", "publisher"])
def test_no_client_may_be_served_by_a_region_that_is_gone(client: str) -> None:
    records = seen()
    records[client].insert(3, taken("late", 15, 3, "east"))

    assert ONE_WRITER in out(records)


@pytest.mark.parametrize("order", ["k2", "p2"])
def test_the_ledger_must_have_every_clients_orders(order: str) -> None:
    short = {"messages": [line for line in LOST + SETTINGS_LOST if line["id"] != order]}

    assert home(seen(), replace(HOME, ledger=short)) == [LEDGER, MISSING]


def test_an_order_that_west_holds_has_no_place_in_the_ledger() -> None:
    ledger = {"messages": [*LOST, *SETTINGS_LOST, {"stream": "ORDERS", "id": "k4"}]}

    assert home(seen(), replace(HOME, ledger=ledger)) == [LEDGER]


def test_any_clients_attempt_without_a_promise_may_be_in_the_ledger_and_nothing_else() -> None:
    attempt = {"messages": [*LOST, *SETTINGS_LOST, {"stream": "ORDERS", "id": "p3"}]}
    nobodys = {"messages": [*LOST, *SETTINGS_LOST, {"stream": "ORDERS", "id": "x1"}]}

    assert home(seen(), replace(HOME, ledger=attempt)) == []
    assert home(seen(), replace(HOME, ledger=nobodys)) == [UNPROMISED]


@pytest.mark.parametrize("seq", [5, 6, 11, 12])
def test_nothing_that_any_client_was_promised_may_be_missing_at_home(seq: int) -> None:
    east = {at_: order for at_, order in EAST.items() if at_ != seq}

    assert home(seen(), replace(HOME, east=east)) == [MISSING]


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"east_after": {}}, AT_HOME),
        ({"east_after": {6: Entry(LAST, "", b"r4")}}, AT_HOME),
        ({"east_after": {7: Entry(LAST, "", b"other")}}, AT_HOME),
        ({"west_before": {}}, AT_HOME),
        ({"east_before": {6: Entry(LAST, "", b"r3")}}, ONLY_EAST),
        ({"east_before": {5: Entry("$KV.settings.other", "", b"r2")}}, ONLY_EAST),
        ({"east_before": {}}, ONLY_EAST),
        ({"fork": 5}, ONLY_EAST),
    ],
)
def test_the_bucket_is_compared_by_key_and_revision(change: dict[str, Any], claim: str) -> None:
    assert home(seen(), replace(HOME, settings=replace(SETTINGS, **change))) == [claim]


def test_a_later_revision_of_a_key_stands_for_an_earlier_one() -> None:
    later = replace(SETTINGS, east_after={9: Entry(LAST, "", b"r6")})

    assert home(seen(), replace(HOME, settings=later)) == []


def test_heartbeats_are_nobodys_loss() -> None:
    beat = [{"stream": "DRCTL_HB", "seq": 9, "subject": "_drctl.hb.east", "id": ""}]

    assert home(seen(), replace(HOME, ledger={"messages": [*LOST, *SETTINGS_LOST, *beat]})) == [HEARTBEATS]


@pytest.mark.parametrize("opened_at", [None, at(30.4)])
def test_the_link_must_not_open_before_east_is_fenced(opened_at: datetime | None) -> None:
    assert home(seen(), replace(HOME, link_opened_at=opened_at)) == [LINK]


def test_a_region_that_was_never_fenced_is_no_reason_to_open_the_link() -> None:
    said = report(40, 41, 44)
    said["steps"][1]["outcome"] = "open"

    assert contradicted(judge_return(said, whole(seen()), HOME, _ALLOWED)) == [LINK]


@pytest.mark.parametrize(
    ("field", "value", "claim"),
    [
        ("stream_gap_seconds", 0.98, GAP),
        ("stream_gap_seconds", None, GAP),
        ("stream_gap_predicted_seconds", None, GAP),
        ("write_outage_predicted_seconds", 15.0, WITHOUT_WRITES),
        ("write_outage_predicted_seconds", None, WITHOUT_WRITES),
    ],
)
def test_what_the_plan_said_of_the_outage_is_held_against_what_was_seen(
    field: str, value: float | None, claim: str
) -> None:
    said = report(40, 41, 44)
    said["outage"][field] = value

    assert contradicted(judge_return(said, whole(seen()), HOME, _ALLOWED)) == [claim]


def test_an_outage_that_nobody_predicted_is_no_agreement() -> None:
    said = report(40, 41, 44) | {"outage": None}

    assert contradicted(judge_return(said, whole(seen()), HOME, _ALLOWED)) == [GAP, WITHOUT_WRITES]


def test_a_kept_connection_that_is_served_by_the_fenced_region_is_a_second_writer() -> None:
    records = seen()
    records["keep-alive"].insert(5, taken("k9", 45, 7, "west"))

    assert ONE_WRITER_HOME in home(records, replace(HOME, east=EAST | {13: "k9"}))
