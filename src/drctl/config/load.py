"""Load drctl.yaml: every mistake at once, or a configuration in which everything agrees."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from drctl.config.by_hand import access_of
from drctl.config.document import read_document
from drctl.config.mistakes import mistakes_of
from drctl.config.rules import broken_rules
from drctl.config.schema import Settings
from drctl.config.topology import topology_of
from drctl.core.errors import ConfigError

if TYPE_CHECKING:
    from drctl.config.schema import Region, Zone
    from drctl.core.access import Access
    from drctl.core.topology import Topology


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """One configuration.

    `topology` is what plans are made of; `settings` says how each system is reached, with paths made absolute and
    secrets as references for `secrets.read_secret`; `access` has the vendors' own commands.
    """

    path: Path
    settings: Settings
    topology: Topology
    access: Access
    state_dir: Path

    @property
    def public_port(self) -> int:
        """Return the port that users reach the public name at; the same in every region."""
        return self.settings.regions[0].https_port

    def region(self, name: str) -> Region:
        """Return how a region is reached."""
        return next(region for region in self.settings.regions if region.name == name)

    def zone(self, name: str) -> Zone:
        """Return how a zone's vendor is reached."""
        return next(zone for zone in self.settings.dns if zone.zone == name)


def load(path: Path, state_dir: Path | None = None) -> LoadedConfig:
    """Read and judge one file. `state_dir` outranks the file's own; the file's folder is where paths start.

    Nothing outside of the file is looked at: that a secret can be read is found out when it is needed, or by
    `outside.look_outside`.

    Raises:
        ConfigError: It cannot be read or used; `problems` has every mistake in the order of the file.
    """
    path = path.expanduser().absolute()
    document = read_document(path)
    mistakes = [*document.twice, *broken_rules(document.data)]
    settings = None
    try:
        settings = Settings.model_validate(document.data, context={"folder": path.parent})
    except ValidationError as error:
        mistakes += mistakes_of(error)
    if mistakes or settings is None:
        placed = sorted(((document.line(mistake.where), mistake) for mistake in mistakes), key=lambda pair: pair[0])
        number = "one mistake" if len(placed) == 1 else f"{len(placed)} mistakes"
        raise ConfigError(
            f"{path} cannot be used: {number}.",
            problems=tuple(mistake.told(line) for line, mistake in placed),
            remedy=f"Mend the file, then run `drctl config check --config {path}`.",
        )
    return LoadedConfig(
        path=path,
        settings=settings,
        topology=topology_of(settings),
        access=access_of(settings),
        state_dir=_state_dir(settings, state_dir),
    )


def _state_dir(settings: Settings, outranking: Path | None) -> Path:
    if outranking is not None:
        return outranking.expanduser().absolute()
    if settings.state_dir is not None:
        return settings.state_dir
    # A relative XDG_STATE_HOME is to be ignored (XDG base directory specification).
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    base = named if named.is_absolute() else Path.home() / ".local" / "state"
    return base / "drctl" / settings.service / settings.environment
