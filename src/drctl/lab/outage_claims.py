"""What a plan said beforehand of the time without writes, against what the run measured and the clients saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drctl.lab.judgement import Claim
from drctl.lab.layout import PUBLISHER, RESOLVING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.lab.truth import Outage

_GAP_SECONDS_MAX = 1.0
# A kept connection heeds no TTL: how long it stays with the fenced region is nobody's promise.
_HEED_THE_TTL = (RESOLVING, PUBLISHER)


def outage_claims(report: dict[str, Any], outages: Mapping[str, Outage | None]) -> tuple[Claim, ...]:
    """Compare a planned move's outage with its plan's prediction."""
    said = report["outage"] or {}
    gap, gap_predicted = said.get("stream_gap_seconds"), said.get("stream_gap_predicted_seconds")
    predicted = said.get("write_outage_predicted_seconds")
    lasted = {client: _seconds(outages.get(client)) for client in _HEED_THE_TTL}
    known = [seconds for seconds in lasted.values() if seconds is not None]
    return (
        Claim(
            f"the stream gap stayed under {_GAP_SECONDS_MAX:g} s, and within what the plan said",
            f"at most {gap_predicted} s",
            f"{gap} s, from the fence to the probe",
            gap is not None and gap_predicted is not None and gap <= min(gap_predicted, _GAP_SECONDS_MAX),
        ),
        Claim(
            "who heeds the TTL was without writes for no longer than the plan said",
            f"at most {predicted} s",
            ", ".join(f"{client} {_told(seconds)}" for client, seconds in lasted.items()),
            predicted is not None and len(known) == len(lasted) and max(known) <= predicted,
        ),
    )


def _seconds(outage: Outage | None) -> float | None:
    return None if outage is None or outage.ended is None else (outage.ended - outage.began).total_seconds()


def _told(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds:.2f} s"
