"""Switches beside the records: what a vendor's health checks follow, and what lives outside of its control plane."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from drctl.config import fields
from drctl.config.schema.base import SecretReference, Strict


class _AwsSwitch(Strict):
    name: fields.Name
    """What ladders call it."""
    access_key_id: SecretReference | None = None
    """The key's id, with `secret_access_key`; without, AWS' own chain of credentials is used."""
    secret_access_key: SecretReference | None = None
    """The key."""


class StopObject(_AwsSwitch):
    """An object in S3. While it is there, an inverted health check of Route 53 takes the other region out."""

    kind: Literal["stop_object"]
    """What it is."""
    leads_to: fields.Name
    """The region that takes over while the object is there; the bucket is to be there too."""
    bucket: fields.Text
    """The bucket; for the health checkers it must be readable, so it holds nothing else."""
    key: fields.Text = "drctl-stop"
    """The object."""
    aws_region: fields.Text
    """AWS' name of the bucket's region."""
    endpoint: fields.HttpUrl | None = None
    """Another address of S3."""


class Endpoint(Strict):
    """One of a recovery cluster's five."""

    url: fields.HttpUrl
    """Its address."""
    aws_region: fields.Text
    """AWS' name of its region."""


class RoutingControls(_AwsSwitch):
    """Routing controls of Amazon's Application Recovery Controller, one for each region."""

    kind: Literal["routing_controls"]
    """What it is."""
    controls: dict[fields.Name, fields.Text]
    """The routing control's ARN, by region."""
    endpoints: Annotated[tuple[Endpoint, ...], Field(min_length=1)]
    """The cluster's endpoints: any of them will do, and listing them takes a control plane."""


Switch = Annotated[StopObject | RoutingControls, Field(discriminator="kind")]
