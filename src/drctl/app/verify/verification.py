"""All groups of checks, at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.fanout import fan_out
from drctl.app.verify.datastore.checks import check_datastore
from drctl.app.verify.model import CheckResult, Subject, Verification
from drctl.app.verify.names import check_names
from drctl.app.verify.reachability import check_reachability
from drctl.app.verify.runs import check_runs
from drctl.app.verify.workloads import check_workloads

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.app.status import Status

_GROUPS: tuple[Callable[[Subject], tuple[CheckResult, ...]], ...] = (
    check_reachability,
    check_datastore,
    check_workloads,
    check_names,
)


def verify(subject: Subject, status: Status) -> Verification:
    """Return every check of a failover to `subject.intent.target`. Reads only, unless it was given probes."""
    results = [result for group in fan_out(lambda check: check(subject), _GROUPS) for result in group]
    results += check_runs(subject, status)
    return Verification(subject.topology.title, subject.intent.target, subject.reads.clock.now(), tuple(results))
