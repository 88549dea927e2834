"""The request log: an independent record of what was asked of the server."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from drctl.lab.kube_api.objects import micro_timestamp

if TYPE_CHECKING:
    from drctl.lab.kube_api.objects import JsonObject

_READS_KEPT = 2000
_WRITES_KEPT = 20000


@dataclass(slots=True)
class Entry:
    """One request. `status` is 0 while it is not answered, or when its connection was cut.

    `dry_run` is the query's `dryRun`: a request with `All` changes nothing.
    """

    method: str
    path: str
    query: str
    content_type: str
    user: str = ""
    dry_run: str = ""
    status: int = 0
    body: str = ""
    at: str = field(default_factory=micro_timestamp)


class Audit:
    """Keeps the newest requests; writes longer than reads, so that polling does not push them out."""

    def __init__(self) -> None:
        self._reads: deque[Entry] = deque(maxlen=_READS_KEPT)
        self._writes: deque[Entry] = deque(maxlen=_WRITES_KEPT)

    def add(self, entry: Entry) -> None:
        """Note a request that came in; its status is filled in later."""
        (self._reads if entry.method == "GET" else self._writes).append(entry)

    def clear(self) -> None:
        """Forget everything."""
        self._reads.clear()
        self._writes.clear()

    def entries(self) -> list[JsonObject]:
        """Return the requests by time, as JSON."""
        both = sorted((*self._reads, *self._writes), key=lambda entry: entry.at)
        return [asdict(entry) for entry in both]
