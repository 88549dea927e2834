"""Which items a step may go on without, what is then left of it, and what that breaks.

Never a fence or its undoing, the freeze point or the link: what comes after them is safe only because of them.
One page for all step types, so that a new one is not forgotten: the type checker wants its case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol, TypeVar, assert_never

from drctl.core.topology import VENDOR, ProbeKind
from drctl.core.verdict import Tier
from drctl.steps.await_link import AwaitLink
from drctl.steps.await_sync import AwaitSync
from drctl.steps.await_workloads import AwaitWorkloads
from drctl.steps.carry_consumers import CarryConsumers
from drctl.steps.catalog import AnyStep
from drctl.steps.drain_streams import DrainStreams
from drctl.steps.fence_streams import FenceStreams
from drctl.steps.fence_workloads import FenceWorkloads
from drctl.steps.freeze_point import FreezePoint
from drctl.steps.promote_stream import PromoteStream
from drctl.steps.prove_unwritten import ProveUnwritten
from drctl.steps.rebuild_mirror import RebuildMirror
from drctl.steps.rescue_tail import RescueTail
from drctl.steps.resync_secret import ResyncSecret
from drctl.steps.scale_workload import ScaleWorkload
from drctl.steps.seal_tail import SealTail
from drctl.steps.settle import PUBLIC_NAME, Settle
from drctl.steps.smoke import Smoke
from drctl.steps.switch_dns import SwitchDns
from drctl.steps.unfence_streams import UnfenceStreams


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Fixed = FenceStreams | UnfenceStreams | FenceWorkloads | FreezePoint | AwaitLink | ProveUnwritten
_Item = TypeVar("_Item", bound=_Named)

# The steps that take one stream from region to region, each resting on those before it.
_OF_STREAMS = (DrainStreams, RescueTail, SealTail, RebuildMirror, AwaitSync, PromoteStream, CarryConsumers)


def is_fixed(step: AnyStep) -> bool:
    """Say whether nothing of a step may be left out, so that it is done or failed and never degraded."""
    return isinstance(step, _Fixed)


def item_tiers(step: AnyStep) -> dict[str, Tier]:
    """Return the items that may be left out, with their tiers; none for a step that is fixed."""
    match step:
        case FenceStreams() | UnfenceStreams() | FenceWorkloads() | FreezePoint() | AwaitLink() | ProveUnwritten():
            return {}
        case Smoke(probes=probes):
            return {probe.name: Tier.CRITICAL for probe in probes}
        case SwitchDns(zone=zone, items=records):
            # A zone's records are sent as one batch, which is refused as one.
            named = dict.fromkeys((zone, *(record.place for record in records)), Tier.CRITICAL)
            return named | {VENDOR: Tier.IMPORTANT}
        case Settle(items=workloads):
            return {PUBLIC_NAME: Tier.CRITICAL} | {item.name: item.tier for item in workloads}
        case PromoteStream(items=items, probes_too=probed):
            return {item.name: item.tier for item in (*probed, *items)}
        case _:
            return {item.name: item.tier for item in step.items}


def without(step: AnyStep, names: frozenset[str]) -> AnyStep | None:
    """Return the step without some items; None when nothing is left of it."""
    gone = _spelled_out(step, names)
    return step if is_fixed(step) else _part(step, lambda name: name not in gone)


def only(step: AnyStep, names: frozenset[str]) -> AnyStep | None:
    """Return the step for some items alone; None when it has none of them."""
    # What the vendor says of a zone is asked for by its records.
    wanted = _spelled_out(step, names | {step.zone} if isinstance(step, SwitchDns) and VENDOR in names else names)
    return None if is_fixed(step) else _part(step, lambda name: name in wanted)


def _spelled_out(step: AnyStep, names: frozenset[str]) -> frozenset[str]:
    # A zone's name stands for each of its records.
    if isinstance(step, SwitchDns) and step.zone in names:
        return names | {record.place for record in step.items}
    return names


def _part(step: AnyStep, keeps: Callable[[str], bool]) -> AnyStep | None:  # noqa: C901, PLR0912 - one case a step type
    part: AnyStep
    match step:
        case FenceStreams() | UnfenceStreams() | FenceWorkloads() | FreezePoint() | AwaitLink() | ProveUnwritten():
            return step
        case Smoke():
            kept = _kept(step.probes, keeps)
            return replace(step, probes=kept) if kept else None
        case SwitchDns():
            records = tuple(record for record in step.items if keeps(record.place))
            part = replace(step, items=records)
        case Settle():
            # What it measures is the public name: without it nothing is left to see.
            return replace(step, items=_kept(step.items, keeps)) if keeps(PUBLIC_NAME) else None
        case ResyncSecret():
            part = replace(step, items=_kept(step.items, keeps))
        case ScaleWorkload():
            part = replace(step, items=_kept(step.items, keeps))
        case AwaitWorkloads():
            part = replace(step, items=_kept(step.items, keeps))
        case PromoteStream():
            promoted, probed = _kept(step.items, keeps), _kept(step.probes_too, keeps)
            return replace(step, items=promoted, probes_too=probed) if promoted or probed else None
        case CarryConsumers():
            part = replace(step, items=_kept(step.items, keeps))
        case DrainStreams():
            part = replace(step, items=_kept(step.items, keeps))
        case RescueTail():
            part = replace(step, items=_kept(step.items, keeps))
        case SealTail():
            part = replace(step, items=_kept(step.items, keeps))
        case RebuildMirror():
            part = replace(step, items=_kept(step.items, keeps))
        case AwaitSync():
            part = replace(step, items=_kept(step.items, keeps))
        case _:
            assert_never(step)
    return part if part.items else None


def _kept(items: tuple[_Item, ...], keeps: Callable[[str], bool]) -> tuple[_Item, ...]:
    return tuple(item for item in items if keeps(item.name))


def breaks(step: AnyStep, item: str) -> str:  # noqa: C901, PLR0911, PLR0912 - one sentence a step type
    """Say what is not so while this item of this step is left out."""
    match step:
        case FenceStreams() | UnfenceStreams() | FenceWorkloads() | FreezePoint() | AwaitLink() | ProveUnwritten():
            return "it is never left out"
        case ResyncSecret():
            return f"what starts in {step.region} starts with {item} as it was last synced, perhaps with an old secret"
        case ScaleWorkload():
            return f"{item} is not scaled up in {step.region}"
        case AwaitWorkloads():
            return f"nobody sees whether {item} runs in {step.region}"
        case Settle() if item == PUBLIC_NAME:
            return f"nobody sees whether users are served from {step.region.name}: the api contract stays unproven"
        case Settle():
            return f"nobody sees whether {item} was scaled back in {step.region.name}"
        case Smoke():
            what = "the api contract stays unproven" if _writes(step, item) else "traffic moves there unseen"
            return f"nobody sees probe {item} pass in {step.region.name}: {what}"
        case SwitchDns() if item == VENDOR:
            return f"nobody sees whether the vendor of {step.zone} calls the change in sync"
        case SwitchDns():
            return f"{item} keeps pointing where it points: its users do not follow to {step.region}"
        case PromoteStream():
            return f"{item} takes no writes in {step.region}: what is published to it there is refused"
        case CarryConsumers():
            return f"{item} does not exist in {step.region}: whoever reads by it gets nothing"
        case DrainStreams():
            return f"what {step.target} lacks of {item} stays in {step.source}"
        case RescueTail() | SealTail():
            return f"what only {step.source} has of {item} is kept there alone, unsealed"
        case RebuildMirror():
            return f"{item} in {step.region} stays as it is, no mirror: there is one copy of what {step.origin} takes"
        case AwaitSync():
            return f"nobody sees whether {step.mirror} follows {item} of {step.origin}"
        case _:
            assert_never(step)


def _writes(step: Smoke, item: str) -> bool:
    return any(probe.name == item and probe.kind is ProbeKind.WRITE for probe in step.probes)


def depends(later: AnyStep, step: AnyStep, item: str) -> tuple[str, ...]:
    """Return the items of a later step whose work rests on an item of this one."""
    match step, later:
        case SwitchDns(), Settle() if _moves_users(step, item):
            return (PUBLIC_NAME,)
        case Smoke(), Smoke():
            names: Iterable[str] = (item,)
        case ScaleWorkload() | AwaitWorkloads() | Settle(), ScaleWorkload() | AwaitWorkloads() | Settle():
            names = (item,) if item != PUBLIC_NAME else ()
        case _ if isinstance(step, _OF_STREAMS) and isinstance(later, _OF_STREAMS):
            names = (name for name in item_tiers(later) if name == item or name.startswith(f"{item}/"))
        case _:
            return ()
    return tuple(name for name in names if name in item_tiers(later))


def _moves_users(step: SwitchDns, item: str) -> bool:
    return any(record.awaited and item in {step.zone, record.place} for record in step.items)
