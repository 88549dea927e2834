"""`drctl config` as a user runs it: what stdout carries, what stderr says, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from drctl.config.template import TEMPLATE

if TYPE_CHECKING:
    from pathlib import Path


def _drctl(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "drctl", *map(str, arguments)]
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "NO_COLOR": "1"}
    return subprocess.run(command, cwd=cwd, env=clean | environment, capture_output=True, text=True, check=False)


def test_init_writes_a_file_once(tmp_path: Path) -> None:
    first, second = (_drctl("config", "init", cwd=tmp_path) for _ in range(2))

    assert (first.returncode, first.stdout) == (0, "drctl.yaml\n")
    assert (tmp_path / "drctl.yaml").read_text() == TEMPLATE
    assert second.returncode == 2
    assert "exists already" in second.stderr
    assert _drctl("config", "init", "--stdout", cwd=tmp_path).stdout == TEMPLATE


def test_check_of_a_fresh_template_names_what_is_not_there(tmp_path: Path) -> None:
    _drctl("config", "init", cwd=tmp_path)

    ended = _drctl("config", "check", cwd=tmp_path)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "regions[0].nats.password: the environment variable DRCTL_NATS_PASSWORD is not set" in ended.stderr
    assert "regions[1].kubernetes.kubeconfig" in ended.stderr


def test_check_of_a_labs_configuration_is_silent_on_stderr(lab_config: Path, tmp_path: Path) -> None:
    _fill(lab_config)

    ended = _drctl("config", "check", cwd=tmp_path, DRCTL_CONFIG=str(lab_config))

    assert ended.stderr == ""
    assert ended.returncode == 0
    assert "is sound: shop-lab, home east, standby west" in ended.stdout


@pytest.mark.parametrize("command", [("status",), ("verify",), ("failover", "--dry-run"), ("watch",)])
def test_a_command_that_calls_anybody_first_tells_everything_that_it_could_not_use(
    command: tuple[str, ...], lab_config: Path, tmp_path: Path
) -> None:
    ended = _drctl(*command, "--config", lab_config, cwd=tmp_path)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "regions[0].nats.password: the secret file" in ended.stderr
    assert "dns[1].api_token: the secret file" in ended.stderr
    assert "regions[1].kubernetes: Kubeconfig" in ended.stderr
    assert "ca_file: " in ended.stderr
    assert "drctl config check" in ended.stderr


def test_what_only_reads_the_journals_needs_no_secret(lab_config: Path, tmp_path: Path) -> None:
    assert _drctl("runs", "list", "--config", lab_config, cwd=tmp_path).returncode == 0


def test_check_finds_a_context_that_the_kubeconfig_lacks(lab_config: Path, tmp_path: Path) -> None:
    _fill(lab_config)
    lab_config.write_text(lab_config.read_text().replace("context: west", "context: wets"))

    ended = _drctl("config", "check", "--config", lab_config, "--output", "json", cwd=tmp_path)

    told = json.loads(ended.stdout)
    assert (ended.returncode, told["ok"], told["warnings"]) == (2, False, [])
    (problem,) = told["problems"]
    assert problem.startswith("regions[1].kubernetes: ")
    assert "wets" in problem


def test_every_mistake_is_in_the_json_too(tmp_path: Path) -> None:
    (tmp_path / "drctl.yaml").write_text("apiVersion: drctl/v1\nservce: shop\n")

    ended = _drctl("config", "check", "--output", "json", cwd=tmp_path)

    told = json.loads(ended.stdout)
    assert ended.returncode == 2
    assert any("The nearest known key is `service`" in problem for problem in told["problems"])
    assert len(told["problems"]) == 6


def test_the_option_outranks_the_environment_which_outranks_the_folder(lab_config: Path, tmp_path: Path) -> None:
    for name in ("here", "named"):
        (tmp_path / name).mkdir()
        body = yaml.safe_load(lab_config.read_text()) | {"service": name}
        (tmp_path / name / "drctl.yaml").write_text(yaml.safe_dump(body))
    here, named = tmp_path / "here", tmp_path / "named" / "drctl.yaml"

    def service(*arguments: object, **environment: str) -> str:
        return str(yaml.safe_load(_drctl("config", "show", *arguments, cwd=here, **environment).stdout)["service"])

    assert service() == "here"
    assert service(DRCTL_CONFIG=str(lab_config)) == "shop"
    assert service("--config", named, DRCTL_CONFIG=str(lab_config)) == "named"


def test_show_as_json_is_the_same_document(lab_config: Path, tmp_path: Path) -> None:
    text, document = (
        _drctl("config", "show", "--config", lab_config, "--output", form, cwd=tmp_path).stdout
        for form in ("text", "json")
    )

    assert yaml.safe_load(text) == json.loads(document)


def test_the_schema_is_one_json_document(tmp_path: Path) -> None:
    assert json.loads(_drctl("config", "schema", cwd=tmp_path).stdout)["title"] == "Settings"


def _fill(lab_config: Path) -> None:
    root = lab_config.parent
    for name in ("nats-drctl", "nats-sys", "route53-key-id", "route53-secret", "cloudflare-token"):
        (root / "secrets" / name).touch(mode=0o600)
        (root / "secrets" / name).write_text("x")
    (root / "tls" / "ca.pem").write_text("pem")
