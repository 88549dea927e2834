"""What a run keeps beside its journal, on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that was kept: where, how many lines, and the SHA-256 of its bytes in hex."""

    path: str
    lines: int
    sha256: str


class EvidenceReader(Protocol):
    """Looks at the files of one run."""

    def kept(self, name: str) -> KeptFile | None:
        """Return a file as it is now, or None if there is none, or no run yet.

        Raises:
            RefusedError: It cannot be read.
        """
        ...


class EvidenceWriter(EvidenceReader, Protocol):
    """Keeps files of one run. Nothing of the service is changed by it."""

    def keep(self, name: str, lines: Iterable[str]) -> KeptFile:
        """Write lines to a file of that name, durably; the same lines again give the same file.

        Raises:
            RefusedError: The file cannot be written.
        """
        ...
