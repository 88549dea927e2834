"""What `watch` saw, kept on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from drctl.core.observed import Sample


class SampleReader(Protocol):
    """Reads kept samples."""

    def newest(self, count: int) -> tuple[Sample, ...]:
        """Return up to `count` samples, oldest first; empty where nothing was kept. A torn line is skipped."""
        ...


class SampleWriter(Protocol):
    """Keeps samples, bounded in number."""

    def keep(self, sample: Sample) -> None:
        """Append one sample."""
        ...
