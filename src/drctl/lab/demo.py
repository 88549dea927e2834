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
from drctl.lab.judgement import Claim, Story, judge, span_of
from drctl.lab.layout import CLIENTS, REGIONS, RESOLVING, TTL_SECONDS
from drctl.lab.return_claims import SETTINGS, Settings
from drctl.lab.truth import Outage, Records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drctl.lab.layout import Layout

_CLIENT_INTERVAL = timedelta(seconds=supervisor.ORDER_INTERVAL_SECONDS[RESOLVING])
_POLL_MAX = timedelta(seconds=2)
# Of each client; the first one orders more often.
_LOST_MIN = dict.fromkeys(CLIENTS, 2) | {RESOLVING: 5}
_WARM_MIN = dict.fromkeys(CLIENTS, 5) | {RESOLVING: 20}
_ORDERS_MIN = dict.fromkeys(CLIENTS, 3) | {RESOLVING: 10}
_CUT_FOR = timedelta(seconds=3)
_DEADLINE_SECONDS = 30.0
_FAILOVER_DEADLINE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Move:
    """One direction of the story: drctl's report, each client's own outage, and the claims compared."""

    report: dict[str, Any]
    outages: dict[str, Outage | None]
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """How the story ended. `client_saw` is what the clients saw of the contracts on the way out."""

    out: Move
    home: Move
    client_saw: dict[str, str]

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Return all claims that were compared."""
        return (*self.out.claims, *self.home.claims)

    @property
    def failed(self) -> int:
        """Return how many claims the records contradict."""
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
    supervisor.start_clients(layout)
    _until(lambda: _have_ordered(layout, "east", _WARM_MIN) and _samples(layout) >= 3, "orders and samples")
    taken = len(Records.read(layout).everyone.acknowledged("east"))
    say(f"three clients order: anew each time, on a kept connection, at NATS itself; {taken} orders stored in east")
    cut_at = datetime.now(UTC)
    faults.break_(layout, Fault.CUT, LINK)
    say("cut the link between the regions: east goes on taking orders that west never sees")
    _until(
        lambda: datetime.now(UTC) - cut_at > _CUT_FOR and _have_ordered(layout, "east", _LOST_MIN, cut_at),
        "orders that exist in east only",
    )
    faults.break_(layout, Fault.KILL, "east")
    killed_at = datetime.now(UTC)
    say("killed east: NATS, Kubernetes API, pods and ingress, with SIGKILL")
    _until(lambda: _is_seen_dark(layout), "watch to see it")
    exit_code = _failover(layout, say, quiet=quiet)
    report = _report(layout, "report")
    _until(lambda: _have_ordered(layout, "west", _ORDERS_MIN, killed_at), "orders of every client in west")
    story = Story(
        cut_at,
        killed_at,
        exit_code,
        orders.stored(layout, "west"),
        timedelta(seconds=TTL_SECONDS),
        _CLIENT_INTERVAL,
        _POLL_MAX,
    )
    records = _until_read(Records.read(layout), story)
    out = Move(report, records.outages("west", killed_at), judge(report, records, story))
    return Told(out, _home(layout, _forked(report), say), _client_saw(report, records, story))


def _until_read(records: Records, story: Story) -> Records:
    """Return the records up to what west's stream was read to hold: the clients went on meanwhile."""
    last = max(story.west, default=0)
    return records.only(lambda attempt: attempt.domain != "west" or attempt.seq <= last)


def _forked(report: dict[str, Any]) -> int:
    """Return where the bucket forked, as the failover's report says."""
    return next((int(line["freeze_seq"]) for line in report["losses"] if line["stream"] == SETTINGS), 0)


def _home(layout: Layout, fork: int, say: Callable[[str], None]) -> Move:
    faults.heal(layout, REGIONS[0])
    say("healed east, with the link still cut: its pods come back, and would take orders again")
    began_at = datetime.now(UTC)
    west = orders.stored(layout, "west")
    before = {region: orders.entries(layout, region, SETTINGS) for region in REGIONS}
    exit_code, opened_at = homecoming.come_home(layout, partial(_drctl, layout), say)
    report = _report(layout, "report-failback")
    _until(lambda: _have_ordered(layout, "east", _ORDERS_MIN, began_at), "orders of every client in east again")
    supervisor.stop_clients(layout)
    seen = homecoming.Return(
        began_at,
        opened_at,
        exit_code,
        west,
        orders.stored(layout, "east"),
        homecoming.ledger(layout, partial(_drctl, layout)),
        Settings(fork, before["west"], before["east"], orders.entries(layout, "east", SETTINGS)),
    )
    allowed = timedelta(seconds=TTL_SECONDS) + _CLIENT_INTERVAL + _POLL_MAX
    records = Records.read(layout)
    claims = homecoming.judge_return(report, records, seen, allowed)
    return Move(report, records.outages("east", began_at), claims)


def _have_ordered(layout: Layout, region: str, least: dict[str, int], since: datetime | None = None) -> bool:
    """Say whether each client had that many orders acknowledged by a region, sent after a moment."""
    return all(
        sum(since is None or order.at_sent > since for order in truth.acknowledged(region)) >= least[client]
        for client, truth in Records.read(layout).of.items()
    )


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


def _client_saw(report: dict[str, Any], records: Records, story: Story) -> dict[str, str]:
    saw: dict[str, str] = {}
    outage = records.resolving.outage_before("west", story.killed_at)
    if outage is not None:
        saw["api RTO"] = _lasted(outage)
    loss = next((line for line in report["losses"] if line["stream"] == "ORDERS"), None)
    if loss is not None:
        lost = records.everyone.beyond("east", int(loss["freeze_seq"]))
        saw["nats RPO"] = f"{len(lost)} orders of {span_of(lost).total_seconds():.2f} s lost"
    first = next(iter(records.everyone.acknowledged("west")), None)
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
