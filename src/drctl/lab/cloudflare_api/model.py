"""Cloudflare's nouns, and its way of saying no."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTOMATIC_TTL = 1
# What an automatic TTL is, and what every proxied name is answered with (dns.md 3.1).
AUTOMATIC_SECONDS = 300
PROXIABLE = frozenset({"A", "AAAA", "CNAME"})


@dataclass(frozen=True, slots=True)
class Record:
    """One DNS record: one value. `name` is whole, lower case, without a final dot; times are the API's own text."""

    id: str
    name: str
    type: str
    content: str
    ttl: int
    created_on: str
    modified_on: str
    proxied: bool = False
    priority: int | None = None
    comment: str | None = None
    tags: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the record as the API shows it."""
        shown: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "content": self.content,
            "proxiable": self.type in PROXIABLE,
            "proxied": self.proxied,
            "ttl": self.ttl,
            "settings": dict(self.settings),
            "meta": {},
            "comment": self.comment,
            "tags": list(self.tags),
            "created_on": self.created_on,
            "modified_on": self.modified_on,
        }
        return shown if self.priority is None else shown | {"priority": self.priority}


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer, as far as a name's answers depend on it: it goes before the records of its name."""

    id: str
    name: str
    enabled: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the load balancer as the API shows it."""
        return {"id": self.id, "name": self.name, "enabled": self.enabled, "default_pools": [], "fallback_pool": ""}


@dataclass(eq=False)
class ApiError(Exception):
    """A refusal: HTTP status, and one error of the envelope. `chain` is what stands in its `error_chain`."""

    status: int
    code: int
    message: str
    chain: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        super().__init__(self.message)

    def as_json(self) -> dict[str, Any]:
        """Return the error as it stands in the envelope."""
        shown: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.chain:
            shown["error_chain"] = [{"code": code, "message": message} for code, message in self.chain]
        return shown


def invalid(code: int, message: str) -> ApiError:
    """Return the refusal of a record that is wrong by itself.

    Since October 2024 the root cause stands alone, without `DNS Validation Error` (1004) around it (Cloudflare's
    API deprecations, 2024-10-01).
    """
    return ApiError(400, code, message)


def no_such_record() -> ApiError:
    """Return the refusal for an id that is not (or no longer) there."""
    return ApiError(404, 81044, "Record does not exist.")


def no_route(path: str) -> ApiError:
    """Return the refusal for a path that names nothing, or an object by something that cannot be an id."""
    return ApiError(
        404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?", ((7000, "No route"),)
    )
