"""How values read: times, durations, losses, and vendors' words that are safe to show."""

from __future__ import annotations

import json
import math
import re
import shlex
import textwrap
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from drctl.core.change import RunMade, Value
from drctl.core.intent import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drctl.core.intent import Intent

UNKNOWN = "unknown"

_USER_IN_ADDRESS = re.compile(r"://[^/\s@]+@")
# What vendors' messages may quote. What a shell is to read itself (`"$(cat FILE)"`) stays.
_SECRET_IN_TEXT = re.compile(r"""\b(password|passwd|token|secret|api_key)=(?!["']?[$*])[^\s,;]+""", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# What a terminal would obey: colours, cursor movements, window titles.
_TERMINAL_ORDERS = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?)")
_COMMAND_IN_PROSE = re.compile(r"`[^`]*`|--\S+ \S+")
_KEPT_SPACE = "\u2007"


def masked(text: str) -> str:
    """Return a text without what a terminal would obey, and without a secret in an address or after its name."""
    plain = _USER_IN_ADDRESS.sub("://***@", _TERMINAL_ORDERS.sub("", text))
    return _UNSEEN.sub("", _SECRET_IN_TEXT.sub(r"\1=***", plain))


def one_line(text: str) -> str:
    """Return a masked text on one line."""
    return " ".join(masked(text).split())


def filled(text: str, width: int, indent: str = "", hanging: str = "") -> list[str]:
    """Break prose into lines; a command between backticks, and an option with its value, stay whole."""
    kept = _COMMAND_IN_PROSE.sub(lambda found: found[0].replace(" ", _KEPT_SPACE), one_line(text))
    lines = textwrap.wrap(
        kept,
        width,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_KEPT_SPACE, " ") for line in lines]


def counted(number: int, thing: str) -> str:
    """Return a number of things: `1 field`, `2 fields`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def wanted(intent: Intent) -> str:
    """Return what a run is to do: `failover east -> west, emergency`."""
    if intent.operation is Operation.FENCE:
        return f"fence {intent.target}"
    if intent.operation is Operation.UNDO:
        return f"undo {intent.undoes}, {intent.source} -> {intent.target}"
    only = ", reprotect only" if intent.reprotect_only else ""
    return f"{intent.operation.value} {intent.source} -> {intent.target}, {intent.mode.value}{only}"


def finish_command(run_id: str, item: str) -> str:
    """Return the command that finishes an open item."""
    return f"drctl resume {run_id} --item {shlex.quote(item)}"


def leave_out_command(run_id: str, items: Iterable[str]) -> str:
    """Return the command that lets a run go on without items; the reason is for the operator to put in."""
    omitted = " ".join(f"--without {shlex.quote(item)}" for item in items)
    return f'drctl resume {run_id} {omitted} --reason "TEXT"'


def clock_time(moment: datetime | None) -> str:
    """Return the time of day in UTC: `03:04:05.6Z`."""
    if moment is None:
        return UNKNOWN
    return f"{moment.astimezone(UTC):%H:%M:%S.%f}"[:-5] + "Z"


def date_time(moment: datetime | None) -> str:
    """Return day and time in UTC: `2026-03-01 03:04:05Z`."""
    return UNKNOWN if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def rfc3339(moment: datetime | None) -> str | None:
    """Return a moment as JSON has it, in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def lasted(duration: timedelta | None) -> str:
    """Return a duration: `2.31 s`, `4 min 5 s`, `3 h 2 min`."""
    if duration is None:
        return UNKNOWN
    seconds = duration.total_seconds()
    if seconds < 60:
        return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"
    whole = round(seconds)
    if whole < 3600:
        return _two(whole // 60, "min", whole % 60, "s")
    if whole < 172_800:
        return _two(whole // 3600, "h", whole % 3600 // 60, "min")
    return _two(whole // 86_400, "days", whole % 86_400 // 3600, "h")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def at_most(seconds: float) -> str:
    """Return an upper bound, never rounded down."""
    return lasted(timedelta(seconds=math.ceil(round(seconds * 10, 6)) / 10))


def loss(state: str, seconds_max: float | None, messages_min: int | None, messages_exact: int | None) -> str:
    """Return one stream's loss in words; what is not known is said to be unknown."""
    if state == "measured" and messages_exact is not None:
        if messages_exact == 0:
            return "measured: nothing"
        span = UNKNOWN if seconds_max is None else at_most(seconds_max)
        return f"measured: {messages_exact} messages ({span})"
    if state == "bounded" and seconds_max is not None:
        least = "an unknown number of" if messages_min is None else f"at least {messages_min}"
        return f"bounded: at most {at_most(seconds_max)}, {least} messages"
    return UNKNOWN


def value(content: Value) -> str:
    """Return a field's value; what only the run will know stands in angle brackets."""
    match content:
        case None:
            return "(none)"
        case RunMade(name):
            return f"<{name}>"
        case tuple():
            return ", ".join(one_line(part) for part in content) or "(none)"
        case str():
            return one_line(content) or '""'
        case _:
            return json.dumps(content)
