"""One context of a kubeconfig file: which server, trusted through what, as whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from drctl.adapters.kubernetes.credentials import Credentials, ExecPlugin, FixedToken, TokenFile
from drctl.core.errors import ConfigError

_CLUSTER_FILES = ("certificate-authority",)
_CERTIFICATE_KEYS = ("client-certificate", "client-certificate-data", "client-key", "client-key-data")
_USER_FILES = ("client-certificate", "client-key")
# Refused rather than ignored: going on without them would be going on as somebody else.
_UNSUPPORTED = ("auth-provider", "username", "as", "as-groups", "as-uid", "as-user-extra")


@dataclass(frozen=True, slots=True)
class KubeContext:
    """What one context gives.

    `for_client` is a kubeconfig for the official client with this one context, absolute paths and no credentials
    but a client certificate: tokens go through `credentials`.
    """

    for_client: dict[str, Any]
    credentials: Credentials


def load_context(kubeconfig: Path, context: str) -> KubeContext:
    """Read one context.

    Raises:
        ConfigError: The file or the context cannot be used. Not an adapter's error on purpose: a mistake in a
            file must never look like a region that is down.
    """
    entries = _read(kubeconfig)
    chosen = _named(entries, "contexts", "context", context, kubeconfig)
    cluster = _named(entries, "clusters", "cluster", str(chosen.get("cluster")), kubeconfig)
    user = _named(entries, "users", "user", str(chosen.get("user")), kubeconfig)
    _require_tls(cluster, kubeconfig, context)
    folder = kubeconfig.absolute().parent
    certificate = {key: user[key] for key in _CERTIFICATE_KEYS if user.get(key)}
    reached, identity = _absolute(cluster, _CLUSTER_FILES, folder), _absolute(certificate, _USER_FILES, folder)
    _require_files(reached, _CLUSTER_FILES, kubeconfig)
    _require_files(identity, _USER_FILES, kubeconfig)
    for_client = {
        "contexts": [{"name": context, "context": {"cluster": "cluster", "user": "user"}}],
        "clusters": [{"name": "cluster", "cluster": reached}],
        "users": [{"name": "user", "user": identity}],
    }
    return KubeContext(for_client, _credentials(user, bool(certificate), kubeconfig, context))


def _read(kubeconfig: Path) -> dict[str, Any]:
    try:
        entries = yaml.safe_load(kubeconfig.read_text())
    except OSError as exc:
        raise ConfigError(
            f"Kubeconfig {kubeconfig} cannot be read: {exc.strerror}",
            remedy=f"Run `ls -l {kubeconfig}`, or name another file in drctl.yaml.",
        ) from exc
    except yaml.YAMLError:
        # Not chained: a YAML error quotes the lines around it, and tokens are in them.
        entries = None
    if not isinstance(entries, dict):
        raise ConfigError(
            f"Kubeconfig {kubeconfig} is not a YAML mapping",
            remedy=f"Run `kubectl --kubeconfig {kubeconfig} config view` and mend the file.",
        )
    return entries


def _named(entries: dict[str, Any], section: str, inner: str, name: str, kubeconfig: Path) -> dict[str, Any]:
    there = {entry.get("name"): entry.get(inner) for entry in entries.get(section) or () if isinstance(entry, dict)}
    found = there.get(name)
    if not isinstance(found, dict):
        known = ", ".join(sorted(str(key) for key in there)) or "none"
        raise ConfigError(
            f"Kubeconfig {kubeconfig} has no {inner} {name!r} (there: {known})",
            remedy=f"Run `kubectl --kubeconfig {kubeconfig} config get-contexts` and correct drctl.yaml.",
        )
    return found


def _require_tls(cluster: dict[str, Any], kubeconfig: Path, context: str) -> None:
    server = str(cluster.get("server", ""))
    if server.startswith("https://") and not cluster.get("insecure-skip-tls-verify"):
        return
    fault = "switches TLS verification off" if server.startswith("https://") else f"has no https server ({server!r})"
    raise ConfigError(
        f"Context {context} of {kubeconfig} {fault}: tokens would go to whoever answers",
        remedy="Set `server: https://...` and `certificate-authority` in the kubeconfig's cluster.",
    )


def _absolute(entry: dict[str, Any], keys: tuple[str, ...], folder: Path) -> dict[str, Any]:
    return entry | {key: str(folder / str(entry[key])) for key in keys if entry.get(key)}


def _require_files(entry: dict[str, Any], keys: tuple[str, ...], kubeconfig: Path) -> None:
    for key in keys:
        if entry.get(key):
            try:
                with Path(entry[key]).open("rb"):
                    pass
            except OSError as exc:
                raise ConfigError(
                    f"Kubeconfig {kubeconfig} names as {key} {entry[key]}, which cannot be read: {exc.strerror}",
                    remedy=f"Run `ls -l {entry[key]}`, or correct the kubeconfig.",
                ) from exc


def _credentials(user: dict[str, Any], has_certificate: bool, kubeconfig: Path, context: str) -> Credentials:
    unsupported = [key for key in _UNSUPPORTED if user.get(key)]
    if unsupported:
        raise ConfigError(
            f"The user of context {context} of {kubeconfig} needs {', '.join(unsupported)}, which drctl does not speak",
            remedy="Give it a token, a tokenFile, a client certificate or an exec plugin.",
        )
    # kubectl's order: a tokenFile wins over a token, and both over a plugin.
    if user.get("tokenFile"):
        return TokenFile(kubeconfig.absolute().parent / str(user["tokenFile"]))
    if user.get("token"):
        return FixedToken(str(user["token"]))
    if user.get("exec"):
        return ExecPlugin(dict(user["exec"]), kubeconfig.absolute().parent)
    if has_certificate:
        return FixedToken("")
    raise ConfigError(
        f"The user of context {context} of {kubeconfig} has no credentials",
        remedy="Give it a token, a tokenFile, a client certificate or an exec plugin.",
    )
