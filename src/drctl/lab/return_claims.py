"""What else a way home must bear out: the bucket by key and revision, drctl's own stream, and when the link opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from drctl.lab.judgement import Claim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.lab.orders import Entry

SETTINGS = "KV_settings"
_HEARTBEATS = "DRCTL_HB"
FENCES = frozenset({"fence_streams:east", "fence_workloads:east"})


@dataclass(frozen=True, slots=True)
class Settings:
    """The bucket, by revision: in both regions before the way home, and at home after it; `fork` ended the first half.

    A key's older revisions are dropped as newer ones come.
    """

    fork: int
    west_before: Mapping[int, Entry]
    east_before: Mapping[int, Entry]
    east_after: Mapping[int, Entry]


def settings_claims(settings: Settings, ledger: dict[str, Any]) -> tuple[Claim, ...]:
    """Compare the bucket with what was promised of it: west's keys are at home, east's own are in the ledger."""
    promised = _newest(settings.west_before)
    home = _newest(settings.east_after)
    lost = [key for key, revision in promised.items() if not _has(settings, key, revision, home)]
    own = _newest({seq: entry for seq, entry in settings.east_before.items() if seq > settings.fork})
    listed = _listed(ledger)
    missing = [key for key, revision in own.items() if listed.get(key, 0) < revision]
    early = [line["seq"] for line in ledger["messages"] if line["stream"] == SETTINGS and line["seq"] <= settings.fork]
    return (
        Claim(
            "every setting that west held is at home under its own revision, or a later one",
            "nothing is lost",
            f"{len(promised) - len(lost)} of {len(promised)} keys",
            bool(promised) and not lost,
        ),
        Claim(
            "the ledger has every setting that only east had, by key and revision",
            ", ".join(f"{key} {revision}" for key, revision in listed.items()) or "none",
            ", ".join(f"{key} {revision}" for key, revision in own.items()) or "none",
            bool(own) and not missing and not early,
        ),
    )


def heartbeat_claim(ledger: dict[str, Any]) -> Claim:
    """Look for drctl's own stream among what users lost."""
    found = sum(line["stream"] == _HEARTBEATS for line in ledger["messages"])
    return Claim("drctl's own heartbeats are in no ledger", "none", f"{found} of them", not found)


def link_claim(report: dict[str, Any], opened_at: datetime | None) -> Claim:
    """Compare when the link was opened with when failback had fenced east."""
    ended = {
        step["id"]: datetime.fromisoformat(step["ended_at"])
        for step in report["steps"]
        if step["id"] in FENCES and step["outcome"] == "done"
    }
    fenced = max(ended.values(), default=None)
    return Claim(
        "the link was opened once failback had said that east is fenced, and not before",
        f"fenced {fenced:%H:%M:%S.%f}" if fenced else "not fenced",
        f"opened {opened_at:%H:%M:%S.%f}" if opened_at else "never opened",
        ended.keys() == FENCES and fenced is not None and opened_at is not None and fenced <= opened_at,
    )


def _newest(entries: Mapping[int, Entry]) -> dict[str, int]:
    return {entries[seq].subject: seq for seq in sorted(entries)}


def _listed(ledger: dict[str, Any]) -> dict[str, int]:
    lines = [line for line in ledger["messages"] if line["stream"] == SETTINGS]
    return {line["subject"]: line["seq"] for line in sorted(lines, key=lambda line: int(line["seq"]))}


def _has(settings: Settings, key: str, revision: int, home: Mapping[str, int]) -> bool:
    at_home = settings.east_after.get(revision)
    return at_home == settings.west_before[revision] if home.get(key, 0) == revision else home.get(key, 0) > revision
