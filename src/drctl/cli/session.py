"""One command's view of one service: its configuration, its connections, its runs. The composition root."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import TYPE_CHECKING

from drctl import __version__
from drctl.adapters.clock import SystemClock
from drctl.adapters.journal import chain, durable
from drctl.adapters.journal.codec import DataclassCodec
from drctl.adapters.journal.file_lock import FileLock
from drctl.adapters.journal.runs import FileRunStore
from drctl.app.run import Service, Stores
from drctl.app.saved_plan import SavedPlan
from drctl.app.status import Kept
from drctl.cli.connections import QUICK, Connections, Patience
from drctl.cli.outside import require_usable
from drctl.cli.worlds import ProbeWorld, ReadWorld, WatchWorld, WriteWorld
from drctl.config.load import load
from drctl.core.errors import ConfigError, RefusedError, UnreachableError
from drctl.core.inventory import RegionInventory
from drctl.core.lock import Stamp
from drctl.core.names import near
from drctl.core.run_state import RunState, fold
from drctl.planning.plan import Plan
from drctl.planning.undo import Undone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from drctl.config.load import LoadedConfig
    from drctl.core.access import Access
    from drctl.core.topology import Topology
    from drctl.ports.journal import Record

_NO_RUN = Stamp("", 0)
_LOCK_FILE = "lock"


@dataclass(frozen=True)
class Session:
    """What a command works with. `interrupted` ends every wait."""

    config: LoadedConfig
    connections: Connections
    interrupted: threading.Event

    @property
    def topology(self) -> Topology:
        """Return the service."""
        return self.config.topology

    @property
    def access(self) -> Access:
        """Return how a person reaches each system."""
        return self.config.access

    @cached_property
    def stores(self) -> Stores:
        """Return where runs and the lock are kept."""
        runs = FileRunStore(self.config.state_dir, self.connections.clock, __version__)
        return Stores(runs, (FileLock(self.config.state_dir / _LOCK_FILE),), DataclassCodec[Plan](Plan))

    @property
    def kept(self) -> Kept:
        """Return where a status finds runs and the lock."""
        return Kept(self.stores.runs, self.stores.locks)

    @cached_property
    def service(self) -> Service:
        """Return the service, to look at and to change."""
        return Service(
            self.topology, ReadWorld(self.connections, _NO_RUN), lambda stamp: WriteWorld(self.connections, stamp)
        )

    @property
    def probes(self) -> ProbeWorld:
        """Return the service, to look at and to probe."""
        return ProbeWorld(self.connections, _NO_RUN)

    @property
    def watches(self) -> WatchWorld:
        """Return the service, to look at and to write down."""
        return WatchWorld(self.connections, _NO_RUN)

    @cached_property
    def inventories(self) -> DataclassCodec[RegionInventory]:
        """Return how a region's inventory is written down."""
        return DataclassCodec[RegionInventory](RegionInventory)

    @cached_property
    def saved_plans(self) -> DataclassCodec[SavedPlan]:
        """Return how a plan is kept in a file of the operator's."""
        return DataclassCodec[SavedPlan](SavedPlan)

    def saved_plan(self, path: Path) -> SavedPlan:
        """Return a plan that was kept in a file.

        Raises:
            ConfigError: The file cannot be read, or holds no plan of this drctl.
        """
        try:
            return self.saved_plans.decode(path.read_bytes())
        except (OSError, RefusedError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            raise ConfigError(
                f"{path} is no plan that this drctl can read: {said}.",
                remedy="Make one: `drctl plan failover -o FILE`.",
            ) from error

    @contextmanager
    def quick(self) -> Iterator[Session]:
        """Yield this session over connections of its own that give up early: for a look at the end of a run."""
        with Connections(self.config, self.connections.clock, QUICK) as connections:
            yield replace(self, connections=connections)

    @property
    def lock_holder(self) -> str:
        """Return the run that holds the lock now; empty for none, and where that cannot be read."""
        for store in self.stores.locks:
            try:
                record = store.read()
            except UnreachableError:
                continue
            if record is not None:
                return record.run_id
        return ""

    def state(self, run_id: str) -> RunState:
        """Return a run as its journal tells it, also while another process writes it."""
        records = self.stores.runs.read(run_id)
        return reduce(lambda state, record: fold(state, record.at, record.event), records, RunState())

    def plan(self, run_id: str) -> Plan:
        """Return a run's stored plan."""
        return self.stores.plans.decode(self.stores.runs.plan(run_id))

    def undone(self, run_id: str) -> Undone:
        """Return a run as an undo of it needs it."""
        return Undone(self.plan(run_id), self.state(run_id))

    def journal_line(self, record: Record) -> str:
        """Return a record as `--output jsonl` streams it: the journal's line, without its place in the chain."""
        return json.dumps(chain.content(record, __version__))

    def write_evidence(self, path: Path, document: str | Mapping[str, object]) -> None:
        """Replace a file of a run's folder, durably."""
        text = document if isinstance(document, str) else json.dumps(document, indent=2) + "\n"
        durable.replace(path, text.encode())


@contextmanager
def opened(
    config: Path, state_dir: Path | None, patience: Patience | None = None, *, calls: bool = True
) -> Iterator[Session]:
    """Load a configuration and close every connection at the end.

    A command that `calls` nobody, and only reads what was kept, needs no secret.

    Raises:
        ConfigError: The file, or what it names outside of itself, cannot be used; the error has every mistake.
    """
    loaded = load(config, state_dir)
    if calls:
        require_usable(loaded)
    interrupted = threading.Event()
    with Connections(loaded, SystemClock(interrupted), patience or Patience()) as connections:
        yield Session(loaded, connections, interrupted)


def known_region(topology: Topology, name: str) -> str:
    """Return the name of a region.

    Raises:
        ConfigError: There is no such region.
    """
    names = [region.name for region in topology.regions]
    if name not in names:
        raise ConfigError(f"there is no region {name!r}.", remedy=f"Choose one of {', '.join(names)}.")
    return name


def known_run(session: Session, run_id: str) -> str:
    """Return the id of a run.

    Raises:
        ConfigError: There is no such run; the remedy names those that are most like it.
    """
    runs = session.stores.runs.run_ids()
    if run_id not in runs:
        meant = "".join(f" Did you mean {', '.join(near(run_id, runs))}?" if runs else "")
        raise ConfigError(f"there is no run {run_id!r} here.{meant}", remedy="See all: `drctl runs list`.")
    return run_id
