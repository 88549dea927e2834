"""The configuration as drctl understands it: with every default, and secrets as references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from drctl.config.topology import standby_of

if TYPE_CHECKING:
    from drctl.config.load import LoadedConfig


def shown_config(config: LoadedConfig) -> dict[str, Any]:
    """Return the effective configuration; it is a configuration itself, and loads to the same topology."""
    settings = config.settings
    body: dict[str, Any] = settings.model_dump(mode="json", exclude_none=True)
    body["state_dir"] = str(config.state_dir)
    body["standby"] = standby_of(settings)
    body["contracts"] = {"rto_from": settings.contracts.rto_from.value} | {
        rule.component: {"rto_minutes": rule.rto.total_seconds() / 60}
        | ({} if rule.rpo is None else {"rpo_minutes": rule.rpo.total_seconds() / 60})
        for rule in config.topology.contracts
    }
    return body


def as_yaml(body: dict[str, Any]) -> str:
    """Return it as YAML, in the order of the schema."""
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=120)
