"""Secrets are read when they are needed, by the one who needs them, and kept nowhere."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from drctl.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from drctl.config.schema import SecretReference, Settings, Zone

_OTHERS = stat.S_IRGRP | stat.S_IROTH


def read_secret(reference: SecretReference | None) -> str:
    """Return a secret without the line break at its end; empty for no reference.

    Raises:
        ConfigError: The file cannot be read, the variable is not set, or there is nothing in it.
    """
    if reference is None:
        return ""
    if reference.env is not None:
        return _from_environment(reference.env)
    if reference.file is not None:
        return _from_file(reference.file)
    return ""


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(f"the environment variable {name} is not set.", remedy=f"Set it: `export {name}=...`.")
    return value


def _from_file(path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigError(
            f"the secret file {path} cannot be read: {error.strerror}.",
            remedy=f"Look at it: `ls -l {path}`; make it yours with mode 600, or mend its path in drctl.yaml.",
        ) from error
    except UnicodeDecodeError:
        # Not chained: the error holds the bytes.
        raise ConfigError(f"the secret file {path} is no text.", remedy="Write the secret into it as text.") from None
    if not value:
        raise ConfigError(f"the secret file {path} is empty.", remedy="Write the secret into it.")
    return value


def references(settings: Settings) -> Iterator[tuple[str, SecretReference]]:
    """Yield every secret that drctl reads itself, with the path of its key."""
    for number, region in enumerate(settings.regions):
        if region.nats.password is not None:
            yield f"regions[{number}].nats.password", region.nats.password
        if region.nats.system is not None and region.nats.system.password is not None:
            yield f"regions[{number}].nats.system.password", region.nats.system.password
    for number, switch in enumerate(settings.switches):
        for key in ("access_key_id", "secret_access_key"):
            if (reference := getattr(switch, key)) is not None:
                yield f"switches[{number}].{key}", reference
    for number, zone in enumerate(settings.dns):
        yield from ((f"dns[{number}].{key}", reference) for key, reference in _of_zone(zone))


def _of_zone(zone: Zone) -> Iterator[tuple[str, SecretReference]]:
    for key in ("access_key_id", "secret_access_key", "api_token", "key"):
        reference = getattr(zone, key, None)
        if reference is not None:
            yield key, reference
    for key, reference in getattr(zone, "secrets", {}).items():
        yield f"secrets.{key}", reference


def is_open_to_others(path: Path) -> bool:
    """Say whether more than its owner can read a file; False for one that is not there.

    A warning and no refusal: Kubernetes mounts Secrets with mode 644 unless it is told otherwise.
    """
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False
