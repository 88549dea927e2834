"""Epochs: each move's number, larger than any that anything carries (product.md, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.locking import largest_epoch
from drctl.core.errors import AdapterError
from drctl.steps.switch_dns import note_name

if TYPE_CHECKING:
    from drctl.core.inventory import Inventory
    from drctl.core.topology import Topology
    from drctl.ports.lock import LockStore
    from drctl.ports.world import ReadPorts


def next_epoch(world: ReadPorts, topology: Topology, locks: tuple[LockStore, ...], inventory: Inventory) -> int:
    """Return 1 + the largest epoch in any lock store, stream, secret or TXT record that can be read."""
    seen = [largest_epoch(locks)]
    for region in (inventory.target, inventory.source):
        if region is not None:
            seen += [stream.epoch for stream in region.streams]
            seen += [secret.epoch for secret in region.secrets]
    for rule in topology.records:
        try:
            note = world.dns(rule.zone).record(note_name(rule.name), "TXT")
        except AdapterError:
            continue
        seen.append(epoch_in(note.values) if note else 0)
    return 1 + max(seen)


def epoch_in(values: tuple[str, ...]) -> int:
    """Return the epoch that a run wrote into a TXT record; 0 for none."""
    for value in values:
        for word in value.split():
            key, _, number = word.partition("=")
            if key == "epoch" and number.isdigit():
                return int(number)
    return 0
