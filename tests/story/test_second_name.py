"""The second name, at the second vendor: it moves with the first one, and nobody waits for its TTL."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.lab import faults
from drctl.lab.faults import Fault
from drctl.lab.layout import CLOUDFLARE_NAME, CLOUDFLARE_TTL_SECONDS, CLOUDFLARE_ZONE
from onlab.driving import ACCEPTED, EMERGENCY
from onlab.snapshot import snapshot

if TYPE_CHECKING:
    from onlab.driving import Driven

pytestmark = pytest.mark.lab

PLACE = (f"{CLOUDFLARE_ZONE}/{CLOUDFLARE_NAME} A", "values")


def writes_at_cloudflare(lab: Driven) -> int:
    return sum(line.startswith("cloudflare") for line in lab.writes_at_vendors())


def test_it_moves_with_the_first_and_the_run_ends_before_its_ttl_does(lab: Driven) -> None:
    done = lab.run(*EMERGENCY, *ACCEPTED, "--output", "json")

    assert done.code in {0, 6}, done.err
    assert snapshot(lab.layout)[PLACE] == ["127.0.0.12"]
    timeline = {key: datetime.fromisoformat(at) for key, at in done.document["timeline"].items() if at}
    minute = timedelta(seconds=CLOUDFLARE_TTL_SECONDS)
    assert timeline["dns_cutover_unawaited"] >= timeline["dns_sent_after"] + minute
    assert timeline["dns_cutover_worst"] < timeline["dns_sent_after"] + minute
    assert timeline["ended"] < timeline["dns_cutover_unawaited"]


def test_a_lost_answer_of_its_vendor_is_looked_for_and_its_write_not_repeated(lab: Driven) -> None:
    before = writes_at_cloudflare(lab)
    faults.break_(lab.layout, Fault.LOST_RESPONSE, "cloudflare")

    done = lab.run(*EMERGENCY, *ACCEPTED, "--output", "json")

    assert done.code in {0, 6}, done.err
    assert snapshot(lab.layout)[PLACE] == ["127.0.0.12"]
    assert writes_at_cloudflare(lab) == before + 1
