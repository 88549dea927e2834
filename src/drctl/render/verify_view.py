"""Can we fail over now? Every check, what it found, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.verify.model import Outcome
from drctl.core.errors import ExitCode
from drctl.render.jsonable import Json, jsonable
from drctl.render.page import Page
from drctl.render.wording import date_time

if TYPE_CHECKING:
    from rich.console import Console

    from drctl.app.verify.model import CheckResult, Verification

VERIFY_SCHEMA = "drctl.verify/v1"
_OUTCOME = 11
_STYLES = {
    Outcome.OK: "green",
    Outcome.WARN: "yellow",
    Outcome.PROBLEM: "bold red",
    Outcome.UNKNOWN: "bold yellow",
}


def print_verification(verification: Verification, console: Console) -> None:
    """Print the verdict, then every check by group, then how many of each."""
    page = Page(console)
    ready = verification.exit_code is ExitCode.DONE
    words = "could take over" if ready else "could not take over, or it is not known"
    title = f"{verification.service}: {verification.target} {words}"
    page.heading(title, "bold green" if ready else "bold red")
    for group in dict.fromkeys(result.group for result in verification.results):
        page.heading(group)
        for result in verification.results:
            if result.group == group:
                _print_check(page, result)
    page.blank()
    counts = ", ".join(f"{verification.count(outcome)} {outcome.value}" for outcome in Outcome)
    page.prose(f"{counts} (looked {date_time(verification.observed_at)})", style="bold")
    # The end is what stays on the screen of a service with hundreds of checks.
    if stops := [result.id for result in verification.results if _stops(result)]:
        page.labelled("In the way", ", ".join(stops), "bold red", _OUTCOME)


def _print_check(page: Page, result: CheckResult) -> None:
    page.labelled(f"  {result.outcome.value}", f"{result.id}: {result.message}", _STYLES[result.outcome], _OUTCOME)
    if result.remedy and result.outcome is not Outcome.OK:
        page.labelled("", result.remedy, width=_OUTCOME)


def _stops(result: CheckResult) -> bool:
    is_unknown = result.outcome is Outcome.UNKNOWN and result.weighs is Outcome.PROBLEM
    return result.outcome is Outcome.PROBLEM or is_unknown


def verification_json(verification: Verification) -> dict[str, Json]:
    """Return every check with the time of its own look."""
    return {
        "schema": VERIFY_SCHEMA,
        "observed_at": jsonable(verification.observed_at),
        "service": verification.service,
        "target": verification.target,
        "exit_code": int(verification.exit_code),
        "counts": {outcome.value: verification.count(outcome) for outcome in Outcome},
        "results": [
            {
                "id": result.id,
                "group": result.group,
                "outcome": result.outcome.value,
                "weighs": result.weighs.value,
                "message": jsonable(result.message),
                "remedy": jsonable(result.remedy),
                "observed_at": jsonable(result.observed_at),
            }
            for result in verification.results
        ],
    }
