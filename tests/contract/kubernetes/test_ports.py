"""What the ports promise of workloads and External Secrets: on the fake, on the simulator and on a real server."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import ConflictError, DeniedError, NotFoundError, OutcomeUnknownError, UnreachableError
from drctl.core.lock import Stamp
from drctl.core.observed import ObjectRef
from drctl.core.topology import Selector
from drctl.core.verdict import Health, Tier
from drctl.steps.resync_secret import SecretItem, judge_synced
from drctl.steps.scaling import WorkloadItem, judge_complete

if TYPE_CHECKING:
    from contract.kubernetes.regions import Region

STAMP = Stamp("run-1", 7)


def health(region: Region, ref: ObjectRef, want: int) -> Health:
    return judge_complete(WorkloadItem(ref, Tier.CRITICAL, want), region.workloads.workload(ref)).health


def test_a_region_tells_its_clock(any_region: Region) -> None:
    assert abs(any_region.workloads.clock_skew()) < timedelta(seconds=5)


def test_a_selector_finds_by_name_and_label_and_sorts(any_region: Region) -> None:
    for name, team in (("worker", "shop"), ("api", "shop"), ("other", "else")):
        any_region.deploy(name, 2, (("team", team),))

    def found(*names: str, labels: tuple[tuple[str, str], ...] = ()) -> list[str]:
        select = Selector(any_region.namespace, names, labels)
        return [state.ref.name for state in any_region.workloads.workloads(select)]

    assert found("*") == ["api", "other", "worker"]
    assert found("*", labels=(("team", "shop"),)) == ["api", "worker"]
    assert found("o*", "w*") == ["other", "worker"]
    assert found("nothing") == []


def test_a_workload_at_zero_has_zero_of_everything(any_region: Region) -> None:
    ref = any_region.deploy("api")
    any_region.complete(ref)

    state = any_region.workloads.workload(ref)

    assert (state.replicas, state.replicas_seen, state.updated, state.available) == (0, 0, 0, 0)
    assert state.failure == ""


def test_scaling_is_by_the_version_that_was_read(any_region: Region) -> None:
    ref = any_region.deploy("api")
    before = any_region.workloads.workload(ref)

    any_region.workloads.scale(ref, 3, before.resource_version)

    after = any_region.workloads.workload(ref)
    assert (before.replicas, after.replicas) == (0, 3)
    assert after.generation == before.generation + 1
    assert after.uid == before.uid
    assert after.resource_version != before.resource_version


def test_scaling_down_to_zero_is_scaling(any_region: Region) -> None:
    ref = any_region.deploy("api", 3)
    any_region.workloads.scale(ref, 0, any_region.workloads.workload(ref).resource_version)

    assert any_region.workloads.workload(ref).replicas == 0


@pytest.mark.parametrize("replicas", [0, 3])
def test_a_write_in_between_is_a_conflict_and_nothing_is_written(any_region: Region, replicas: int) -> None:
    ref = any_region.deploy("api")
    before = any_region.workloads.workload(ref)
    any_region.touch(ref)

    with pytest.raises(ConflictError, match=r"deployment/.*/api"):
        any_region.workloads.scale(ref, replicas, before.resource_version)

    assert any_region.workloads.workload(ref).replicas == 0


def test_a_workload_is_complete_when_its_pods_are(any_region: Region) -> None:
    ref = any_region.deploy("api", 2)
    assert health(any_region, ref, 2) is Health.PROGRESSING

    any_region.complete(ref)

    assert health(any_region, ref, 2) is Health.HEALTHY
    any_region.workloads.scale(ref, 3, any_region.workloads.workload(ref).resource_version)
    assert health(any_region, ref, 3) is Health.PROGRESSING


def test_what_is_not_there_is_not_found(any_region: Region) -> None:
    for kind in ("deployment", "externalsecret"):
        ref = ObjectRef(kind, any_region.namespace, "nobody")
        look = any_region.workloads.workload if kind == "deployment" else any_region.secrets.secret
        with pytest.raises(NotFoundError, match="nobody") as caught:
            look(ref)
        assert "west" in caught.value.message
        assert caught.value.remedy
    with pytest.raises(NotFoundError):
        any_region.workloads.scale(ObjectRef("deployment", any_region.namespace, "nobody"), 1, "1")


def test_a_forced_sync_is_done_when_the_synced_version_has_changed(any_region: Region) -> None:
    ref = any_region.add_secret("shop")
    before = any_region.secrets.secret(ref)

    any_region.secrets.force_sync(before, STAMP)

    item, forced = SecretItem(ref, Tier.CRITICAL), any_region.secrets.secret(ref)
    assert forced.force_token == "run-1-7-1"  # noqa: S105 - a counter
    assert forced.synced_before == before.synced_version == forced.synced_version
    assert judge_synced(item, forced).health is Health.PROGRESSING
    any_region.sync(ref)
    assert judge_synced(item, any_region.secrets.secret(ref)).health is Health.HEALTHY


def test_a_forced_sync_that_failed_is_told_with_the_stores_words(any_region: Region) -> None:
    ref = any_region.add_secret("shop")
    any_region.secrets.force_sync(any_region.secrets.secret(ref), STAMP)
    any_region.fail_sync(ref, "the store is sealed")

    verdict = judge_synced(SecretItem(ref, Tier.CRITICAL), any_region.secrets.secret(ref))

    assert verdict.health is Health.FAILED
    assert "the store is sealed" in verdict.message


def test_a_second_force_of_a_run_has_a_token_of_its_own(any_region: Region) -> None:
    ref = any_region.add_secret("shop")
    for _ in range(2):
        any_region.secrets.force_sync(any_region.secrets.secret(ref), STAMP)
    twice = any_region.secrets.secret(ref).force_token
    any_region.secrets.force_sync(any_region.secrets.secret(ref), Stamp("run-2", 8))

    assert (twice, any_region.secrets.secret(ref).force_token) == ("run-1-7-2", "run-2-8-1")


def test_a_secret_that_moved_since_it_was_read_is_not_forced(any_region: Region) -> None:
    ref = any_region.add_secret("shop")
    before = any_region.secrets.secret(ref)
    any_region.touch(ref)

    with pytest.raises(ConflictError):
        any_region.secrets.force_sync(before, STAMP)

    assert any_region.secrets.secret(ref).force_token == ""


def test_secrets_are_found_by_name_and_label(any_region: Region) -> None:
    for name in ("shop", "mail", "other"):
        any_region.add_secret(name, (("team", "shop" if name != "other" else "else"),))
    select = Selector(any_region.namespace, ("*",), (("team", "shop"),))

    assert [state.ref.name for state in any_region.secrets.secrets(select)] == ["mail", "shop"]


def test_a_lost_answer_leaves_a_write_unknown_and_a_look_shows_it(any_region: Region) -> None:
    ref, secret = any_region.deploy("api"), any_region.add_secret("shop")
    before, unforced = any_region.workloads.workload(ref), any_region.secrets.secret(secret)

    any_region.lose_next_answer()
    with pytest.raises(OutcomeUnknownError) as caught:
        any_region.workloads.scale(ref, 3, before.resource_version)
    any_region.lose_next_answer()
    with pytest.raises(OutcomeUnknownError):
        any_region.secrets.force_sync(unforced, STAMP)

    assert caught.value.remedy
    assert any_region.workloads.workload(ref).replicas == 3
    assert any_region.secrets.secret(secret).force_token == "run-1-7-1"  # noqa: S105 - a counter


def test_silence_is_unreachable_for_a_read_and_unknown_for_a_write(any_region: Region) -> None:
    ref = any_region.deploy("api")
    before = any_region.workloads.workload(ref)
    any_region.fall_silent()

    with pytest.raises(OutcomeUnknownError):
        any_region.workloads.scale(ref, 3, before.resource_version)
    with pytest.raises(UnreachableError):
        any_region.workloads.workload(ref)

    any_region.recover()
    assert any_region.workloads.workload(ref).replicas == 0


def test_who_is_not_let_in_is_denied_everything(any_region: Region) -> None:
    ref, secret = any_region.deploy("api"), any_region.add_secret("shop")
    before = any_region.secrets.secret(secret)
    any_region.let_nobody_in()

    with pytest.raises(DeniedError):
        any_region.workloads.clock_skew()
    with pytest.raises(DeniedError):
        any_region.workloads.workloads(Selector(any_region.namespace))
    with pytest.raises(DeniedError):
        any_region.workloads.scale(ref, 1, "1")
    with pytest.raises(DeniedError):
        any_region.secrets.force_sync(before, STAMP)
