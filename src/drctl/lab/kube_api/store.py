"""What is kept and what changed: objects by reference, one global resourceVersion, and the log that watches read."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from drctl.lab.kube_api.errors import expired
from drctl.lab.kube_api.objects import Ref

if TYPE_CHECKING:
    from drctl.lab.kube_api.kinds import Kind
    from drctl.lab.kube_api.objects import JsonObject

_CHANGES_KEPT = 5000

ChangeType: TypeAlias = Literal["ADDED", "MODIFIED", "DELETED"]


@dataclass(frozen=True, slots=True)
class Change:
    """One write. `before` is the object as it was, for watches whose selector it left."""

    version: int
    type: ChangeType
    kind: Kind
    item: JsonObject
    before: JsonObject | None = None


class Store:
    """Objects and their history. Belongs to one event loop; objects handed out must not be changed."""

    def __init__(self, changes_kept: int = _CHANGES_KEPT) -> None:
        # Hundredths of seconds: a server that was killed and has no disk never gives out a version twice, so that
        # a precondition from before the kill cannot hold by accident.
        self.version = int(time.time() * 100)
        self._items: dict[Kind, dict[tuple[str, str], JsonObject]] = {}
        self._log: deque[Change] = deque(maxlen=changes_kept)
        # What was before this server's time nobody can be told: a watch from there lists anew.
        self._forgotten = self.version
        self._waiting: set[asyncio.Future[None]] = set()

    def get(self, ref: Ref) -> JsonObject | None:
        """Return an object, or None."""
        return self._items.get(ref.kind, {}).get((ref.namespace, ref.name))

    def items(self, kind: Kind, namespace: str = "") -> list[JsonObject]:
        """Return a kind's objects by namespace and name; all namespaces when none is given."""
        found = self._items.get(kind, {})
        return [found[key] for key in sorted(found) if not namespace or key[0] == namespace]

    def put(self, kind: Kind, item: JsonObject) -> JsonObject:
        """Keep `item` under the next resourceVersion, which is written into it; return it."""
        ref = Ref.of(kind, item)
        before = self.get(ref)
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        self._items.setdefault(kind, {})[ref.namespace, ref.name] = item
        self._record(Change(self.version, "MODIFIED" if before else "ADDED", kind, item, before))
        return item

    def remove(self, ref: Ref) -> JsonObject:
        """Forget an object; its last state carries the version of the deletion."""
        before = self._items[ref.kind].pop((ref.namespace, ref.name))
        self.version += 1
        last = before | {"metadata": before["metadata"] | {"resourceVersion": str(self.version)}}
        self._record(Change(self.version, "DELETED", ref.kind, last, before))
        return last

    def _record(self, change: Change) -> None:
        if len(self._log) == self._log.maxlen:
            self._forgotten = self._log[0].version
        self._log.append(change)
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def changes_after(self, version: int) -> list[Change]:
        """Return what was written after a version, oldest first.

        Raises:
            ApiError: 410 when some of it is forgotten.
        """
        if version < self._forgotten:
            raise expired(version, self._forgotten + 1)
        found: list[Change] = []
        for change in reversed(self._log):
            if change.version <= version:
                break
            found.append(change)
        return found[::-1]

    async def wait_beyond(self, version: int) -> None:
        """Return as soon as anything was written after a version."""
        while self.version <= version:
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                await future
            finally:
                self._waiting.discard(future)
