"""What a configuration names outside of itself: are the files and variables there, and whose are they?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.config.secrets import is_open_to_others, read_secret, references
from drctl.core.errors import ConfigError
from drctl.core.topology import ProbeKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from drctl.config.load import LoadedConfig


@dataclass(frozen=True, slots=True)
class Outside:
    """Problems make commands fail; warnings make a failover weaker than it could be."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def look_outside(config: LoadedConfig) -> Outside:
    """Read every secret once and look at every file, on this machine only."""
    return Outside(tuple(_problems(config)), (*_open_files(config), *_gaps(config)))


def _problems(config: LoadedConfig) -> Iterator[str]:
    for where, reference in references(config.settings):
        try:
            read_secret(reference)
        except ConfigError as error:
            yield f"{where}: {error.message} {error.remedy}"
    for where, path in _files(config):
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            yield f"{where}: {path} cannot be read: {error.strerror}. Look at it: `ls -l {path}`."


def _files(config: LoadedConfig) -> Iterator[tuple[str, Path]]:
    for number, region in enumerate(config.settings.regions):
        yield f"regions[{number}].kubernetes.kubeconfig", region.kubernetes.kubeconfig
        if region.nats.creds is not None:
            yield f"regions[{number}].nats.creds", region.nats.creds.file
        if region.nats.system is not None and region.nats.system.creds is not None:
            yield f"regions[{number}].nats.system.creds", region.nats.system.creds.file
    if config.settings.ca_file is not None:
        yield "ca_file", config.settings.ca_file


def _open_files(config: LoadedConfig) -> Iterator[str]:
    named = [(where, reference.file) for where, reference in references(config.settings)]
    named += [(where, path) for where, path in _files(config) if where != "ca_file"]
    for where, path in named:
        if path is not None and is_open_to_others(path):
            yield f"{where}: others than its owner can read {path}. Close it: `chmod 600 {path}`."


def _gaps(config: LoadedConfig) -> Iterator[str]:
    """Yield what is allowed and leaves a failover without a part of its proof."""
    settings = config.settings
    kinds = {probe.kind for probe in settings.probes}
    if ProbeKind.READ not in kinds:
        yield "probes: there is no read probe, so nothing proves that users are served. Add one."
    if ProbeKind.WRITE not in kinds:
        yield "probes: there is no write probe, so the api contract stays unknown. Add one of kind write."
    for number, probe in enumerate(settings.probes):
        if probe.kind is ProbeKind.WRITE and not probe.marker_header:
            yield f"probes[{number}]: its writes count as a customer's. Name a marker_header that the service keeps."
    names = {record.name for zone in settings.dns for record in zone.records}
    if settings.public_name not in names:
        yield f"dns: no record moves {settings.public_name}. Add it, unless it is an alias of one that moves."
    if not settings.streams:
        yield "streams: no rule matches any stream, so none is promoted. Add one if the service keeps data in NATS."
    if not settings.workloads:
        yield "workloads: no rule matches any workload, so none is started. Add one if the service runs on Kubernetes."
