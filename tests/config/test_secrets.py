"""Secrets stay references until somebody needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.config.load import load
from drctl.config.outside import look_outside
from drctl.config.schema import SecretReference
from drctl.config.secrets import read_secret
from drctl.config.shown import as_yaml, shown_config
from drctl.core.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drctl.config.load import LoadedConfig


def _file(path: Path, text: str = "hunter2\n", mode: int = 0o600) -> SecretReference:
    path.write_text(text)
    path.chmod(mode)
    return SecretReference(file=path)


def test_a_file_gives_its_text_without_the_line_break_at_its_end(tmp_path: Path) -> None:
    assert read_secret(_file(tmp_path / "secret", " two words \r\n")) == " two words "


def test_a_variable_gives_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2")

    assert read_secret(SecretReference(env="SHOP_PASSWORD")) == "hunter2"


def test_no_reference_is_no_secret() -> None:
    assert read_secret(None) == ""


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="is empty"):
        read_secret(_file(tmp_path / "secret", text))


def test_what_cannot_be_read_says_which_file_and_exits_2(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent cannot be read: No such file") as caught:
        read_secret(SecretReference(file=tmp_path / "absent"))

    assert caught.value.exit_code is ExitCode.USAGE
    assert "ls -l" in caught.value.remedy


def test_bytes_that_are_no_text_are_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"hunter2\xff")

    with pytest.raises(ConfigError, match="is no text") as caught:
        read_secret(SecretReference(file=tmp_path / "secret"))

    assert caught.value.__cause__ is None


def test_a_variable_that_is_not_set_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_PASSWORD", raising=False)

    with pytest.raises(ConfigError, match="SHOP_PASSWORD is not set"):
        read_secret(SecretReference(env="SHOP_PASSWORD"))


def test_loading_reads_no_secret(loaded: Callable[..., LoadedConfig]) -> None:
    # None of the files that it names is there.
    assert loaded().topology.title == "shop-prod"


def test_looking_outside_names_everything_that_is_not_there(
    loaded: Callable[..., LoadedConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEST_PASSWORD", raising=False)

    problems = look_outside(loaded(more="ca_file: absent.pem\n")).problems

    assert [problem.split(":")[0] for problem in problems] == [
        "regions[0].nats.password",
        "regions[1].nats.password",
        "dns[1].api_token",
        "regions[0].kubernetes.kubeconfig",
        "regions[1].kubernetes.kubeconfig",
        "ca_file",
    ]


def test_a_secret_file_that_others_can_read_is_a_warning(loaded: Callable[..., LoadedConfig], tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    _file(tmp_path / "secrets" / "nats", mode=0o640)
    _file(tmp_path / "secrets" / "cloudflare")

    warnings = look_outside(loaded()).warnings

    assert any(f"chmod 600 {tmp_path}/secrets/nats" in warning for warning in warnings)
    assert not any("cloudflare" in warning for warning in warnings)


def test_gaps_in_the_proof_are_warnings(loaded: Callable[..., LoadedConfig]) -> None:
    warnings = "\n".join(look_outside(loaded()).warnings)

    assert "there is no read probe" in warnings
    assert "the api contract stays unknown" in warnings
    more = "probes: [{name: home, path: /}, {name: order, path: /, kind: write, method: POST}]\n"
    assert "Name a marker_header" in "\n".join(look_outside(loaded(more=more)).warnings)


def test_the_labs_configuration_has_nothing_to_warn_of(lab_config: Path) -> None:
    folder = lab_config.parent / "secrets"
    for name in ("nats-drctl", "nats-sys", "route53-key-id", "route53-secret", "cloudflare-token"):
        _file(folder / name)
    (lab_config.parent / "tls" / "ca.pem").write_text("pem")

    seen = look_outside(load(lab_config))

    assert (seen.problems, seen.warnings) == ((), ())


def test_what_is_shown_has_references_and_no_secret(
    loaded: Callable[..., LoadedConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEST_PASSWORD", "hunter2")
    (tmp_path / "secrets").mkdir()
    for name in ("nats", "cloudflare"):
        _file(tmp_path / "secrets" / name)

    config = loaded()
    text = as_yaml(shown_config(config))

    assert "hunter2" not in text + repr(config)
    assert "env: WEST_PASSWORD" in text
    assert f"file: {tmp_path}/secrets/cloudflare" in text
