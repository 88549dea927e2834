"""Which region is active, by each system's own evidence, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.status import Role
from drctl.render.jsonable import Json, jsonable
from drctl.render.page import Page
from drctl.render.runs_view import state_of
from drctl.render.wording import UNKNOWN, clock_time, date_time, finish_command, lasted, one_line

if TYPE_CHECKING:
    from rich.console import Console

    from drctl.app.status import RegionStatus, ReplicationLine, RunItem, Status
    from drctl.core.lock import LockRecord
    from drctl.core.observed import HttpAnswer
    from drctl.core.run_state import RunState

STATUS_SCHEMA = "drctl.status/v1"
_STYLES = {Role.ACTIVE: "bold green", Role.STANDBY: "", Role.FENCED: "yellow", Role.UNKNOWN: "bold yellow"}


def print_status(status: Status, console: Console) -> None:
    """Print who is active and who answers, each region's evidence, what is unfinished, and the next command."""
    page = Page(console)
    active = f"{status.active} is active" if status.active else "no region can be called active"
    page.heading(f"{status.service}: {active}", "bold green" if status.active else "bold yellow")
    page.labelled("Public name", _public(status.public, status.public_unknown))
    if status.taken_twice:
        words = f"writes to {', '.join(status.taken_twice)} are taken in two regions: fence the one that must stop, now"
        page.labelled("TWO WRITERS", words, "bold red")
    for region in status.regions:
        _print_region(page, region)
    page.heading("Replication")
    for line in status.replication:
        page.labelled(f"  {line.stream}", _replication(line))
    if not status.replication:
        page.prose("no mirror was seen", 2)
    _print_run_state(page, status)
    page.heading("Next")
    for command in next_commands(status):
        page.command(command)


def _print_region(page: Page, region: RegionStatus) -> None:
    page.heading(
        f"{region.region}: {region.role.value}  (looked {clock_time(region.observed_at)})", _STYLES[region.role]
    )
    for label in ("traffic", "writers", "workloads", "secrets"):
        words = getattr(region, label)
        page.labelled(f"  {label}", words, "yellow" if words.startswith(UNKNOWN) else "")


def _public(answer: HttpAnswer | None, unknown: str) -> str:
    if answer is None:
        return f"{UNKNOWN}: {unknown or 'no read probe is configured'}"
    when = f"(looked {clock_time(answer.observed_at)})"
    if answer.error:
        return f"does not answer: {answer.error} {when}"
    return f"answers {answer.status} from {answer.region or 'an unnamed region'} in {lasted(answer.elapsed)} {when}"


def _replication(line: ReplicationLine) -> str:
    heard = "never heard its origin since its server started"
    if line.contact_age is not None:
        heard = f"heard its origin {lasted(line.contact_age)} ago"
    behind = f"lag {UNKNOWN}: its origin does not answer"
    if line.behind_messages is not None:
        behind = f"{line.behind_messages} messages behind"
    return f"{behind}; {heard} (mirror in {line.region})"


def _print_run_state(page: Page, status: Status) -> None:
    page.heading("Runs")
    page.labelled("  epoch", str(status.epoch))
    page.labelled("  lock", _lock(status.lock))
    for run in status.unfinished:
        page.labelled("  unfinished", f"{run.run_id}: {state_of(run, _holder(status))}", "yellow")
    for one in status.open_items:
        who = f"left out by {one.item.operator}: " if one.item.operator else ""
        page.labelled("  open item", f"{one.item.ref}, since run {one.run_id}: {who}{one.item.why}", "yellow")
    for region, run_id in status.pending_fences:
        page.labelled("  pending fence", f"{region}, since run {run_id}: it may take writes when it is back", "yellow")


def _lock(lock: LockRecord | None) -> str:
    if lock is None:
        return "free"
    at = f", at {lock.step}" if lock.step else ""
    return f"held by {lock.holder} since {date_time(lock.taken_at)}: {lock.believes}{at} (run {lock.run_id})"


def _holder(status: Status) -> str:
    return status.lock.run_id if status.lock else ""


