"""Frozen values as JSON has them: times in RFC 3339 UTC, durations in seconds, run-made values by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from drctl.core.change import RunMade
from drctl.render.wording import masked, rfc3339

if TYPE_CHECKING:
    from drctl.core.change import Diff
    from drctl.core.finding import Finding

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def jsonable(value: object) -> Json:  # noqa: PLR0911 - one form a kind of value
    """Return a value as JSON; texts are masked.

    Raises:
        TypeError: A kind of value that has no form in drctl's documents.
    """
    match value:
        case Enum():
            return jsonable(value.value)
        case None | bool() | int() | float():
            return value
        case str():
            return masked(value)
        case datetime():
            return rfc3339(value)
        case timedelta():
            return value.total_seconds()
        case RunMade(name):
            return {"run_made": name}
        case Mapping():
            return {str(key): jsonable(part) for key, part in value.items()}
        case tuple() | list():
            return [jsonable(part) for part in value]
        case _:
            raise TypeError(type(value).__name__)


def changes_json(diff: Diff) -> Json:
    """Return a diff, field by field."""
    return [
        {
            "item": change.item,
            "object": change.object,
            "field": change.field,
            "before": jsonable(change.before),
            "after": jsonable(change.after),
        }
        for change in diff.changes
    ]


def findings_json(findings: tuple[Finding, ...], observed_at: datetime) -> Json:
    """Return findings with the time of the look that made them."""
    return [
        {
            "code": finding.code,
            "severity": finding.severity.value,
            "subject": finding.subject,
            "message": masked(finding.message),
            "remedy": masked(finding.remedy),
            "acceptable": finding.acceptable,
            "observed_at": rfc3339(observed_at),
        }
        for finding in findings
    ]
