"""Which side of a stream serves, from what both sides say of themselves. What cannot be told is said, not guessed."""

from __future__ import annotations

from enum import StrEnum

from drctl.core.observed import StreamRole, StreamState


class Serving(StrEnum):
    """The side of a stream that must never be promoted over. `UNDECIDED`: both take writes, and none is the later."""

    SOURCE = "source"
    TARGET = "target"
    NOBODY = "nobody"
    UNDECIDED = "undecided"


def serving(source: StreamState, target: StreamState | None) -> Serving:
    """Return the side that serves a stream.

    Where both take writes (an old region came back), the side that was promoted, or promoted last, does.
    """
    here, there = source.role, target.role if target else StreamRole.MIRROR
    if here is StreamRole.MIRROR:
        return Serving.TARGET if there is StreamRole.ACTIVE else Serving.NOBODY
    if target is None or there is StreamRole.MIRROR:
        return Serving.SOURCE
    if StreamRole.ACTIVE not in {here, there}:
        return Serving.NOBODY
    if here is not there:
        return Serving.SOURCE if here is StreamRole.ACTIVE else Serving.TARGET
    return _promoted_last(source, target)


def _promoted_last(source: StreamState, target: StreamState) -> Serving:
    if source.fork_seq is None or target.fork_seq is None:
        if _is_never_moved(target) and source.fork_seq is not None:
            return Serving.SOURCE
        return Serving.TARGET if _is_never_moved(source) and target.fork_seq is not None else Serving.UNDECIDED
    if source.epoch != target.epoch:
        return Serving.SOURCE if source.epoch > target.epoch else Serving.TARGET
    # Moved without an epoch, or with the same one: the later fork has the later last message.
    if source.fork_time is None or target.fork_time is None or source.fork_time == target.fork_time:
        return Serving.UNDECIDED
    return Serving.SOURCE if source.fork_time > target.fork_time else Serving.TARGET


def _is_never_moved(stream: StreamState) -> bool:
    """Say whether a stream was never a mirror: one that a plain edit promoted has no fork either.

    A mirror keeps its origin's subjects in its metadata, and so does what it was made into by somebody else.
    """
    return stream.fork_seq is None and not stream.original_subjects
