"""A lab's configuration, and a small sound one to spoil."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.config.load import load
from drctl.core.errors import ConfigError
from drctl.lab.config_file import write_config
from drctl.lab.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drctl.config.load import LoadedConfig

SOUND = """\
apiVersion: drctl/v1
service: shop
environment: prod
public_name: shop.example.com
home: east
regions:
  - name: east
    addresses: ["192.0.2.10"]
    kubernetes: {kubeconfig: kube/east, context: east}
    nats: {url: "nats://192.0.2.10:4222", user: drctl, password: {file: secrets/nats}}
  - name: west
    addresses: ["198.51.100.10"]
    kubernetes: {kubeconfig: kube/west, context: west}
    nats: {url: "nats://198.51.100.10:4222", user: drctl, password: {env: WEST_PASSWORD}}
dns:
  - zone: example.com
    vendor: route53
    zone_id: Z1
    records: [{name: shop.example.com}]
  - zone: example.net
    vendor: cloudflare
    zone_id: "0123"
    api_token: {file: secrets/cloudflare}
    nameservers: ["192.0.2.53"]
    records: [{name: shop.example.net, awaited: false}]
"""


@pytest.fixture
def lab_config(tmp_path: Path) -> Path:
    """The drctl.yaml of a lab that was laid out and not started."""
    layout = Layout.make(tmp_path / "lab")
    for region in ("east", "west"):
        layout.secret_file(f"kube-{region}").write_text("token")
    write_config(layout)
    return layout.config_file


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., LoadedConfig]:
    """Load the sound configuration with parts replaced and lines added."""

    def act(*replaced: tuple[str, str], more: str = "") -> LoadedConfig:
        text = SOUND
        for before, after in replaced:
            assert before in text
            text = text.replace(before, after, 1)
        path = tmp_path / "drctl.yaml"
        path.write_text(text + more)
        return load(path)

    return act


@pytest.fixture
def mistakes(loaded: Callable[..., LoadedConfig]) -> Callable[..., str]:
    """Load a spoilt configuration and return every mistake, one a line."""

    def act(*replaced: tuple[str, str], more: str = "") -> str:
        with pytest.raises(ConfigError) as caught:
            loaded(*replaced, more=more)
        return "\n".join((caught.value.message, *caught.value.problems))

    return act
