"""What a lab writes before anything starts."""

from __future__ import annotations

import json
import ssl
import stat
from typing import TYPE_CHECKING

import yaml

from drctl.lab.authority import issue_certificates
from drctl.lab.config_file import write_config
from drctl.lab.credentials import issue_secrets, store_password
from drctl.lab.layout import Layout
from drctl.lab.manifests import manifests
from drctl.lab.nats_servers.config import write_configs

if TYPE_CHECKING:
    from pathlib import Path


def test_keys_and_secrets_are_readable_by_their_owner_only(layout: Layout) -> None:
    issue_secrets(layout)
    issue_certificates(layout)
    write_configs(layout)
    store_password(layout)
    write_config(layout)

    private = [*layout.root.glob("tls/*.key"), *layout.root.glob("secrets/*"), *layout.root.glob("store/*.json")]
    private += layout.root.glob("kube/*.kubeconfig")
    assert len(private) > 10
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_each_certificate_fits_its_key_and_names_its_region(layout: Layout) -> None:
    issue_certificates(layout)

    for name in ("ingress-east", "ingress-west", "kube-east", "kube-west"):
        context = ssl.create_default_context(cafile=str(layout.ca_file))
        context.load_cert_chain(layout.cert_file(name), layout.key_file(name))


def test_the_config_is_short_and_speaks_of_this_lab_also_in_an_awkward_folder(tmp_path: Path) -> None:
    layout = Layout.make(tmp_path / 'a "folder": of # mine')
    issue_secrets(layout)
    write_config(layout)

    config = yaml.safe_load(layout.config_file.read_text())
    assert len(layout.config_file.read_text().splitlines()) < 60
    assert config["state_dir"] == str(layout.state_dir)
    assert config["regions"][1]["nats"]["url"] == layout.nats_url("west")
    assert config["dns"][0]["nameservers"] == [f"127.0.0.1:{port}" for port in (layout.ports.dns_a, layout.ports.dns_b)]


def test_no_secret_value_is_in_the_config(layout: Layout) -> None:
    issue_secrets(layout)
    write_configs(layout)
    write_config(layout)

    config = layout.config_file.read_text()
    assert not [path.name for path in layout.root.glob("secrets/*") if path.read_text().strip() in config]


def test_both_regions_are_deployed_alike_but_for_their_nats_address(layout: Layout) -> None:
    east, west = (json.dumps(manifests(layout, region)) for region in ("east", "west"))

    assert east != west
    assert east.replace(layout.nats_url("east"), layout.nats_url("west")) == west
