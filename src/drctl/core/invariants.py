"""What must hold at every phase of every run. One page; asserted at run time and by the simulation.

1. Never two regions that are known to take writes on the same stream.
2. One run at a time: the lock is proved at the start of each phase and wave (`app/locking.py`).
3. Nothing carries an epoch larger than the run's own: a larger one means that another run came after it.
4. Intent is durable before a write, outcome after it (`app/wave.py`).
5. A timeout is an unknown outcome: look again (`app/apply.py`).
6. What was confirmed is what is applied (`core/change.py`, not_confirmed).
7. No means stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.core.observed import StreamRole

if TYPE_CHECKING:
    from drctl.core.observed import StreamState


def taken_twice(one: tuple[StreamState, ...], other: tuple[StreamState, ...]) -> tuple[str, ...]:
    """Return the names of the streams that take writes on a common subject in both regions."""
    there = {stream.name: stream for stream in other if stream.role is StreamRole.ACTIVE}
    return tuple(
        stream.name
        for stream in one
        if stream.role is StreamRole.ACTIVE
        and stream.name in there
        and set(stream.subjects) & set(there[stream.name].subjects)
    )


def newer_epochs(streams: tuple[StreamState, ...], epoch: int) -> tuple[str, ...]:
    """Return the names of the streams that another, later run has touched."""
    return tuple(stream.name for stream in streams if stream.epoch > epoch)
