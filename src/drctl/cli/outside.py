"""What a configuration names outside of itself, kubeconfigs included: looked at before any region is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.config.outside import Outside, look_outside
from drctl.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.config.load import LoadedConfig


def seen_outside(loaded: LoadedConfig) -> Outside:
    """Return everything that is wrong outside of the file, on this machine."""
    seen = look_outside(loaded)
    return Outside((*seen.problems, *_unusable_contexts(loaded)), seen.warnings)


def require_usable(loaded: LoadedConfig) -> None:
    """Return if every file, variable and context that the configuration names can be used.

    Raises:
        ConfigError: Something cannot; the error has all of it.
    """
    if problems := seen_outside(loaded).problems:
        raise ConfigError(
            f"{loaded.path} names what cannot be used.",
            problems=problems,
            remedy=f"Mend it, then run `drctl config check --config {loaded.path}`.",
        )


def _unusable_contexts(loaded: LoadedConfig) -> Iterator[str]:
    """Yield what the kubeconfigs lack. A file that is not there was already told."""
    from drctl.adapters.kubernetes.kubeconfig import load_context

    for number, region in enumerate(loaded.settings.regions):
        access = region.kubernetes
        if access.kubeconfig.exists():
            try:
                load_context(access.kubeconfig, access.context)
            except ConfigError as error:
                yield f"regions[{number}].kubernetes: {error.message}. {error.remedy}"
