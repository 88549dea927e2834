"""Rules that select what moves, and the probes that act as users."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.functional_validators import BeforeValidator

from drctl.config import fields
from drctl.config.fields import mistake
from drctl.config.schema.base import Strict
from drctl.core.topology import ProbeKind, ReplicasFrom
from drctl.core.verdict import Tier


class Selector(Strict):
    """Which Kubernetes objects a rule is about. What is left out matches everything in the namespace."""

    namespace: fields.Name
    """Their namespace."""
    names: Annotated[tuple[fields.Text, ...], Field(min_length=1)] = ("*",)
    """Patterns of names, with * and ?."""
    labels: dict[str, str] = Field(default={})
    """Labels that they must all have."""


def _replicas(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, str) and value in tuple(ReplicasFrom):
        return ReplicasFrom(value)
    if isinstance(value, ReplicasFrom):
        return value
    raise mistake("is no number of replicas", "Give a number from 1 on, source_max or source_now.")


class Workload(Strict):
    """A rule for workloads to scale. The first rule that matches a workload decides."""

    select: Selector
    """Which workloads."""
    tier: Tier = Tier.CRITICAL
    """How much they matter."""
    replicas: Annotated[int | ReplicasFrom, BeforeValidator(_replicas)] = ReplicasFrom.SOURCE_MAX
    """How many are wanted: a number, or what the source had at most, or now."""
    after: Literal["promote"] | None = None
    """`promote`: they start when the data is there."""
    standby_floor: fields.Count = 0
    """How many run while the region is a standby."""


class Secret(Strict):
    """A rule for ExternalSecrets whose sync is forced before anything starts."""

    select: Selector
    """Which ExternalSecrets."""
    tier: Tier = Tier.CRITICAL
    """How much they matter."""


class Stream(Strict):
    """A rule for streams, and the streams behind KV buckets and object stores."""

    names: Annotated[tuple[fields.Text, ...], Field(min_length=1)]
    """Patterns of names, with * and ?."""
    tier: Tier = Tier.CRITICAL
    """How much they matter."""


class Probe(Strict):
    """A request that acts as a user."""

    name: fields.Name
    """What the probe is called."""
    kind: ProbeKind = ProbeKind.READ
    """`write` changes something, marked as a test."""
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    """The request's method."""
    path: fields.UrlPath
    """The path at the public name."""
    body: str = ""
    """What is sent, as text."""
    expect_status: Annotated[tuple[fields.HttpStatus, ...], Field(min_length=1)] = (200,)
    """The answers that are right."""
    marker_header: fields.Header | None = None
    """The request header that carries `drctl-smoke-<run>`, so that a write is never taken for a customer's."""
    region_header: fields.Header = "X-Region"
    """The response header in which the service names the region that answered."""
