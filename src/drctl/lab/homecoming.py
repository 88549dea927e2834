"""The second half of the story: east comes back with the link still cut, and drctl brings the service home."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from drctl.lab import faults, orders
from drctl.lab.errors import LabError
from drctl.lab.faults import LINK
from drctl.lab.judgement import Claim, cut_over

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from drctl.lab.layout import Layout
    from drctl.lab.truth import Outage, Truth

_FENCES = frozenset({"fence_streams:east", "fence_workloads:east"})
_DEADLINE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Return:
    """What was seen of the way home. `west` is what west held before it began."""

    began_at: datetime
    link_opened_at: datetime
    exit_code: int
    west: dict[int, str]
    east: dict[int, str]
    ledger: dict[str, Any]


def come_home(layout: Layout, command: Callable[..., tuple[str, ...]], say: Callable[[str], None]) -> tuple[int, Any]:
    """Run failback; open the link when its own journal says that east is fenced, and not before.

    Returns its exit code, and when the link was opened.

    Raises:
        LabError: It did not end.
    """
    say('drctl failback --confirm "shop-lab east"')
    argv = command("failback", "--confirm", "shop-lab east", "--output", "jsonl", "--quiet")
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    fenced, opened_at = set[str](), None
    try:
        for line in process.stdout or ():
            event = json.loads(line)["event"]
            if event["type"] == "step_ended" and event["outcome"] == "done":
                say(f"{event['step_id']}: done")
                fenced |= _FENCES & {event["step_id"]}
            if fenced == _FENCES and opened_at is None:
                faults.heal(layout, LINK)
                opened_at = datetime.now(UTC)
                say("opened the link: failback's journal says that east is fenced")
        return process.wait(timeout=_DEADLINE_SECONDS), opened_at
    except subprocess.TimeoutExpired as error:
        raise LabError("drctl failback did not end", remedy="Look at the lab's logs.") from error
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def ledger(layout: Layout, command: Callable[..., tuple[str, ...]]) -> dict[str, Any]:
    """Return drctl's ledger.

    Raises:
        LabError: It is not complete.
    """
    done = subprocess.run(command("ledger", "--output", "json"), stdout=subprocess.PIPE, check=False, timeout=60)
    if done.returncode != 0:
        raise LabError(f"drctl ledger ended with {done.returncode}", remedy=f"Look at {layout.state_dir}.")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def held(layout: Layout, region: str) -> dict[int, str]:
    """Return the order id at each sequence of a region's stream."""
    return orders.stored(layout, region)


def judge_return(report: dict[str, Any], truth: Truth, home: Return, allowed: timedelta) -> tuple[Claim, ...]:
    """Compare the failback's report and the ledger with the client's record."""
    entries = [line["id"] for line in home.ledger["messages"] if line["stream"] == "ORDERS"]
    promised = {attempt.id for attempt in truth.acknowledged()}
    before = {attempt.id for attempt in truth.acknowledged() if attempt.at_done < home.began_at}
    lost = before - set(home.west.values())
    listed = set(entries) & promised
    unanswered = set(entries) - promised
    missing = promised - set(home.east.values()) - set(entries)
    return (
        Claim("failback is done, nothing left open (exit 0)", f"exit {home.exit_code}", "", home.exit_code == 0),
        Claim(
            "the ledger has exactly the acknowledged orders that west did not have",
            f"{len(listed)} orders",
            f"{len(lost)} orders",
            bool(lost) and listed == lost,
        ),
        Claim(
            "everything else in it was never promised to anybody",
            f"{len(unanswered)} entries",
            "attempts without a positive answer",
            unanswered <= {attempt.id for attempt in truth.attempts} - promised,
        ),
        Claim(
            "after failback nothing that was promised is missing, but for the ledger",
            "nothing",
            f"{len(missing)} of {len(promised)} missing",
            not missing,
        ),
        *_planned_switch(report, truth, home, allowed),
    )


def _planned_switch(report: dict[str, Any], truth: Truth, home: Return, allowed: timedelta) -> tuple[Claim, ...]:
    outage = _outage(truth, home)
    if outage is None:
        return (Claim("the planned switch was seen by the client", report["verdict"], "no outage", agrees=False),)
    return cut_over(report, outage, allowed)


def _outage(truth: Truth, home: Return) -> Outage | None:
    """Return the outage that ended with the first order that east took again."""
    return next(
        (
            outage
            for outage in truth.outages()
            if outage.first_after is not None
            and outage.first_after.domain == "east"
            and outage.first_after.at_sent > home.began_at
        ),
        None,
    )
