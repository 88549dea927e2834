from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drctl.adapters.kubernetes.client import KubernetesApi
from drctl.adapters.kubernetes.workloads import Workloads
from drctl.core.access import Access
from drctl.core.errors import (
    ConflictError,
    DeniedError,
    NotFoundError,
    OutcomeUnknownError,
    ThrottledError,
    UnreachableError,
)
from drctl.core.lock import Stamp
from drctl.core.topology import Selector
from drctl.core.verdict import Health, Tier
from drctl.steps.resync_secret import SecretItem, judge_synced
from drctl.steps.scale_workload import scale_by_hand
from drctl.steps.scaling import WorkloadItem, judge_complete

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract.kubernetes.conftest import Region

_STAMP = Stamp("run-1", 7)


def test_the_server_tells_its_clock(region: Region) -> None:
    assert abs(region.workloads.clock_skew()) < timedelta(seconds=5)


def test_a_selector_finds_by_name_and_label_and_sorts(region: Region) -> None:
    for name, team in (("worker", "shop"), ("api", "shop"), ("other", "else")):
        region.deployment(name, 2, {"team": team})

    found = region.workloads.workloads(Selector(region.namespace, ("*",), (("team", "shop"),)))

    assert [state.ref.name for state in found] == ["api", "worker"]
    assert [state.replicas for state in found] == [2, 2]
    assert [state.ref.name for state in region.workloads.workloads(Selector(region.namespace, ("o*",)))] == ["other"]


def test_scaling_is_by_the_version_that_was_read(region: Region) -> None:
    region.deployment("api")
    before = region.workloads.workload(region.ref("api"))

    region.workloads.scale(region.ref("api"), 3, before.resource_version)

    after = region.workloads.workload(region.ref("api"))
    assert (before.replicas, after.replicas) == (0, 3)
    assert after.generation == before.generation + 1


def test_a_write_in_between_is_a_conflict_and_nothing_is_written(region: Region) -> None:
    region.deployment("api")
    before = region.workloads.workload(region.ref("api"))
    region.patch(region.path("deployments", "api"), {"metadata": {"annotations": {"somebody": "else"}}})

    with pytest.raises(ConflictError):
        region.workloads.scale(region.ref("api"), 3, before.resource_version)

    assert region.workloads.workload(region.ref("api")).replicas == 0


def test_a_workload_counts_only_when_its_controller_has_seen_the_change(region: Region) -> None:
    region.deployment("api", 2)
    item = WorkloadItem(region.ref("api"), Tier.CRITICAL, 2)
    fresh = region.workloads.workload(region.ref("api"))
    status = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
    region.patch(region.path("deployments", "api", "status"), {"status": status})
    seen = region.workloads.workload(region.ref("api"))

    assert judge_complete(item, fresh).health is Health.PROGRESSING
    assert judge_complete(item, seen).health is Health.HEALTHY
    region.workloads.scale(region.ref("api"), 3, seen.resource_version)
    wanted = replace(item, replicas=3)
    assert judge_complete(wanted, region.workloads.workload(region.ref("api"))).health is Health.PROGRESSING


def test_what_is_not_there_is_not_found(region: Region) -> None:
    with pytest.raises(NotFoundError) as caught:
        region.workloads.workload(region.ref("nobody"))

    assert "nobody" in caught.value.message
    assert "west" in caught.value.message


def test_a_token_that_is_not_known_is_denied(region: Region, tmp_path: Path) -> None:
    api = KubernetesApi(region.server.kubeconfig(tmp_path, {"token": "wrong"}), "here", "west")

    with pytest.raises(DeniedError):
        Workloads(api).workloads(Selector(region.namespace))

    api.close()


def test_drctl_may_not_do_what_its_role_does_not_name(region: Region) -> None:
    region.deployment("api")

    with pytest.raises(DeniedError) as caught:
        region.api.merge_patch(region.path("deployments", "api"), {"metadata": {"labels": {"a": "b"}}}, "label api")

    assert "deployments" in caught.value.message


def test_a_server_that_is_not_there_is_unreachable_for_reads_and_writes_alike(region: Region, tmp_path: Path) -> None:
    config = region.server.kubeconfig(tmp_path)
    config.write_text(config.read_text().replace(region.server.url, "https://127.0.0.1:9"))
    api = KubernetesApi(config, "here", "west", timedelta(seconds=1))

    with pytest.raises(UnreachableError):
        Workloads(api).clock_skew()
    with pytest.raises(UnreachableError):
        Workloads(api).scale(region.ref("api"), 1, "1")

    api.close()


