"""The two regions, and how drctl reaches what runs there."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from drctl.config import fields
from drctl.config.schema.base import FileReference, SecretReference, Strict
from drctl.core.topology import Serves


class Kubernetes(Strict):
    """How drctl reaches a region's Kubernetes API."""

    kubeconfig: fields.FilePath
    """The kubeconfig file."""
    context: fields.Text
    """The context in it; named, because a current context changes under one's feet."""


class SystemAccount(Strict):
    """A user of a region's system account: with it drctl sees who votes on its streams. It only looks."""

    user: str = ""
    """The user, with `password`."""
    password: SecretReference | None = None
    """The user's password, by reference."""
    creds: FileReference | None = None
    """A credentials file, instead of user and password."""


class Nats(Strict):
    """How drctl reaches a region's NATS."""

    url: fields.NatsUrls
    """The region's own address, not one that another region may answer; several with commas between them."""
    domain: str = ""
    """The region's JetStream domain; empty without domains."""
    user: str = ""
    """The user, with `password`."""
    password: SecretReference | None = None
    """The user's password, by reference."""
    creds: FileReference | None = None
    """A credentials file, instead of user and password."""
    system: SystemAccount | None = None
    """A user of the system account; without one, who votes on the streams stays unknown."""
    cluster: str = ""
    """In a super-cluster: the region's cluster, where its streams are placed."""
    stream_suffix: str = ""
    """In a super-cluster no name is given twice: what this region's streams' names end in."""


class Region(Strict):
    """A place where the service can run."""

    name: fields.Name
    """What the region is called, here and in consents, journals and reports."""
    addresses: Annotated[tuple[fields.Address, ...], Field(min_length=1)]
    """What the public name's records hold while this region is active."""
    https_port: fields.Port = 443
    """Where HTTPS answers at those addresses."""
    serves: Serves = Serves.NONE
    """What the region can do as a standby, before any promotion."""
    kubernetes: Kubernetes
    """How drctl reaches the region's Kubernetes API."""
    nats: Nats
    """How drctl reaches the region's NATS."""
