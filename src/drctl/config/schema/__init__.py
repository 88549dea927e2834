"""What may stand in drctl.yaml. The models say what one key holds; `config.rules` says how keys must agree."""

from __future__ import annotations

from typing import Any, Literal

from drctl.config import fields
from drctl.config.schema.base import FileReference, SecretReference, Strict
from drctl.config.schema.dns import VENDORS, CloudflareZone, OutsideZone, Record, Rfc2136Zone, Route53Zone, Zone
from drctl.config.schema.promises import Contracts, TimingSettings
from drctl.config.schema.regions import Kubernetes, Nats, Region, SystemAccount
from drctl.config.schema.selection import Probe, Secret, Selector, Stream, Workload
from drctl.config.schema.switches import Endpoint, RoutingControls, StopObject, Switch

__all__ = [
    "API_VERSION",
    "VENDORS",
    "CloudflareZone",
    "Contracts",
    "Endpoint",
    "FileReference",
    "Kubernetes",
    "Nats",
    "OutsideZone",
    "Probe",
    "Record",
    "Region",
    "Rfc2136Zone",
    "Route53Zone",
    "RoutingControls",
    "Secret",
    "SecretReference",
    "Selector",
    "Settings",
    "StopObject",
    "Stream",
    "Switch",
    "SystemAccount",
    "TimingSettings",
    "Workload",
    "Zone",
    "json_schema",
]

API_VERSION = "drctl/v1"


class Settings(Strict):
    """drctl.yaml: one service, its two regions, and the rules that say what moves."""

    apiVersion: Literal["drctl/v1"]  # noqa: N815 - as Kubernetes spells it, for people who write both
    """The version of this file's form."""
    service: fields.Name
    """The service."""
    environment: fields.Name
    """The environment; consents say SERVICE-ENVIRONMENT."""
    public_name: fields.Hostname
    """What users type."""
    state_dir: fields.FilePath | None = None
    """Where runs and the lock are kept; by default under the XDG state directory."""
    resolvers: tuple[fields.Server, ...] = ()
    """Caching resolvers as address:port that probes ask as users would; empty: the system's."""
    ca_file: fields.FilePath | None = None
    """Certificates that probes trust instead of the system's."""
    home: fields.Name
    """The region where the service lives when all is well."""
    standby: fields.Name | None = None
    """The region to move to; by default the other one."""
    regions: tuple[Region, ...]
    """The two regions."""
    dns: tuple[Zone, ...] = ()
    """The zones whose records move."""
    switches: tuple[Switch, ...] = ()
    """Other ways to move records, for their `ladder`."""
    workloads: tuple[Workload, ...] = ()
    """Which workloads are scaled."""
    secrets: tuple[Secret, ...] = ()
    """Which ExternalSecrets are forced."""
    streams: tuple[Stream, ...] = ()
    """Which streams are promoted."""
    probes: tuple[Probe, ...] = ()
    """How drctl acts as a user."""
    contracts: Contracts = Contracts()
    """What was promised."""
    timing: TimingSettings = TimingSettings()
    """Windows and deadlines."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Settings.model_json_schema()
