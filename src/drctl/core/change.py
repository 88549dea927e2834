"""What differs between the world and what a step wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class RunMade:
    """A value that only the run itself will know: its id, the epoch, a sequence read at the freeze point."""

    name: str
    type: Literal["run_made"] = "run_made"

    def __str__(self) -> str:
        return f"<{self.name}>"


Value = str | int | bool | None | tuple[str, ...] | RunMade


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one object, before and after.

    `item` names what the step works on as one unit (all changes of an item are applied together);
    `object` and `field` say where, in the vendor's own words: `deployment/shop/api` and `spec.replicas`.
    """

    item: str
    object: str
    field: str
    before: Value
    after: Value

    @property
    def place(self) -> tuple[str, str]:
        """Where this change is made."""
        return (self.object, self.field)


@dataclass(frozen=True, slots=True)
class Diff:
    """The changes that a step would make, in a stable order. Never empty inside `Diverged`."""

    changes: tuple[Change, ...]

    def items(self) -> tuple[str, ...]:
        """Return the names of the items touched, each once, in order."""
        return tuple(dict.fromkeys(change.item for change in self.changes))

    def of_item(self, item: str) -> Diff:
        """Return the part that belongs to one item."""
        return Diff(tuple(change for change in self.changes if change.item == item))


def not_confirmed(now: Diff, confirmed: Diff) -> tuple[Change, ...]:
    """Return what `now` would change that was not confirmed, or with other values.

    Changes that are no longer needed are no drift: somebody made them already. A field that gets a
    run-made value is not compared further: an earlier try of the same run may have written it.
    """
    agreed = {change.place: change for change in confirmed.changes}
    return tuple(change for change in now.changes if not _same(change, agreed.get(change.place)))


def _same(now: Change, agreed: Change | None) -> bool:
    if agreed is None:
        return False
    if isinstance(now.after, RunMade) and isinstance(agreed.after, RunMade):
        return True
    # An earlier step of the same run wrote what is there now, where that was shown as run-made.
    return now.after == agreed.after and (isinstance(agreed.before, RunMade) or now.before == agreed.before)
