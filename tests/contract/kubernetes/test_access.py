"""Who drctl is at a server, whom it trusts, and what it may not do."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import trustme

from contract.kubernetes.regions import NAME, PATIENCE
from contract.kubernetes.servers import CONTEXT, Json, Server
from drctl.adapters.kubernetes.client import KubernetesApi
from drctl.adapters.kubernetes.workloads import Workloads
from drctl.core.errors import ConfigError, DeniedError, OutcomeUnknownError, UnreachableError
from drctl.core.topology import Selector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from contract.kubernetes.regions import ServedRegion


@contextmanager
def as_user(server: Server, folder: Path, user: Json, cluster: Json | None = None) -> Iterator[Workloads]:
    api = KubernetesApi(server.kubeconfig(folder, user, cluster), CONTEXT, NAME, PATIENCE)
    yield Workloads(api)
    api.close()


def plugin(folder: Path, *, token_file: Path, code: int = 0, ends: str = "") -> Json:
    """Return a user with a credential plugin that gives what is in a file, and notes that it ran."""
    program = folder / "plugin.py"
    status = {"token": "TOKEN"} | ({"expirationTimestamp": ends} if ends else {})
    printed = json.dumps({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status})
    program.write_text(
        "import pathlib, sys\n"
        f"with open({str(folder / 'runs')!r}, 'a') as runs: runs.write('x')\n"
        f"token = pathlib.Path({str(token_file)!r}).read_text()\n"
        f"print('login required for token={'s' * 40}', file=sys.stderr)\n"
        f"print({printed!r}.replace('TOKEN', token))\n"
        f"sys.exit({code})\n"
    )
    section = {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(program)]}
    return {"exec": section | {"interactiveMode": "Never"}}


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text())


def test_drctl_may_not_do_what_its_role_does_not_name(region: ServedRegion) -> None:
    region.deploy("api")

    with pytest.raises(DeniedError) as caught:
        region.api.merge_patch(region.path("deployment", "api"), {"metadata": {"labels": {"a": "b"}}}, "label api")

    assert 'User "drctl" cannot patch resource "deployments" in API group "apps"' in caught.value.message
    assert caught.value.message.startswith("Could not label api in west: 403 ")
    assert "auth can-i --list" in caught.value.remedy


def test_a_list_that_is_denied_names_verb_and_resource(region: ServedRegion) -> None:
    with pytest.raises(DeniedError, match='cannot list resource "secrets"'):
        region.api.get(f"/api/v1/namespaces/{region.namespace}/secrets", "list secrets")


def test_an_expired_token_is_denied_and_a_fresh_one_in_its_file_works_at_once(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("expired")
    with as_user(server, tmp_path, {"tokenFile": "token"}) as workloads:
        with pytest.raises(DeniedError, match="401 Unauthorized") as caught:
            workloads.clock_skew()
        file.write_text(f"{server.token}\n")
        workloads.clock_skew()

    assert "auth whoami" in caught.value.remedy


def test_a_plugins_token_is_kept_until_the_server_refuses_it(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("revoked")
    with as_user(server, tmp_path, plugin(tmp_path, token_file=file)) as workloads:
        with pytest.raises(DeniedError):
            workloads.clock_skew()
        file.write_text(server.token)
        for _ in range(3):
            workloads.clock_skew()

    assert runs(tmp_path) == 2


def test_a_plugins_token_is_renewed_before_it_ends(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(server.token)
    with as_user(server, tmp_path, plugin(tmp_path, token_file=file, ends="2026-01-01T00:00:00Z")) as workloads:
        for _ in range(2):
            workloads.clock_skew()

    assert runs(tmp_path) == 2


def test_a_plugin_that_fails_is_denied_without_a_secret_in_its_words(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(server.token)
    with (
        as_user(server, tmp_path, plugin(tmp_path, token_file=file, code=3)) as workloads,
        pytest.raises(DeniedError, match="exit code 3: login required") as caught,
    ):
        workloads.clock_skew()

    assert "s" * 40 not in caught.value.message
    assert str(tmp_path / "plugin.py") in caught.value.remedy


def test_a_plugin_that_is_not_there_is_denied(server: Server, tmp_path: Path) -> None:
    with (
        as_user(server, tmp_path, {"exec": {"command": "no-such-plugin"}}) as workloads,
        pytest.raises(DeniedError, match="no-such-plugin cannot be started"),
    ):
        workloads.clock_skew()


def test_a_certificate_that_is_not_trusted_is_said_to_be_so_and_nothing_is_sent(
    region: ServedRegion, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    ref = region.deploy("api")
    version = region.workloads.workload(ref).resource_version
    user = {"token": region.server.token}
    with as_user(region.server, tmp_path, user, {"certificate-authority": str(stranger)}) as workloads:
        for call in (workloads.clock_skew, lambda: workloads.scale(ref, 3, version)):
            with pytest.raises(UnreachableError, match="certificate is not trusted") as caught:
                call()
            assert caught.value.code == "certificate-untrusted"

    assert region.workloads.workload(ref).replicas == 0


def test_a_certificate_of_another_name_is_not_trusted(server: Server, tmp_path: Path) -> None:
    with (
        as_user(server, tmp_path, {"token": server.token}, {"tls-server-name": "other.example.com"}) as workloads,
        pytest.raises(UnreachableError) as caught,
    ):
        workloads.clock_skew()

    assert caught.value.code == "certificate-untrusted"
    assert "tls-server-name" in caught.value.remedy


def test_a_server_without_tls_is_never_told_the_token(server: Server, tmp_path: Path) -> None:
    with (
        as_user(server, tmp_path, {}, {"server": server.url.replace("https", "http")}) as workloads,
        pytest.raises(ConfigError, match="no https server"),
    ):
        workloads.clock_skew()


def test_a_proxy_of_the_environment_is_not_asked_for_a_loopback_address(
    region: ServedRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    region.workloads.clock_skew()


def test_reading_sends_only_reads(region: ServedRegion) -> None:
    ref, secret = region.deploy("api", 1), region.add_secret("shop")
    region.workloads.clock_skew()
    region.workloads.workloads(Selector(region.namespace))
    region.workloads.workload(ref)
    region.workloads.diagnose(ref)
    region.secrets.secrets(Selector(region.namespace))
    region.secrets.secret(secret)

    asked = region.server.asked_by_drctl(region.namespace)

    assert {method for method, _ in asked} == {"GET"}
    assert (region.path("externalsecret", "shop")) in {path for _, path in asked}


def test_a_write_is_one_request(region: ServedRegion) -> None:
    ref = region.deploy("api")
    region.workloads.scale(ref, 2, region.workloads.workload(ref).resource_version)
    region.lose_next_answer()
    with pytest.raises(OutcomeUnknownError):
        region.workloads.scale(ref, 3, region.look("deployment", "api")["metadata"]["resourceVersion"])

    asked = region.server.asked_by_drctl(region.namespace)

    assert [one for one in asked if one[0] != "GET"] == [("PATCH", region.path("deployment", "api", "scale"))] * 2
