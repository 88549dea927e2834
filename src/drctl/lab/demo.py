"""The whole story on this machine: traffic, an outage with orders that never crossed, failover, proof, and home."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from drctl.lab import faults, homecoming, orders, supervisor
from drctl.lab.errors import LabError
from drctl.lab.faults import LINK, Fault
from drctl.lab.judgement import Claim, Story, judge
from drctl.lab.layout import REGIONS, TTL_SECONDS
from drctl.lab.truth import Outage, Truth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drctl.lab.layout import Layout

CLIENT_INTERVAL = timedelta(seconds=0.1)
_POLL_MAX = timedelta(seconds=2)
_LOST_MIN = 5
_ORDERS_MIN = 10
_CUT_FOR = timedelta(seconds=3)
_DEADLINE_SECONDS = 30.0
_FAILOVER_DEADLINE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Told:
    """How the story ended: drctl's reports, out and home; the claims compared; what the client saw on the way out."""

    reports: tuple[dict[str, Any], dict[str, Any]]
    claims: tuple[Claim, ...]
    client_saw: dict[str, str]

    @property
    def failed(self) -> int:
        """Return how many claims the record contradicts."""
        return sum(not claim.agrees for claim in self.claims)


def tell(root: Path, say: Callable[[str], None], *, quiet: bool) -> Told:
    """Run the story in a folder and judge it. Whatever happens, nothing of it is left running.

    Raises:
        LabError: The lab did not come up, or the story could not be told to its end.
    """
    layout = supervisor.prepare(root)
    try:
        say("starting two regions, their link, Route 53, name servers, ingress and three workloads")
        supervisor.start(layout)
        return _story(layout, say, quiet=quiet)
    finally:
        supervisor.stop(root)


def _story(layout: Layout, say: Callable[[str], None], *, quiet: bool) -> Told:
    supervisor.start_beside(layout, "watch", _drctl(layout, "watch", "--quiet"))
    supervisor.start_client(layout, CLIENT_INTERVAL.total_seconds())
    _until(lambda: len(_acknowledged(layout)) >= 20 and _samples(layout) >= 3, "orders and samples")
    say(f"a client orders ten times a second; {len(_acknowledged(layout))} orders acknowledged by east")
    cut_at = datetime.now(UTC)
    faults.break_(layout, Fault.CUT, LINK)
    before = len(_acknowledged(layout))
    say("cut the link between the regions: east goes on taking orders that west never sees")
    _until(
        lambda: datetime.now(UTC) - cut_at > _CUT_FOR and len(_acknowledged(layout)) >= before + _LOST_MIN,
        "orders that exist in east only",
    )
    faults.break_(layout, Fault.KILL, "east")
    killed_at = datetime.now(UTC)
    say("killed east: NATS, Kubernetes API, pods and ingress, with SIGKILL")
    _until(lambda: _is_seen_dark(layout), "watch to see it")
    exit_code = _failover(layout, say, quiet=quiet)
    report = _report(layout, "report")
    _until(lambda: len(Truth.read(layout.client_record).acknowledged("west")) >= _ORDERS_MIN, "orders in west")
    story = Story(
        cut_at,
        killed_at,
        exit_code,
        orders.stored(layout, "west"),
        timedelta(seconds=TTL_SECONDS),
        CLIENT_INTERVAL,
        _POLL_MAX,
    )
    truth = Truth.read(layout.client_record)
    claims = judge(report, _until_read(truth, story), story)
    home_report, home_claims = _home(layout, say)
    return Told((report, home_report), (*claims, *home_claims), _client_saw(report, truth, story))


def _until_read(truth: Truth, story: Story) -> Truth:
    """Return the record up to what west's stream was read to hold: the client went on meanwhile."""
    last = max(story.west, default=0)
    return Truth(tuple(a for a in truth.attempts if a.domain != "west" or a.seq <= last))


