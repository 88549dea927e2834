"""Why a stream that the rules match is not moved: none may fall out of a plan without a word."""

from __future__ import annotations

from drctl.core.finding import Finding, Severity
from drctl.core.inventory import Inventory
from drctl.core.observed import StreamKind, StreamRole, StreamState
from drctl.core.sides import Serving, serving
from drctl.core.topology import Topology
from drctl.planning.selection import stream_tier


def side_findings(topology: Topology, inventory: Inventory) -> tuple[Finding, ...]:
    """Return why a stream that the rules match is not in the plan."""
    if inventory.source is None:
        return ()
    there = {stream.name: stream for stream in inventory.target.streams}
    regions = inventory.source.region, inventory.target.region
    found = (
        _finding(stream, there.get(stream.name), *regions)
        for stream in inventory.source.streams
        if stream.kind is not StreamKind.RESCUE and stream_tier(topology.streams, stream.name) is not None
    )
    return tuple(finding for finding in found if finding is not None)


def _finding(stream: StreamState, other: StreamState | None, source: str, target: str) -> Finding | None:
    name, both = stream.name, other is not None and other.role is stream.role
    match serving(stream, other):
        case Serving.UNDECIDED:
            message = f"{name} takes writes in {source} and in {target}, and nothing says which was promoted last."
            remedy = (
                f"Fence the side that was left: `drctl fence {source}` or `drctl fence {target}`. What only it took is "
                "kept on the way home."
            )
            return Finding("both-active", message, remedy, subject=name)
        case Serving.TARGET if both:
            message = f"{name} takes writes in {source} and in {target}, which was promoted last and serves."
            remedy = f"Fence the side that was left: `drctl fence {source}`."
            return Finding("both-active", message, remedy, subject=name)
        case Serving.TARGET if stream.role is StreamRole.FENCED:
            message = f"{name} is served by {target} already; {source} holds a fenced stream, no mirror."
            remedy = f"This plan leaves it alone: bring {source} back by the way home."
            return Finding("moved-already", message, remedy, Severity.WARN, subject=name)
        case Serving.NOBODY:
            held = f"{stream.role.value} in {source}, {other.role.value if other else 'missing'} in {target}"
            message = f"nobody takes writes on {name}: it is {held}."
            remedy = (
                "If a run left it out, `drctl status` says how to finish it. Else, if it is the service's own, give "
                "the side that served the subjects back that its metadata keeps."
            )
            # Two mirrors may be somebody's copies of something else; a fence is drctl's own.
            is_ours = StreamRole.FENCED in {stream.role, other.role if other else None}
            severity = Severity.PROBLEM if is_ours else Severity.WARN
            return Finding("nobody-active", message, remedy, severity, subject=name)
        case _:
            return None