def next_commands(status: Status) -> tuple[str, ...]:
    """Return what to run next, the most urgent first."""
    if status.lock is not None:
        return (f"drctl runs show {status.lock.run_id}",)
    if status.taken_twice:
        return _stop_one(status)
    if status.unfinished:
        return tuple(f"drctl resume {run.run_id}" for run in status.unfinished)
    if status.pending_fences:
        return tuple(f"drctl fence {region}" for region, _ in status.pending_fences)
    if open_items := [one for one in status.open_items if one.is_finished]:
        return tuple(dict.fromkeys(finish_command(one.run_id, one.item.ref.item) for one in open_items))
    is_served = status.public is not None and not status.public.error and status.public.status < 500
    return ("drctl verify",) if is_served else ("drctl failover --dry-run",)


def _stop_one(status: Status) -> tuple[str, ...]:
    """Return how to stop the second writer: the region that users do not reach. Who that is is never guessed."""
    served = status.public.region if status.public is not None and not status.public.error else ""
    others = [found.region for found in status.regions if found.region != served]
    if len(others) == 1:
        return (f"drctl fence {others[0]}",)
    # The run with the larger epoch says which region was meant to take over.
    return ("drctl runs list", *(f"drctl fence {region} --dry-run" for region in others))


def status_json(status: Status) -> dict[str, Json]:
    """Return the status; every fact has the time of its own look."""
    seen = jsonable(status.observed_at)
    return {
        "schema": STATUS_SCHEMA,
        "observed_at": seen,
        "service": status.service,
        "active": status.active or None,
        "public_name": _public_json(status.public),
        "regions": [_region_json(region) for region in status.regions],
        "replication": [_replication_json(line) | {"observed_at": seen} for line in status.replication],
        "taken_twice": {"streams": list(status.taken_twice), "observed_at": seen},
        "lock": None if status.lock is None else _lock_json(status.lock) | {"observed_at": seen},
        "epoch": {"value": status.epoch, "observed_at": seen},
        "unfinished": [_run_json(run, _holder(status)) | {"observed_at": seen} for run in status.unfinished],
        "pending_fences": [
            {"region": region, "run_id": run_id, "observed_at": seen} for region, run_id in status.pending_fences
        ],
        "open_items": [_open_json(one) | {"observed_at": seen} for one in status.open_items],
        "next": list(next_commands(status)),
        "elapsed_seconds": jsonable(status.elapsed),
    }


def _open_json(one: RunItem) -> dict[str, Json]:
    return {
        "run_id": one.run_id,
        "step": one.item.ref.step_id,
        "item": one.item.ref.item,
        "left_out_by": one.item.operator or None,
        "why": jsonable(one.item.why),
        "since": jsonable(one.item.since),
    }


def _public_json(answer: HttpAnswer | None) -> Json:
    if answer is None:
        return None
    return {
        "status": answer.status,
        "region": answer.region,
        "error": one_line(answer.error),
        "elapsed_seconds": jsonable(answer.elapsed),
        "observed_at": jsonable(answer.observed_at),
    }


def _region_json(region: RegionStatus) -> Json:
    return {
        "region": region.region,
        "role": region.role.value,
        "traffic": jsonable(region.traffic),
        "writers": jsonable(region.writers),
        "workloads": jsonable(region.workloads),
        "secrets": jsonable(region.secrets),
        "observed_at": jsonable(region.observed_at),
    }


def _replication_json(line: ReplicationLine) -> dict[str, Json]:
    return {
        "region": line.region,
        "stream": line.stream,
        "contact_age_seconds": jsonable(line.contact_age),
        "behind_messages": line.behind_messages,
    }


def _lock_json(lock: LockRecord) -> dict[str, Json]:
    return {
        "run_id": lock.run_id,
        "holder": lock.holder,
        "believes": lock.believes,
        "step": lock.step,
        "taken_at": jsonable(lock.taken_at),
    }


def _run_json(run: RunState, lock_holder: str) -> dict[str, Json]:
    return {"run_id": run.run_id, "state": state_of(run, lock_holder)}
