"""The answers to a step's `check`: what does the world look like from here?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drctl.core.change import Diff
    from drctl.core.finding import Finding


@dataclass(frozen=True, slots=True)
class Converged:
    """Nothing is to be written."""


@dataclass(frozen=True, slots=True)
class Diverged:
    """These changes are to be made; `depends_on` names a step whose work may still change the picture."""

    diff: Diff
    depends_on: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing can be done while these hold, unless every one of them is accepted by its code."""

    findings: tuple[Finding, ...]


Check = Converged | Diverged | Blocked
