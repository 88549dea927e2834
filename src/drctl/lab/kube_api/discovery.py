"""What the server says it serves: `/api`, `/apis`, `/version` and the resource lists that kubectl maps names by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.lab.kube_api.errors import UnknownPathError, unknown_resource
from drctl.lab.kube_api.kinds import KINDS, REVIEW_GROUPS, Kind, is_built_in, served_versions

if TYPE_CHECKING:
    from drctl.lab.kube_api.objects import JsonObject

_VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]
_PART_VERBS = ["get", "patch", "update"]
VERSION: JsonObject = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.3-drctl-lab",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}


def discover(parts: tuple[str, ...]) -> JsonObject:
    """Answer a discovery path, given without its slashes: `("apis", "apps", "v1")`.

    Raises:
        UnknownPathError: No such group, or no such path.
        ApiError: 404, a version that one of the server's own groups does not have.
    """
    match parts:
        case ("version",):
            return VERSION
        case ("api",):
            return {"kind": "APIVersions", "apiVersion": "v1", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ("apis",):
            groups = [_group(name, version) for name, version in served_versions().items()]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ("api", "v1"):
            return _resources("", "v1")
        case ("apis", group) if group in served_versions():
            return {"kind": "APIGroup", "apiVersion": "v1"} | _group(group, served_versions()[group])
        case ("apis", group, version) if group in served_versions():
            if served_versions()[group] != version:
                raise unknown_resource() if is_built_in(group) else UnknownPathError
            return _resources(group, version)
        case ("api", _):
            raise unknown_resource()
        case _:
            raise UnknownPathError


def _group(name: str, version: str) -> JsonObject:
    entry = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [entry], "preferredVersion": entry}


def _resources(group: str, version: str) -> JsonObject:
    found: list[JsonObject] = []
    for kind in KINDS:
        if kind.group == group:
            found += _entries(kind)
    if group in REVIEW_GROUPS:
        found.append(_review(REVIEW_GROUPS[group]))
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": found}


def _entries(kind: Kind) -> list[JsonObject]:
    main: JsonObject = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": _VERBS,
    }
    if kind.short_names:
        main["shortNames"] = list(kind.short_names)
    part: JsonObject = {"singularName": "", "namespaced": kind.namespaced, "verbs": _PART_VERBS}
    entries = [main]
    if kind.scale:
        scale = {"name": f"{kind.plural}/scale", "kind": "Scale", "group": "autoscaling", "version": "v1"}
        entries.append(part | scale)
    if kind.status:
        entries.append(part | {"name": f"{kind.plural}/status", "kind": kind.name})
    return entries


def _review(plural: str) -> JsonObject:
    names = {"selfsubjectaccessreviews": "SelfSubjectAccessReview", "selfsubjectreviews": "SelfSubjectReview"}
    name = names[plural]
    return {"name": plural, "singularName": name.lower(), "namespaced": False, "kind": name, "verbs": ["create"]}
