"""Every step type there is; a plan's journal can hold these and no others."""

from __future__ import annotations

from typing import get_args

from drctl.steps.await_link import AwaitLink
from drctl.steps.await_sync import AwaitSync
from drctl.steps.await_workloads import AwaitWorkloads
from drctl.steps.carry_consumers import CarryConsumers
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
from drctl.steps.settle import Settle
from drctl.steps.smoke import Smoke
from drctl.steps.switch_dns import SwitchDns
from drctl.steps.unfence_streams import UnfenceStreams

AnyStep = (
    FenceStreams
    | FenceWorkloads
    | ResyncSecret
    | ScaleWorkload
    | FreezePoint
    | PromoteStream
    | CarryConsumers
    | AwaitWorkloads
    | Smoke
    | SwitchDns
    | Settle
    | DrainStreams
    | AwaitLink
    | RescueTail
    | SealTail
    | RebuildMirror
    | AwaitSync
    | ProveUnwritten
    | UnfenceStreams
)

STEP_KINDS: tuple[str, ...] = tuple(step.__dataclass_fields__["kind"].default for step in get_args(AnyStep))
