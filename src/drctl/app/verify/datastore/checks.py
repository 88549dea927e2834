"""Every check of the datastore; one that cannot look is unknown by itself and keeps no other from looking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.fanout import fan_out
from drctl.app.verify.datastore.capacity import check_capacity
from drctl.app.verify.datastore.heartbeat import check_heartbeat
from drctl.app.verify.datastore.identity import check_identity
from drctl.app.verify.datastore.mirrors import check_mirrors
from drctl.app.verify.datastore.quorum import check_quorum
from drctl.app.verify.datastore.trials import check_trials
from drctl.app.verify.datastore.writers import check_writers
from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.core.errors import AdapterError

if TYPE_CHECKING:
    from collections.abc import Callable

_CONCERNS: tuple[tuple[str, Callable[[Subject], tuple[CheckResult, ...]]], ...] = (
    ("nats.api_level", check_identity),
    ("nats.promotable", check_quorum),
    ("nats.mirrors", check_mirrors),
    ("nats.heartbeat", check_heartbeat),
    ("nats.limits", check_capacity),
    ("nats.one_writer", check_writers),
    ("nats.trials", check_trials),
)


def check_datastore(subject: Subject) -> tuple[CheckResult, ...]:
    """Check who votes, every mirror, the heartbeat, limits, that there is one writer, and with probes the writes."""

    def look(concern: tuple[str, Callable[[Subject], tuple[CheckResult, ...]]]) -> tuple[CheckResult, ...]:
        name, check = concern
        try:
            return check(subject)
        except AdapterError as error:
            return (subject.result(name, Outcome.UNKNOWN, error.message, error.remedy),)

    return tuple(result for found in fan_out(look, _CONCERNS) for result in found)