def test_a_certificate_that_is_not_trusted_is_said_to_be_so(region: Region, tmp_path: Path) -> None:
    config = region.server.kubeconfig(tmp_path)
    stranger = tmp_path / "stranger.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=stranger", "-keyout"]
    subprocess.run([*made, tmp_path / "key", "-out", stranger], check=True, capture_output=True)
    config.write_text(config.read_text().replace(str(region.server.ca_file), str(stranger)))
    api = KubernetesApi(config, "here", "west")

    with pytest.raises(UnreachableError) as caught:
        Workloads(api).clock_skew()

    assert caught.value.code == "certificate-untrusted"
    api.close()


def test_a_forced_sync_is_done_when_the_synced_version_changed(region: Region) -> None:
    region.external_secret("shop")
    path = region.path("externalsecrets", "shop", "status")
    ready = {"type": "Ready", "status": "True", "reason": "SecretSynced", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    region.patch(path, {"status": {"syncedResourceVersion": "1-a", "conditions": [ready]}})
    item = SecretItem(region.ref("shop", "externalsecret"), Tier.CRITICAL)
    before = region.secrets.secret(item.ref)

    region.secrets.force_sync(before, _STAMP)

    forced = region.secrets.secret(item.ref)
    assert (forced.force_token, forced.synced_before, forced.epoch) == ("run-1-7-1", "1-a", 7)
    assert judge_synced(item, forced).health is Health.PROGRESSING
    region.patch(path, {"status": {"syncedResourceVersion": "2-a"}})
    assert judge_synced(item, region.secrets.secret(item.ref)).health is Health.HEALTHY


def test_a_secret_that_moved_since_it_was_read_is_not_forced(region: Region) -> None:
    region.external_secret("shop")
    before = region.secrets.secret(region.ref("shop", "externalsecret"))
    region.patch(region.path("externalsecrets", "shop"), {"metadata": {"annotations": {"somebody": "else"}}})

    with pytest.raises(ConflictError):
        region.secrets.force_sync(before, _STAMP)


def test_the_printed_scale_line_does_what_the_step_does(region: Region, tmp_path: Path) -> None:
    region.deployment("api")
    kubectl = f"{Path(sys.executable).parent / 'kubectl'} --kubeconfig {region.server.kubeconfig(tmp_path)}"
    access = Access((("west", f"{kubectl} --context here"),), (), (), "curl", "shop.lab.test")
    item = WorkloadItem(region.ref("api"), Tier.CRITICAL, 2)

    for command in scale_by_hand(access.kubectl_in("west"), (item,)):
        subprocess.run(["/bin/sh", "-c", command.line], check=True, capture_output=True, timeout=60)

    assert region.workloads.workload(region.ref("api")).replicas == 2


@pytest.mark.parametrize("server", ["simulated"], indirect=True)
class TestFaults:
    """What only a simulator can be asked for."""

    @pytest.fixture(autouse=True)
    def _healed(self, region: Region) -> Iterator[None]:
        yield
        region.server.break_()

    def test_a_lost_answer_of_a_write_is_unknown_and_a_look_shows_that_it_was_applied(self, region: Region) -> None:
        region.deployment("api")
        before = region.workloads.workload(region.ref("api"))
        region.server.break_(drop_after_apply_next=1)

        with pytest.raises(OutcomeUnknownError):
            region.workloads.scale(region.ref("api"), 3, before.resource_version)

        assert region.workloads.workload(region.ref("api")).replicas == 3

    def test_throttling_says_that_nothing_was_written(self, region: Region) -> None:
        region.deployment("api")
        before = region.workloads.workload(region.ref("api"))
        region.server.break_(status=429, fail_next=1)

        with pytest.raises(ThrottledError):
            region.workloads.scale(region.ref("api"), 3, before.resource_version)

        assert region.workloads.workload(region.ref("api")).replicas == 0

    def test_a_read_is_tried_again_while_the_server_fails(self, region: Region) -> None:
        region.deployment("api", 1)
        region.server.break_(status=500, fail_next=2)

        assert region.workloads.workload(region.ref("api")).replicas == 1

    def test_a_server_that_hangs_is_unreachable_within_the_limit(self, region: Region) -> None:
        region.server.break_(hang=True)

        with pytest.raises(UnreachableError) as caught:
            region.workloads.clock_skew()

        assert "limit 3 s" in caught.value.message
