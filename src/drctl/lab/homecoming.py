"""The second half of the story: east comes back with the link still cut, and drctl brings the service home."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from drctl.lab import faults
from drctl.lab.errors import LabError
from drctl.lab.faults import LINK
from drctl.lab.judgement import Claim, cut_over, served_again
from drctl.lab.layout import RESOLVING
from drctl.lab.outage_claims import outage_claims
from drctl.lab.return_claims import FENCES, Settings, heartbeat_claim, link_claim, settings_claims

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from drctl.lab.layout import Layout
    from drctl.lab.truth import Records, Truth

_DEADLINE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Return:
    """What was seen of the way home. `west` is what west held before it began."""

    began_at: datetime
    link_opened_at: datetime | None
    exit_code: int
    west: dict[int, str]
    east: dict[int, str]
    ledger: dict[str, Any]
    settings: Settings


def come_home(
    layout: Layout,
    command: Callable[..., tuple[str, ...]],
    say: Callable[[str], None],
    deadline_seconds: float = _DEADLINE_SECONDS,
) -> tuple[int, Any]:
    """Run failback; open the link when its own journal says that east is fenced, and not before.

    Returns its exit code, and when the link was opened.

    Raises:
        LabError: It did not end.
    """
    say('drctl failback --confirm "shop-lab east"')
    argv = command("failback", "--confirm", "shop-lab east", "--output", "jsonl", "--quiet")
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    fenced, opened_at, is_late = set[str](), None, threading.Event()

    def give_up() -> None:
        is_late.set()
        process.kill()

    # The reading itself has no deadline: a failback that says nothing more would be read for ever.
    timer = threading.Timer(deadline_seconds, give_up)
    timer.start()
    try:
        for line in process.stdout or ():
            event = json.loads(line)["event"]
            if event["type"] == "step_ended" and event["outcome"] == "done":
                say(f"{event['step_id']}: done")
                fenced |= FENCES & {event["step_id"]}
            if fenced == FENCES and opened_at is None:
                opened_at = datetime.now(UTC)
                faults.heal(layout, LINK)
                say("opened the link: failback's journal says that east is fenced")
        code = process.wait()
        if is_late.is_set():
            message = f"drctl failback did not end in {deadline_seconds:g} s"
            raise LabError(message, remedy="Look at the lab's logs.")
        return code, opened_at
    finally:
        timer.cancel()
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


def judge_return(report: dict[str, Any], records: Records, home: Return, allowed: timedelta) -> tuple[Claim, ...]:
    """Compare the failback's report and the ledger with the clients' records."""
    truth = records.everyone
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
        *settings_claims(home.settings, home.ledger),
        heartbeat_claim(home.ledger),
        link_claim(report, home.link_opened_at),
        _one_writer(truth, home),
        *_planned_switch(report, records, home, allowed),
    )


def _one_writer(truth: Truth, home: Return) -> Claim:
    """Hold the switch to one writer: whoever stayed with the fenced source got no promise there."""
    first = next((order for order in truth.acknowledged("east") if order.at_sent > home.began_at), None)
    late = [order.id for order in truth.acknowledged("west") if first is not None and order.at_sent > first.at_done]
    seen = f"{len(late)} orders by west after the first by east" if first else "none by east"
    return Claim("west took no order once east did", "one writer", seen, first is not None and not late)


def _planned_switch(report: dict[str, Any], records: Records, home: Return, allowed: timedelta) -> tuple[Claim, ...]:
    outages = records.outages("east", home.began_at)
    outage = outages[RESOLVING]
    if outage is None:
        return (Claim("the planned switch was seen by the client", report["verdict"], "no outage", agrees=False),)
    return (
        *cut_over(report, outage, allowed),
        served_again(report, outages, "east"),
        *outage_claims(report, outages),
    )
