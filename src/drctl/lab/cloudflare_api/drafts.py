"""Request bodies: what a POST, PUT or PATCH says of a record, checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.name

from drctl.lab.cloudflare_api.content import TYPES, require_valid
from drctl.lab.cloudflare_api.model import AUTOMATIC_TTL, PROXIABLE, ApiError, invalid

if TYPE_CHECKING:
    from drctl.lab.cloudflare_api.model import Record

_TTL_MIN, _TTL_MAX = 60, 86_400
# On the free plan; 500 on others (developers.cloudflare.com, record attributes).
_COMMENT_CHARACTERS_MAX = 100
_FORMS: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "type": str,
    "content": str,
    "ttl": (int, float),
    "proxied": bool,
    "priority": int,
    "comment": (str, type(None)),
    "tags": list,
    "settings": dict,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a record shall be: everything of it that a client decides."""

    name: str
    type: str
    content: str
    ttl: int = AUTOMATIC_TTL
    proxied: bool = False
    priority: int | None = None
    comment: str | None = None
    tags: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


def as_mapping(body: object) -> Mapping[str, Any]:
    """Return a JSON object.

    Raises:
        ApiError: It is none (the code is unverified).
    """
    if not isinstance(body, Mapping):
        raise ApiError(400, 9207, "Request body is invalid.")
    return body


def new_draft(body: Mapping[str, Any], zone_name: str) -> Draft:
    """Return what a POST or PUT asks for: what it does not say gets its default.

    Raises:
        ApiError: A field is missing or wrong.
    """
    told = _fields(body)
    for needed in ("name", "type", "content"):
        if needed not in told:
            raise ApiError(400, 9207, f"Request body is invalid: {needed} is missing.")
    return _checked(Draft(**told), zone_name)


def patched_draft(record: Record, body: Mapping[str, Any], zone_name: str) -> Draft:
    """Return what a PATCH makes of a record: what it does not say stays.

    Raises:
        ApiError: A field is wrong.
    """
    now = Draft(
        record.name,
        record.type,
        record.content,
        record.ttl,
        record.proxied,
        record.priority,
        record.comment,
        record.tags,
        record.settings,
    )
    return _checked(replace(now, **_fields(body)), zone_name)


def _fields(body: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, form in _FORMS.items():
        if name not in body:
            continue
        value = body[name]
        if not isinstance(value, form) or (isinstance(value, bool) and name != "proxied"):
            raise ApiError(400, 9207, f"Request body is invalid: {name} is of a wrong type.")
        told[name] = tuple(body[name]) if name == "tags" else value
    if "ttl" in told:
        told["ttl"] = int(told["ttl"])
    return told


def _checked(draft: Draft, zone_name: str) -> Draft:
    draft = replace(draft, name=_whole_name(draft.name, zone_name), type=draft.type.upper())
    if draft.type not in TYPES:
        # Types with a structure of their own (`data`) are not simulated: nothing in drctl writes them.
        raise invalid(1004, f"DNS Validation Error: type {draft.type}")
    require_valid(draft.type, draft.content)
    if draft.ttl != AUTOMATIC_TTL and not _TTL_MIN <= draft.ttl <= _TTL_MAX:
        raise invalid(9021, f"Invalid TTL. Must be between {_TTL_MIN} and {_TTL_MAX} seconds, or 1 for automatic.")
    if draft.proxied and draft.type not in PROXIABLE:
        raise invalid(9004, "This record type cannot be proxied.")
    if draft.type == "MX" and draft.priority is None:
        raise invalid(9101, "priority is a required field.")
    if len(draft.comment or "") > _COMMENT_CHARACTERS_MAX:
        raise invalid(9313, f"Comment must be at most {_COMMENT_CHARACTERS_MAX} characters.")
    if draft.tags:
        raise invalid(9300, f"DNS record has {len(draft.tags)} tags, exceeding the quota of 0.")
    return replace(draft, ttl=AUTOMATIC_TTL) if draft.proxied else draft


def _whole_name(name: str, zone_name: str) -> str:
    """Return a name with the zone's: `@` is the zone, and what does not end in it is taken as relative."""
    lower = name.lower().rstrip(".")
    whole = zone_name if lower in {"@", zone_name} else lower
    if whole != zone_name and not whole.endswith(f".{zone_name}"):
        whole = f"{whole}.{zone_name}"
    try:
        dns.name.from_text(whole)
    except dns.exception.DNSException:
        raise invalid(9000, "DNS name is invalid.") from None
    return whole
