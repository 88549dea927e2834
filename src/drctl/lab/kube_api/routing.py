"""From a method and a path to what is asked for: resource, namespace, name, part, verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.lab.kube_api.auth import Attributes

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_OWN_SUBRESOURCES = {"status", "finalize"}


@dataclass(frozen=True, slots=True)
class Target:
    """A resource path taken apart; whether it is served is not looked at here."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def attributes(self, method: str, query: Mapping[str, str]) -> Attributes:
        """Return the authorization question of a request to it."""
        return Attributes(
            verb=self.verb(method, query),
            group=self.group,
            resource=self.plural,
            subresource=self.subresource,
            namespace=self.namespace,
            name=self.name,
        )

    def verb(self, method: str, query: Mapping[str, str]) -> str:
        """Return the verb: a GET is `get`, `list` or `watch`, a DELETE without a name `deletecollection`."""
        if method in {"GET", "HEAD"}:
            if is_true(query.get("watch")):
                return "watch"
            return "get" if self.name else "list"
        if method == "DELETE":
            return "delete" if self.name else "deletecollection"
        return _VERBS.get(method, method.lower())


def parse_target(parts: tuple[str, ...]) -> Target | None:
    """Take a path without its slashes apart; None when it is no resource path (discovery, health)."""
    match parts:
        case ("api", version, *rest) if rest:
            group = ""
        case ("apis", group, version, *rest) if rest:
            pass
        case _:
            return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and not (len(rest) == 3 and rest[2] in _OWN_SUBRESOURCES):
        namespace, rest = rest[1], rest[2:]
    elif rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
    plural, name, subresource = (*rest, "", "")[:3]
    return Target(group, version, plural, namespace, name, subresource)


def is_true(value: str | None) -> bool:
    """Read a boolean of a query; client 36 sends `True`."""
    return (value or "").lower() in {"1", "t", "true"}
