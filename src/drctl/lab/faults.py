"""Bad days, on request: what `drctl lab break` and `drctl lab heal` do, and tests with them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from drctl.lab import supervisor
from drctl.lab.errors import LabError
from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import OUTSIDE, REGIONS, Layout

LINK = "link"
VENDORS = ("kube-east", "kube-west", "route53", "cloudflare")


class Fault(StrEnum):
    """What can be broken. The first two happen to a region, the third to the link, the others to a vendor."""

    KILL = "kill"
    FREEZE = "freeze"
    CUT = "cut"
    LATENCY = "latency"
    ERRORS = "errors"
    THROTTLING = "throttling"
    HANG = "hang"
    LOST_RESPONSE = "lost-response"


def targets(fault: Fault) -> tuple[str, ...]:
    """Return what a fault can happen to."""
    match fault:
        case Fault.KILL | Fault.FREEZE:
            return REGIONS
        case Fault.CUT:
            return (LINK,)
        case _:
            return VENDORS


def break_(layout: Layout, fault: Fault, target: str, *, seconds: float = 3.0, times: int | None = None) -> None:
    """Break something until it is healed.

    Args:
        layout: The lab.
        fault: What happens.
        target: To whom: a region, `link`, or one of `VENDORS`.
        seconds: How long each request is held up by `LATENCY`.
        times: How many requests are refused by `ERRORS` or `THROTTLING`; None means all of them. How many writes
            lose their answer by `LOST_RESPONSE`; None means one.

    Raises:
        LabError: That cannot happen to that target, or the target does not answer.
    """
    if target not in targets(fault):
        raise LabError(f"{fault} cannot happen to {target}", remedy=f"Choose one of {', '.join(targets(fault))}.")
    match fault:
        case Fault.KILL:
            supervisor.kill(layout, target)
        case Fault.FREEZE:
            supervisor.freeze(layout, target)
        case Fault.CUT:
            _post(layout, LINK, {"cut": True})
        case Fault.LATENCY | Fault.ERRORS | Fault.THROTTLING | Fault.HANG | Fault.LOST_RESPONSE:
            _post(layout, target, _vendor_fault(fault, target, seconds, times))


def heal(layout: Layout, target: str) -> None:
    """Undo everything that was broken at a region, at the link or at a vendor; fine when nothing was.

    A killed region is started again from what it had stored, a frozen one runs on.

    Raises:
        LabError: There is no such target, or it does not come back.
    """
    if target in REGIONS:
        supervisor.thaw(layout, target)
        if not all(part.alive for part in supervisor.status(layout) if part.region == target):
            supervisor.revive(layout, target)
    elif target == LINK:
        _post(layout, LINK, {"cut": False})
    elif target in VENDORS:
        _post(layout, target, {})
    else:
        raise LabError(
            f"there is no {target} to heal", remedy=f"Choose one of {', '.join((*REGIONS, LINK, *VENDORS))}."
        )


def _vendor_fault(fault: Fault, vendor: str, seconds: float, times: int | None) -> dict[str, Any]:
    """Return the body of `POST /faults`; each body replaces what was broken before."""
    match fault:
        case Fault.LATENCY:
            return {"latency_seconds": seconds}
        case Fault.ERRORS:
            return {"status": 500, "fail_next": times}
        case Fault.THROTTLING if vendor == "route53":
            return {"code": "Throttling", "fail_next": times}
        case Fault.THROTTLING:
            return {"status": 429, "fail_next": times}
        case Fault.HANG:
            return {"hang": True}
        case _:
            return {"drop_after_apply_next": 1 if times is None else times}


def _post(layout: Layout, target: str, body: dict[str, Any]) -> None:
    port = getattr(layout.ports, f"admin_{target.replace('-', '_')}")
    JsonCaller(f"http://{OUTSIDE}:{port}").must("POST", "/faults", body)
