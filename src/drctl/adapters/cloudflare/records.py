"""Record sets between the port's form and Cloudflare's, where each value is a record with an id of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from drctl.adapters.cloudflare.text import quoted, unquoted
from drctl.core.errors import RefusedError
from drctl.core.observed import RecordState
from drctl.core.record_values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Types whose content says everything. Others also have `data` or a priority.
_BY_CONTENT = frozenset({"A", "AAAA", "CNAME", "NS", "PTR", "TXT"})
_AUTOMATIC, _AUTOMATIC_SECONDS = 1, 300


@dataclass(frozen=True, slots=True)
class Listed:
    """One record as the API shows it; `value` is its content as the ports write it."""

    id: str
    name: str
    type: str
    value: str
    ttl: int
    proxied: bool

    @classmethod
    def read(cls, shown: Mapping[str, Any]) -> Listed:
        """Return a record of an answer.

        Raises:
            KeyError, TypeError, ValueError: What answered has no such records.
        """
        kind, content = str(shown["type"]), str(shown.get("content") or "")
        return cls(
            str(shown["id"]),
            str(shown["name"]).lower().rstrip("."),
            kind,
            _shown(kind, content),
            int(shown["ttl"]),
            bool(shown.get("proxied")),
        )


@dataclass(slots=True)
class Batch:
    """What one request changes: old records get new values, so that no name is missing for a moment.

    The API has one transaction for it, but brings each record to its servers by itself (dns.md 3.1): a name whose
    records were deleted and made anew could be answered as missing in between, and be remembered so for half an hour.
    """

    deletes: list[dict[str, Any]] = field(default_factory=list)
    patches: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)

    def parts(self) -> dict[str, list[dict[str, Any]]]:
        """Return what is in it, by the API's names."""
        parts = {"deletes": self.deletes, "patches": self.patches, "posts": self.posts}
        return {name: changes for name, changes in parts.items() if changes}

    def add(self, listed: Iterable[Listed], after: RecordState, comment: str) -> None:
        """Turn the records of a name and type into those of another state.

        Raises:
            RefusedError: A value that cannot be written.
        """
        old = list(listed)
        ttl = _AUTOMATIC if after.ttl == _AUTOMATIC_SECONDS and any(one.ttl == _AUTOMATIC for one in old) else after.ttl
        missing = [value for value in after.values if value not in {one.value for one in old}]
        spare = []
        for one in old:
            if one.value not in after.values:
                spare.append(one)
            elif one.ttl != ttl:
                self.patches.append(_body(after, one.value, ttl) | {"id": one.id})
        for value in missing:
            body = _body(after, value, ttl)
            if spare:
                self.patches.append(body | {"id": spare.pop(0).id})
            else:
                self.posts.append(body | {"comment": comment})
        self.deletes += [{"id": one.id} for one in spare]

    def deviation(self, result: Mapping[str, Any]) -> str:
        """Return where an answer shows other than what was asked for; empty if nowhere.

        Raises:
            KeyError, TypeError, ValueError: What answered shows no records.
        """
        for part, changes in (("patches", self.patches), ("posts", self.posts)):
            # What is new got its id from Cloudflare.
            without_id = {"id": ""} if part == "posts" else {}
            shown = {_key({**one, **without_id}) for one in result.get(part) or ()}
            asked = {_key({**one, **without_id}) for one in changes}
            if left := sorted(asked - shown):
                return f"{part} of {left} are not in its answer, which shows {sorted(shown)}"
        return ""


def as_state(listed: tuple[Listed, ...], name: str, record_type: str) -> RecordState | None:
    """Return records as one set under the name that was asked for, or None for none.

    An automatic TTL is shown as the 300 s that it is.

    Raises:
        RefusedError: They are of a kind that cannot be switched by value.
    """
    if not listed:
        return None
    place = f"{name} {record_type}"
    if record_type not in _BY_CONTENT:
        raise RefusedError(
            f"{place} cannot be switched by its value at Cloudflare: {record_type} records have more than a content",
            remedy="Take it out of `records:` in drctl.yaml and move it by hand.",
        )
    if any(one.proxied for one in listed):
        raise RefusedError(
            f"{place} is proxied at Cloudflare: name servers answer Cloudflare's own addresses, whatever it holds, so "
            "that a switch can neither be seen nor proved by them",
            remedy="Set it to `DNS only`, or take it out of `records:` in drctl.yaml and change its origin by hand.",
        )
    ttl = max(_AUTOMATIC_SECONDS if one.ttl == _AUTOMATIC else one.ttl for one in listed)
    return RecordState(name.lower().rstrip("."), record_type, ttl, tuple(sorted(one.value for one in listed)))


def _body(after: RecordState, value: str, ttl: int) -> dict[str, Any]:
    try:
        content = quoted(value) if after.type == "TXT" else value
    except ValueError as error:
        raise RefusedError(
            f"{after.name} {after.type} cannot hold a value with characters beyond one byte: {error}",
            remedy="Write it with the letters of ASCII.",
        ) from error
    return {"name": after.name, "type": after.type, "content": content, "ttl": ttl}


def _key(record: Mapping[str, Any]) -> tuple[str, str, str, str, int]:
    one = Listed.read(record)
    return (one.id, one.name, one.type, one.value, one.ttl)


def _shown(record_type: str, content: str) -> str:
    if record_type == "TXT":
        return unquoted(content)
    return canonical(record_type, content)
