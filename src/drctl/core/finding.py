"""What stands in the way, or should be known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Each code of a finding that can be accepted: a test holds it against the code.
ACCEPTABLE = frozenset(
    {
        "data-loss",
        "fences-a-runs-target",
        "fences-the-active-region",
        "inventory-missing",
        "inventory-stale",
        "source-writers-unknown",
    }
)


class Severity(StrEnum):
    """How much a finding weighs. A problem blocks unless its code is accepted."""

    WARN = "warn"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation that a person must know of.

    `code` is what `--accept CODE` names; `acceptable` says whether it can be accepted at all.
    """

    code: str
    message: str
    remedy: str
    severity: Severity = Severity.PROBLEM
    acceptable: bool = False
    subject: str = ""
