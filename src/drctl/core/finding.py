"""What stands in the way, or should be known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
