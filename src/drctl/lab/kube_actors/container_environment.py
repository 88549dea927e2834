"""A container's environment, from its spec, the Secrets and ConfigMaps that it names, and its pod."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from drctl.lab.kube_api.kinds import CONFIG_MAP, SECRET, Kind
from drctl.lab.kube_api.objects import Ref

if TYPE_CHECKING:
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.objects import JsonObject

# How the kubelet names them in its messages.
_WORDS = {SECRET: ("secret", "Secret"), CONFIG_MAP: ("configmap", "ConfigMap")}


class ConfigMissingError(Exception):
    """A Secret or ConfigMap, or a key of it, is not there: CreateContainerConfigError."""


def resolve(cluster: Cluster, pod: JsonObject, container: JsonObject) -> dict[str, str]:
    """Return what the spec adds to the environment, as it is now: a running container never sees a later change.

    Raises:
        ConfigMissingError: Something in it that is not optional does not exist.
    """
    namespace = pod["metadata"]["namespace"]
    found: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        kind, reference = _named(source, "secretRef", "configMapRef")
        prefix = source.get("prefix", "")
        values = _values(cluster, kind, namespace, reference)
        found |= {prefix + key: value for key, value in values.items()}
    for variable in container.get("env") or ():
        if "valueFrom" not in variable:
            found[variable["name"]] = variable.get("value", "")
        elif "fieldRef" in variable["valueFrom"]:
            found[variable["name"]] = _field(pod, variable["valueFrom"]["fieldRef"]["fieldPath"])
        else:
            kind, reference = _named(variable["valueFrom"], "secretKeyRef", "configMapKeyRef")
            values = _values(cluster, kind, namespace, reference)
            if reference["key"] in values:
                found[variable["name"]] = values[reference["key"]]
            elif not reference.get("optional"):
                word = _WORDS[kind][1]
                raise ConfigMissingError(
                    f"couldn't find key {reference['key']} in {word} {namespace}/{reference['name']}"
                )
    return found


def _named(source: JsonObject, secret: str, config_map: str) -> tuple[Kind, JsonObject]:
    return (SECRET, source[secret]) if secret in source else (CONFIG_MAP, source[config_map])


def _values(cluster: Cluster, kind: Kind, namespace: str, reference: JsonObject) -> dict[str, str]:
    item = cluster.store.get(Ref(kind, namespace, reference["name"]))
    if item is None:
        if reference.get("optional"):
            return {}
        raise ConfigMissingError(f'{_WORDS[kind][0]} "{reference["name"]}" not found')
    data: dict[str, str] = item.get("data") or {}
    if kind is CONFIG_MAP:
        return data
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}


def _field(pod: JsonObject, path: str) -> str:
    value: object = pod
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None else str(value)
