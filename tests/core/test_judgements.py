"""Compliance, invariants, exit codes, selectors, names of tails: small pure functions, each with its table."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from drctl.core.contract import Compliance, compliance
from drctl.core.errors import ExitCode, first_that_counts
from drctl.core.invariants import newer_epochs, taken_twice
from drctl.core.observed import StoredMessage, StreamKind, StreamRole, StreamState
from drctl.core.stream_config import kind_of, mirrored, role_of
from drctl.core.tail import line, lines, rescue_name, tail_digest
from drctl.core.topology import Selector
from fakes.shop import EAST, WEST, make_shop, shop_topology

MINUTE = timedelta(minutes=1)
T0 = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        pytest.param(timedelta(seconds=59), Compliance.MET, id="below_the_target_is_met"),
        pytest.param(MINUTE, Compliance.BREACHED, id="the_target_itself_is_not_below_it"),
        pytest.param(timedelta(seconds=61), Compliance.BREACHED, id="above_is_breached"),
        pytest.param(timedelta(0), Compliance.MET, id="zero_is_a_measurement"),
        pytest.param(None, Compliance.UNKNOWN, id="nothing_measured_is_unknown"),
    ],
)
def test_how_a_contract_is_judged(measured: timedelta | None, expected: Compliance) -> None:
    assert compliance(MINUTE, measured) is expected


@pytest.mark.parametrize(
    ("codes", "first"),
    [
        (set(), ExitCode.DONE),
        ({ExitCode.DONE, ExitCode.LEFT_OPEN}, ExitCode.LEFT_OPEN),
        ({ExitCode.LEFT_OPEN, ExitCode.CONTRACT_UNPROVEN}, ExitCode.CONTRACT_UNPROVEN),
        ({ExitCode.CONTRACT_UNPROVEN, ExitCode.CONSENT_MISSING}, ExitCode.CONSENT_MISSING),
        ({ExitCode.CONSENT_MISSING, ExitCode.BLOCKED}, ExitCode.BLOCKED),
        ({ExitCode.BLOCKED, ExitCode.PAUSED}, ExitCode.PAUSED),
        ({ExitCode.PAUSED, ExitCode.OUTCOME_UNKNOWN}, ExitCode.OUTCOME_UNKNOWN),
        ({ExitCode.OUTCOME_UNKNOWN, ExitCode.DRIFTED}, ExitCode.DRIFTED),
        ({ExitCode.DRIFTED, ExitCode.LOCKED}, ExitCode.LOCKED),
        ({ExitCode.LOCKED, ExitCode.HALTED}, ExitCode.HALTED),
        ({ExitCode.HALTED, ExitCode.USAGE}, ExitCode.USAGE),
        ({ExitCode.USAGE, ExitCode.BUG}, ExitCode.BUG),
        (set(ExitCode), ExitCode.BUG),
    ],
)
def test_which_exit_code_counts_when_several_hold(codes: set[ExitCode], first: ExitCode) -> None:
    assert first_that_counts(frozenset(codes)) is first


def stream(region: str, name: str = "ORDERS") -> StreamState:
    return make_shop().region(region).datastore.stream(name)


def test_a_stream_and_its_mirror_are_one_writer() -> None:
    assert taken_twice((stream(EAST),), (stream(WEST),)) == ()


def test_two_streams_on_one_subject_are_two_writers() -> None:
    promoted = replace(stream(WEST), role=StreamRole.ACTIVE, subjects=("orders.>", "more.>"))

    assert taken_twice((stream(EAST),), (promoted,)) == ("ORDERS",)


def test_a_fenced_stream_is_no_writer() -> None:
    promoted = replace(stream(WEST), role=StreamRole.ACTIVE, subjects=("orders.>",))
    fenced = replace(stream(EAST), role=StreamRole.FENCED, subjects=("_drctl.fenced.ORDERS",))

    assert taken_twice((fenced,), (promoted,)) == ()


def test_a_larger_epoch_is_another_runs_and_ones_own_is_not() -> None:
    mine, later = replace(stream(EAST), epoch=4), replace(stream(EAST), name="LATER", epoch=5)

    assert newer_epochs((mine, later), 4) == ("LATER",)


@pytest.mark.parametrize(
    ("config", "role"),
    [
        pytest.param({"mirror": {"name": "ORDERS"}}, StreamRole.MIRROR, id="a_mirror"),
        pytest.param({"subjects": ["orders.>"]}, StreamRole.ACTIVE, id="a_stream"),
        pytest.param({"subjects": ["_drctl.fenced.ORDERS"]}, StreamRole.FENCED, id="a_fenced_stream"),
        pytest.param({"subjects": ["_drctl.fenced.A", "a.>"]}, StreamRole.ACTIVE, id="a_half_fenced_one_takes_writes"),
        pytest.param({}, StreamRole.ACTIVE, id="a_stream_without_subjects_binds_its_name"),
    ],
)
def test_a_role_is_read_from_the_configuration_only(config: dict[str, object], role: StreamRole) -> None:
    assert role_of(config) is role


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("KV_SETTINGS", StreamKind.KV),
        ("OBJ_FILES", StreamKind.OBJECT_STORE),
        ("RESCUE_ORDERS_4", StreamKind.RESCUE),
        ("ORDERS", StreamKind.STREAM),
        ("MY_KV_THING", StreamKind.STREAM),
    ],
)
def test_a_kind_is_read_from_the_name(name: str, kind: StreamKind) -> None:
    assert kind_of(name) is kind


def test_a_mirror_keeps_limits_leaves_what_mirrors_refuse_and_forgets_an_old_fork() -> None:
    config = {
        "name": "ORDERS",
        "subjects": ["orders.>"],
        "max_age": 5,
        "allow_atomic": True,
        "sealed": False,
        "metadata": {"team": "shop", "drctl.fork_seq": "3", "drctl.origin": "x", "_nats.level": "1"},
    }

    made = mirrored(config, "west", 7, "run-7")

    assert made["mirror"] == {"name": "ORDERS", "external": {"api": "$JS.west.API"}}
    assert made["max_age"] == 5
    assert not {"subjects", "allow_atomic", "sealed"} & made.keys()
    assert made["metadata"] == {
        "team": "shop",
        "drctl.subjects": '["orders.>"]',
        "drctl.deferred": '{"allow_atomic": true}',
        "drctl.epoch": "7",
        "drctl.run": "run-7",
    }


@pytest.mark.parametrize(
    ("select", "matches"),
    [
        pytest.param(Selector("shop"), True, id="an_empty_selector_means_the_whole_namespace"),
        pytest.param(Selector("other"), False, id="another_namespace_is_not_meant"),
        pytest.param(Selector("shop", ("web", "ap*")), True, id="one_pattern_is_enough"),
        pytest.param(Selector("shop", ("web",)), False, id="another_name_is_not_meant"),
        pytest.param(Selector("shop", labels=(("tier", "critical"),)), True, id="every_label_must_be_there"),
        pytest.param(Selector("shop", labels=(("tier", "rest"),)), False, id="a_label_with_another_value_is_not"),
    ],
)
def test_which_objects_a_selector_means(select: Selector, *, matches: bool) -> None:
    assert select.matches("shop", "api", (("app", "api"), ("tier", "critical"))) is matches


def test_the_other_region_of_the_pair() -> None:
    topology = shop_topology()

    assert (topology.other(EAST), topology.other(WEST)) == (WEST, EAST)
    assert topology.title == "shop-lab"
    with pytest.raises(StopIteration):
        topology.region("north")


def message(seq: int, data: bytes = b"order") -> StoredMessage:
    return StoredMessage(seq, T0, "orders.new", (("Id", "1"), ("Id", "2")), data)


def test_a_tails_digest_knows_every_part_of_every_message() -> None:
    whole = tail_digest((message(4), message(5)))

    assert whole[0] == 2
    assert whole == tail_digest((message(4), message(5)))
    others = ((message(4),), (message(5), message(4)), (message(4), message(6)), (message(4), message(5, b"other")))
    assert whole not in {tail_digest(other) for other in others}


def test_a_tails_line_can_be_read_back_with_its_checksum() -> None:
    told = json.loads(line(message(4)))

    assert base64.b64decode(told["data"]) == b"order"
    assert (told["seq"], told["time"], told["headers"]) == (4, "2026-03-01T03:00:00Z", [["Id", "1"], ["Id", "2"]])
    assert [json.loads(text)["seq"] for text in lines((message(4), message(5)))] == [4, 5]


def test_a_rescue_is_named_for_the_move_that_made_the_fork() -> None:
    assert rescue_name("ORDERS", 3, 100) == "RESCUE_ORDERS_3"


def test_without_an_epoch_a_rescue_is_named_for_where_the_fork_was() -> None:
    assert rescue_name("ORDERS", 0, 100) == "RESCUE_ORDERS_after100"
