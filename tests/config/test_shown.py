"""What `config show` and `config schema` print, and the commands that a person is given."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import yaml

from drctl.config.load import load
from drctl.config.schema import Settings, json_schema
from drctl.config.shown import as_yaml, shown_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from drctl.config.load import LoadedConfig


def test_what_is_shown_is_a_configuration_with_the_same_topology(lab_config: Path, tmp_path: Path) -> None:
    config = load(lab_config)
    (tmp_path / "shown.yaml").write_text(as_yaml(shown_config(config)))

    again = load(tmp_path / "shown.yaml")

    assert again.topology == config.topology
    assert again.state_dir == config.state_dir
    assert again.access == config.access


def test_defaults_are_shown(loaded: Callable[..., LoadedConfig]) -> None:
    body = shown_config(loaded(more="streams: [{names: ['*']}]\n"))

    assert body["standby"] == "west"
    assert body["regions"][0]["https_port"] == 443
    assert body["timing"]["settle_seconds"] == 30
    assert body["contracts"]["nats"] == {"rto_minutes": 15, "rpo_minutes": 5}


def test_the_schema_describes_every_key_and_points_nowhere_else() -> None:
    schema = json_schema()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"apiVersion", "service", "environment", "public_name", "home", "regions"}
    for name, model in {"Settings": schema, **schema["$defs"]}.items():
        for key, value in model.get("properties", {}).items():
            # Beside a $ref, pydantic leaves out what the definition says in the same words.
            assert "description" in value or "$ref" in value, f"{name}.{key}"
    for reference in _references(schema):
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


def test_the_schema_knows_the_keys_of_the_labs_configuration(lab_config: Path) -> None:
    assert set(yaml.safe_load(lab_config.read_text())) <= set(Settings.model_fields)


def _references(part: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a JSON document
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def test_commands_by_hand_name_the_region_and_leave_secrets_to_the_shell(
    loaded: Callable[..., LoadedConfig], tmp_path: Path
) -> None:
    keys = "zone_id: Z1\n    access_key_id: {env: KEY_ID}\n    secret_access_key: {env: KEY}\n"
    access = loaded(("zone_id: Z1\n", keys), more="ca_file: ca.pem\n").access

    assert access.kubectl_in("west") == f"kubectl --kubeconfig {tmp_path}/kube/west --context west"
    assert access.nats_in("east") == (
        f'NATS_PASSWORD="$(cat {tmp_path}/secrets/nats)" nats --server nats://192.0.2.10:4222 --user drctl'
    )
    assert access.nats_in("west").startswith('NATS_PASSWORD="$WEST_PASSWORD" nats ')
    assert access.dns_of("example.com").command == (
        'AWS_ACCESS_KEY_ID="$KEY_ID" AWS_SECRET_ACCESS_KEY="$KEY" aws --region us-east-1 route53 --hosted-zone-id=Z1'
    )
    assert access.dns_of("example.net").command.endswith("https://api.cloudflare.com/client/v4/zones/0123")
    assert access.curl == f"curl --cacert {tmp_path}/ca.pem"


def test_a_credentials_file_stands_in_for_user_and_password(
    loaded: Callable[..., LoadedConfig], tmp_path: Path
) -> None:
    config = loaded(("user: drctl, password: {file: secrets/nats}", "creds: {file: my east.creds}"))

    assert config.access.nats_in("east") == (f"nats --server nats://192.0.2.10:4222 --creds '{tmp_path}/my east.creds'")


def test_a_shell_reads_the_secret_of_a_command_from_a_path_with_blanks(
    loaded: Callable[..., LoadedConfig], tmp_path: Path
) -> None:
    (tmp_path / "my token").write_text("hunter 2\n")
    command = loaded(("secrets/cloudflare", "'my token'")).access.dns_of("example.net").command

    shown = subprocess.run(
        ["sh", "-c", command.replace("curl -sS", "cat; printf '%s|'", 1)], capture_output=True, text=True, check=True
    )

    header, arguments = shown.stdout.split("\n")
    assert header == "Authorization: Bearer hunter 2"
    assert "hunter" not in arguments
