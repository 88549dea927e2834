"""How far this very run has come with a stream, by what it signed there: a run that is taken up begins anew.

In a failback one region is fenced, rebuilt and made active, by three steps whose wishes contradict one another.
A run that is resumed asks the first of them again: it must not undo what the last one did. The world says so
itself, in the epoch that each of them writes.
"""

from __future__ import annotations

from drctl.core.lock import Stamp
from drctl.core.observed import StreamRole, StreamState


def is_promoted(stream: StreamState, stamp: Stamp) -> bool:
    """Say whether this run has promoted a stream: what had to be seen before that was seen."""
    return _is_signed(stream, stamp) and stream.role is StreamRole.ACTIVE and stream.fork_seq is not None


def is_past_fence(stream: StreamState, stamp: Stamp) -> bool:
    """Say whether this run has made a mirror of a stream that it fenced, or has promoted it since."""
    return is_promoted(stream, stamp) or (_is_signed(stream, stamp) and stream.role is StreamRole.MIRROR)


def _is_signed(stream: StreamState, stamp: Stamp) -> bool:
    return bool(stamp.run_id) and stream.epoch == stamp.epoch
