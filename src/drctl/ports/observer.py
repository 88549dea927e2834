"""Who is told what happens in a run. An observer that fails never stops a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import timedelta

    from drctl.core.verdict import Verdict
    from drctl.ports.journal import Record


class Observer(Protocol):
    """Sees each record after it is durable, and what a step waits for meanwhile."""

    def recorded(self, record: Record) -> None:
        """See one durable record."""
        ...

    def waiting(self, step_id: str, verdict: Verdict, waited: timedelta) -> None:
        """See what a step is waiting for; nothing of this is recorded."""
        ...
