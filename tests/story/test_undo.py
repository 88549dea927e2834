"""A planned failover that fails behind its promotion, and is taken back: the client's record is the judge."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from drctl.lab import orders
from onlab.driving import Driven, eventually
from onlab.snapshot import changed, snapshot

if TYPE_CHECKING:
    from onlab.snapshot import Fields

pytestmark = pytest.mark.lab

_PROBE = ("expect_status: [201]", "expect_status: [299]")
# The worker bills what it finds as soon as it may: that is a write of the application's own in west.
_BILLING = (
    "  - {select: {namespace: shop, names: [worker]}, tier: important, after: promote}\n",
    "  - {select: {namespace: shop}, tier: rest}\n",
)
_TIMING = ("timing: {", "timing: {step_deadline_seconds: 5, ")


def configure(lab: Driven, *changes: tuple[str, str]) -> None:
    text = lab.layout.config_file.read_text()
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    lab.layout.config_file.write_text(text)


def decisive(fields: Fields) -> Fields:
    """Return what decides who serves, and from what."""
    kept = {"spec.replicas", "subjects", "mirror", "values"}
    return {
        place: value for place, value in fields.items() if place[1] in kept and "/_drctl." not in place[0] and value
    }


def pause_behind_the_promotion(lab: Driven) -> str:
    """Run a planned failover whose write probe expects what the shop never answers; return its id."""
    configure(lab, _PROBE, _TIMING, *((line, "") for line in _BILLING))
    stopped = lab.run("failover", "--confirm", "shop-lab west")
    assert stopped.code == 4, stopped.err
    run_id: str = json.loads(lab.run("runs", "list", "--output", "json").out)["runs"][0]["run_id"]
    assert f"drctl undo {run_id}" in stopped.err
    assert "not passed" in stopped.err
    return run_id


def test_east_serves_again_and_no_order_that_was_promised_is_missing(lab: Driven) -> None:
    before = decisive(snapshot(lab.layout))
    lab.order(at_least=10)
    run_id = pause_behind_the_promotion(lab)
    promised = len(lab.truth().acknowledged())
    assert len(orders.stored(lab.layout, "west")) > len(orders.stored(lab.layout, "east"))

    configure(lab, (_PROBE[1], _PROBE[0]))
    dry, stood = lab.run("undo", run_id, "--dry-run", "--output", "json"), snapshot(lab.layout)
    undone = lab.run("undo", run_id, "--confirm", "shop-lab east", "--output", "json")

    assert undone.code == 0, undone.err
    dropped = next(line for line in undone.document["losses"] if line["stream"] == "ORDERS")
    assert (dropped["messages_exact"], "1 of drctl's own" in dropped["evidence"]) == (0, True)
    eventually(lambda: len(lab.truth().acknowledged("east")) >= promised + 10)
    truth, stored = lab.truth(), orders.stored(lab.layout, "east")
    assert truth.acknowledged("west") == ()
    assert {order.id: order.seq for order in truth.acknowledged()}.items() <= {
        name: seq for seq, name in stored.items()
    }.items()
    assert decisive(snapshot(lab.layout)) == before
    predicted = {(one["object"], one["field"]) for step in dry.document["steps"] for one in step["changes"]}
    made = changed(stood, snapshot(lab.layout)).keys()
    # What a rebuild leaves as it was is shown as taken away and made again.
    assert made <= predicted, made - predicted
    assert lab.run("resume", run_id).code == 3
