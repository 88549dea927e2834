"""Kubernetes objects as they are on the wire: JSON dicts, never changed in place once stored."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from drctl.lab.kube_api.kinds import Kind

JsonObject: TypeAlias = dict[str, Any]

# The server's own alphabet for generated names: no vowels, so no words.
_NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Ref:
    """Which object: its kind, namespace (empty at cluster scope) and name."""

    kind: Kind
    namespace: str
    name: str

    @classmethod
    def of(cls, kind: Kind, item: JsonObject) -> Ref:
        """Return where `item` is kept."""
        meta = item["metadata"]
        return cls(kind, meta.get("namespace", ""), meta["name"])


def timestamp(at: datetime | None = None) -> str:
    """Return a `Time`: UTC, whole seconds."""
    return (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_timestamp(at: datetime | None = None) -> str:
    """Return a `MicroTime`: UTC, exactly six fraction digits."""
    return (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def name_suffix(length: int = 5) -> str:
    """Return the random end of a generated name."""
    return "".join(secrets.choice(_NAME_LETTERS) for _ in range(length))


def owner_reference(kind: Kind, owner: JsonObject) -> JsonObject:
    """Return the reference that makes `owner` the controller of another object."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controlled_by(item: JsonObject, owner: JsonObject) -> bool:
    """Say whether `owner` is the controller of `item`, by uid."""
    references = item["metadata"].get("ownerReferences", ())
    return any(ref.get("controller") and ref["uid"] == owner["metadata"]["uid"] for ref in references)
