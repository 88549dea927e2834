"""DNS vendors from outside: an installed package offers one by an entry point of the group `drctl.dns_providers`."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, cast

from drctl.core.errors import ConfigError
from drctl.ports.dns import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from drctl.ports.dns import DnsProvider, DnsZone


def open_outside(provider: str, zone: str, options: Mapping[str, str], timeout: timedelta) -> DnsZone:
    """Return a zone at a vendor that another package knows.

    Raises:
        ConfigError: No installed package offers it, or it cannot be loaded, or it does not take these options.
    """
    offered = {one.name: one for one in entry_points(group=PROVIDERS)}
    if provider not in offered:
        known = ", ".join(sorted(offered)) or "none"
        raise ConfigError(
            f"No installed package offers the DNS provider {provider} (offered: {known}).",
            remedy=f"Install one beside drctl that has it in its entry points, group {PROVIDERS}.",
        )
    try:
        opened = cast("DnsProvider", offered[provider].load())
        return opened(zone, options, timeout)
    except (ImportError, AttributeError, TypeError, KeyError, ValueError) as error:
        raise ConfigError(
            f"The DNS provider {provider} cannot be used for {zone}: {type(error).__name__}: {error}",
            remedy="Compare `options:` and `secrets:` with what its package says it takes.",
        ) from error