def _home(layout: Layout, say: Callable[[str], None]) -> tuple[dict[str, Any], tuple[Claim, ...]]:
    faults.heal(layout, REGIONS[0])
    say("healed east, with the link still cut: its pods come back, and would take orders again")
    began_at = datetime.now(UTC)
    west = orders.stored(layout, "west")
    exit_code, opened_at = homecoming.come_home(layout, partial(_drctl, layout), say)
    report = _report(layout, "report-failback")
    _until(lambda: _ordered_since(layout, began_at) >= _ORDERS_MIN, "orders in east again")
    supervisor.stop_client(layout)
    seen = homecoming.Return(
        began_at,
        opened_at or began_at,
        exit_code,
        west,
        orders.stored(layout, "east"),
        homecoming.ledger(layout, partial(_drctl, layout)),
    )
    allowed = timedelta(seconds=TTL_SECONDS) + CLIENT_INTERVAL + _POLL_MAX
    return report, homecoming.judge_return(report, Truth.read(layout.client_record), seen, allowed)


def _ordered_since(layout: Layout, moment: datetime) -> int:
    return sum(a.at_sent > moment for a in Truth.read(layout.client_record).acknowledged("east"))


def _failover(layout: Layout, say: Callable[[str], None], *, quiet: bool) -> int:
    words = ("failover", "--mode", "emergency", "--confirm", "shop-lab west")
    accepts = ("--accept", "source-writers-unknown", "--accept", "data-loss")
    say('drctl failover --mode emergency --confirm "shop-lab west" ' + " ".join(accepts))
    argv = _drctl(layout, *words, *accepts, "--output", "json", *(("--quiet",) if quiet else ()))
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, check=False, timeout=_FAILOVER_DEADLINE_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise LabError("drctl failover did not end", remedy="Look at the lab's logs.") from error
    return done.returncode


def _drctl(layout: Layout, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "drctl", *words, "--config", str(layout.config_file))


def _report(layout: Layout, name: str) -> dict[str, Any]:
    """Return the newest run's report, and put it where the demo's reader looks for it."""
    folders = sorted((layout.state_dir / "runs").glob("*"), key=lambda folder: folder.name)
    if not folders or not (folders[-1] / "report.json").exists():
        raise LabError("drctl left no report", remedy=f"Look at {layout.state_dir}.")
    for kind in ("json", "md"):
        shutil.copy(folders[-1] / f"report.{kind}", layout.root / f"{name}.{kind}")
    body: dict[str, Any] = json.loads((layout.root / f"{name}.json").read_text())
    return body


def _acknowledged(layout: Layout) -> tuple[object, ...]:
    return Truth.read(layout.client_record).acknowledged("east")


def _sample_lines(layout: Layout) -> list[str]:
    file = layout.state_dir / "samples.jsonl"
    return file.read_text().splitlines() if file.exists() else []


def _samples(layout: Layout) -> int:
    return len(_sample_lines(layout))


def _is_seen_dark(layout: Layout) -> bool:
    lines = _sample_lines(layout)
    try:
        last = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return False
    failed = bool(last.get("public", {}).get("error")) or last.get("public", {}).get("status", 0) >= 500
    return failed and REGIONS[0] in dict(last.get("dark", ()))


def _client_saw(report: dict[str, Any], truth: Truth, story: Story) -> dict[str, str]:
    saw: dict[str, str] = {}
    outage = next((o for o in truth.outages() if o.ended is None or o.ended > story.killed_at), None)
    if outage is not None:
        saw["api RTO"] = _lasted(outage)
    loss = next((line for line in report["losses"] if line["stream"] == "ORDERS"), None)
    if loss is not None:
        lost = truth.beyond("east", int(loss["freeze_seq"]))
        span = (lost[-1].at_done - lost[0].at_sent).total_seconds() if lost else 0.0
        saw["nats RPO"] = f"{len(lost)} orders of {span:.2f} s lost"
    first = next(iter(truth.acknowledged("west")), None)
    if first is not None and outage is not None:
        saw["nats RTO"] = f"first order stored in west {(first.at_done - outage.began).total_seconds():.2f} s after"
    return saw


def _lasted(outage: Outage) -> str:
    return f"no order for {outage.lasted.total_seconds():.2f} s" if outage.lasted else "never served again"


def _until(holds: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + _DEADLINE_SECONDS
    while not holds():
        if time.monotonic() > limit:
            raise LabError(f"waited {_DEADLINE_SECONDS:g} s for {what}, in vain", remedy="Look at the lab's logs.")
        time.sleep(0.1)
