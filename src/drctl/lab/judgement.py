"""drctl's claims against the clients' records, one by one. The clients are the judges.

Outages are timed by the client that resolves each time; orders are counted over all clients.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from drctl.lab.layout import RESOLVING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.lab.truth import Attempt, Outage, Records, Truth

_STREAM = "ORDERS"
_SLACK_SECONDS_MAX = 3.0


@dataclass(frozen=True, slots=True)
class Story:
    """What the demo itself did and saw: when it cut and killed, what drctl exited with, what west holds now."""

    cut_at: datetime
    killed_at: datetime
    exit_code: int
    west: dict[int, str]
    ttl: timedelta
    client_interval: timedelta
    poll_max: timedelta


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of drctl's, and whether the record agrees."""

    claim: str
    said: str
    seen: str
    agrees: bool


def judge(report: dict[str, Any], records: Records, story: Story) -> tuple[Claim, ...]:
    """Compare a failover's report with the clients' records."""
    outages = records.outages("west", story.killed_at)
    outage = outages[RESOLVING]
    loss = next((line for line in report["losses"] if line["stream"] == _STREAM), None)
    if loss is None or outage is None or outage.ended is None:
        seen = "the client was never served again" if outage else "the client saw no outage"
        return (Claim("the service was moved and its loss stated", report["verdict"], seen, agrees=False),)
    truth = records.everyone
    fork = int(loss["freeze_seq"])
    lost = truth.beyond("east", fork)
    return (
        _ended_as_said(report, story),
        *cut_over(report, outage, story.ttl + story.client_interval + story.poll_max),
        served_again(report, outages, "west"),
        _tail(fork, lost),
        *_bounds(loss, lost, truth, story),
        _kept(fork, truth, story),
        _west_holds_its_own(truth, story),
        _one_writer(truth, story),
    )


def _ended_as_said(report: dict[str, Any], story: Story) -> Claim:
    pending = ", ".join(report["pending_fences"])
    agrees = story.exit_code == 10 and "fence_streams:east" in report["pending_fences"]
    return Claim(
        "done, with east's fence pending (exit 10)", f"exit {story.exit_code}, {pending}", "east is dead", agrees
    )


def cut_over(report: dict[str, Any], outage: Outage, allowed: timedelta) -> tuple[Claim, ...]:
    """Compare the client's end of outage with drctl's moments of the switch; `allowed` is how far they may differ."""
    line = report["timeline"]
    sent, worst, served = (_moment(line[key]) for key in ("dns_sent_after", "dns_cutover_worst", "served_since"))
    ended = outage.ended
    if sent is None or worst is None or served is None or ended is None:
        return (Claim("the moments of the switch are known", str(line), "they are not", agrees=False),)
    apart = abs(ended - served)
    return (
        Claim(
            "who resolves each time moved after the DNS change, and within the worst case",
            f"{_clock(sent)} to {_clock(worst)}",
            f"first order there {_clock(ended)}",
            sent <= ended <= worst,
        ),
        Claim(
            f"the API's RTO ended when users were served, within {allowed.total_seconds():g} s",
            f"{_clock(served)}",
            f"{_clock(ended)}, {apart.total_seconds():.2f} s apart",
            apart <= allowed,
        ),
    )


def served_again(report: dict[str, Any], outages: Mapping[str, Outage | None], region: str) -> Claim:
    """Compare each client's own end of outage with the DNS change; how much later it may be is not drctl's claim."""
    sent = _moment(report["timeline"]["dns_sent_after"])
    ends = {client: outage.ended if outage else None for client, outage in outages.items()}
    return Claim(
        f"every client was served again by {region}, and none before the DNS change",
        f"changed {_clock(sent)}" if sent else "changed nothing",
        ", ".join(f"{client} {_clock(ended) if ended else 'never'}" for client, ended in ends.items()),
        sent is not None and all(ended is not None and ended >= sent for ended in ends.values()),
    )


def _tail(fork: int, lost: tuple[Attempt, ...]) -> Claim:
    seen = f"{len(lost)} acknowledged orders exist in east only"
    return Claim("something was lost, and it begins after the freeze point", f"froze at {fork}", seen, len(lost) >= 3)


def _bounds(loss: dict[str, Any], lost: tuple[Attempt, ...], truth: Truth, story: Story) -> tuple[Claim, ...]:
    bound, least = loss["seconds_max"], loss["messages_min"]
    span = (story.killed_at - story.cut_at).total_seconds()
    window = span_of(lost).total_seconds()
    # An order may be stored and its answer lost with the region: nobody was promised it, but it is in the stream.
    unanswered = [a for a in truth.without_answer() if story.cut_at <= a.at_sent <= story.killed_at]
    most = len(lost) + len(unanswered)
    contains = bound is not None and window <= bound <= span + _SLACK_SECONDS_MAX
    counted = least is not None and 0 < least <= most
    return (
        Claim(
            f"the RPO's bound holds, and is at most {_SLACK_SECONDS_MAX:g} s wider than cut to kill",
            f"at most {bound} s",
            f"lost orders span {window:.2f} s, cut to kill {span:.2f} s",
            contains,
        ),
        Claim(
            "the lower bound in messages is above 0 and not above the truth", f"at least {least}", f"{most}", counted
        ),
    )


def span_of(orders: tuple[Attempt, ...]) -> timedelta:
    """Return the time from the first order's sending to the last one's answer; zero for none."""
    if not orders:
        return timedelta(0)
    return max(order.at_done for order in orders) - min(order.at_sent for order in orders)


def _kept(fork: int, truth: Truth, story: Story) -> Claim:
    promised = [a for a in truth.acknowledged("east") if a.seq <= fork]
    missing = [a.id for a in promised if story.west.get(a.seq) != a.id]
    seen = f"{len(promised) - len(missing)} of {len(promised)} are in west at their own sequences"
    return Claim("every order up to the freeze point was kept", f"up to {fork}", seen, bool(promised) and not missing)


def _west_holds_its_own(truth: Truth, story: Story) -> Claim:
    promised = truth.acknowledged("west")
    missing = [a.id for a in promised if story.west.get(a.seq) != a.id]
    seen = f"{len(promised) - len(missing)} of {len(promised)} are in west"
    return Claim("every order that west acknowledged is stored there", "served", seen, bool(promised) and not missing)


def _one_writer(truth: Truth, story: Story) -> Claim:
    late = [a for a in truth.acknowledged("east") if a.at_sent > story.killed_at]
    early = [a for a in truth.acknowledged("west") if a.at_done < story.killed_at]
    seen = f"{len(late)} orders by east after the kill, {len(early)} by west before it"
    return Claim("never two regions took orders", "one writer", seen, not late and not early)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S.%f")[:-4]
