"""Label and field selectors: the query strings, and the selectors inside objects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.lab.kube_api.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.lab.kube_api.kinds import Kind
    from drctl.lab.kube_api.objects import JsonObject

_SET_BASED = re.compile(r"^(?P<key>\S+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)$")
_EQUALITY = re.compile(r"^(?P<key>[^\s=!]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s=!]*)$")
_EXISTS = re.compile(r"^(?P<absent>!?)\s*(?P<key>[^\s=!(),]+)$")
_BETWEEN = re.compile(r",(?![^(]*\))")
_WORD = re.compile(r"^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")
_PREFIX = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_COMMON_FIELDS = ("metadata.name", "metadata.namespace")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One term. `values` is None for mere existence; a missing key satisfies every negated term."""

    key: str
    values: frozenset[str] | None
    negated: bool = False

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Say whether labels satisfy it."""
        value = labels.get(self.key)
        found = value is not None and (self.values is None or value in self.values)
        return found != self.negated

    def __str__(self) -> str:
        if self.values is None:
            return f"!{self.key}" if self.negated else self.key
        if len(self.values) == 1 and not self.negated:
            return f"{self.key}={next(iter(self.values))}"
        return f"{self.key} {'notin' if self.negated else 'in'} ({','.join(sorted(self.values))})"


@dataclass(frozen=True, slots=True)
class Selection:
    """What a list or a watch wants to see."""

    labels: tuple[Requirement, ...] = ()
    fields: tuple[Requirement, ...] = ()

    def matches(self, item: JsonObject) -> bool:
        """Say whether an object is wanted."""
        labels = item["metadata"].get("labels") or {}
        return all(term.holds(labels) for term in self.labels) and all(
            term.holds({term.key: _field(item, term.key)}) for term in self.fields
        )


def parse_labels(text: str) -> tuple[Requirement, ...]:
    """Read a `labelSelector`.

    Raises:
        ApiError: 400, when it is none.
    """
    return tuple(_requirement(term.strip()) for term in _BETWEEN.split(text)) if text.strip() else ()


def parse_fields(text: str, kind: Kind) -> tuple[Requirement, ...]:
    """Read a `fieldSelector`.

    Raises:
        ApiError: 400, when it is none, or names a field that the kind does not support.
    """
    found: list[Requirement] = []
    for term in filter(None, text.split(",")):
        match = _EQUALITY.match(term)
        if match is None:
            raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
        key = match["key"]
        if key not in _COMMON_FIELDS + kind.field_labels:
            if kind.field_labels or kind.custom:
                raise bad_request(f"field label not supported: {key}")
            raise bad_request(f'"{key}" is not a known field selector: only "metadata.name", "metadata.namespace"')
        found.append(Requirement(key, frozenset({match["value"]}), negated=match["op"] == "!="))
    return tuple(found)


def from_object(selector: JsonObject) -> tuple[Requirement, ...]:
    """Read a workload's `spec.selector` (matchLabels and matchExpressions)."""
    found = [Requirement(key, frozenset({value})) for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for term in selector.get("matchExpressions") or ():
        values = frozenset(term["values"]) if term["operator"] in {"In", "NotIn"} else None
        found.append(Requirement(term["key"], values, negated=term["operator"] in {"NotIn", "DoesNotExist"}))
    return tuple(found)


def as_text(requirements: tuple[Requirement, ...]) -> str:
    """Write requirements as a `labelSelector`."""
    return ",".join(str(term) for term in requirements)


def _requirement(term: str) -> Requirement:
    found = _parsed(term)
    prefix, slash, name = found.key.rpartition("/")
    if not _WORD.match(name) or (slash and not _PREFIX.match(prefix)):
        raise bad_request(f'key: Invalid value: "{found.key}": name part must consist of alphanumeric characters')
    for value in found.values or ():
        if value and not _WORD.match(value):
            raise bad_request(
                f'values[0][{found.key}]: Invalid value: "{value}": a valid label must be an empty string'
            )
    return found


def _parsed(term: str) -> Requirement:
    if match := _SET_BASED.match(term):
        values = frozenset(value.strip() for value in match["values"].split(","))
        return Requirement(match["key"], values, negated=match["op"] == "notin")
    if match := _EQUALITY.match(term):
        return Requirement(match["key"], frozenset({match["value"]}), negated=match["op"] == "!=")
    if match := _EXISTS.match(term):
        return Requirement(match["key"], None, negated=bool(match["absent"]))
    raise bad_request(f"unable to parse requirement: found '{term}', expected: a label selector")


def _field(item: JsonObject, path: str) -> str:
    if path == "source":
        path = "source.component"
    value: object = item
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
