"""External Secrets as servers show them: what can be forced, what failed when, what a force leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from contract.kubernetes.regions import now, ready
from drctl.adapters.kubernetes import external_secrets
from drctl.adapters.kubernetes.external_secrets import ExternalSecrets
from drctl.adapters.kubernetes.times import format_time
from drctl.core.errors import NotFoundError, RefusedError
from drctl.core.lock import Stamp
from drctl.core.topology import Selector
from drctl.core.verdict import Health, Tier
from drctl.steps.resync_secret import SecretItem, judge_synced

if TYPE_CHECKING:
    from contract.kubernetes.regions import ServedRegion
    from contract.kubernetes.servers import Json
    from drctl.core.observed import SecretState

STAMP = Stamp("run-1", 7)
LONG_AGO = "2026-01-01T00:00:00Z"


def added(region: ServedRegion, spec: Json, status: Json | None = None, **metadata: Any) -> SecretState:  # noqa: ANN401 - as the server takes it
    body = {"metadata": {"name": "one"} | metadata, "spec": spec} | ({"status": status} if status else {})
    region.create("externalsecret", body)
    return region.secrets.secret(region.ref("one", "externalsecret"))


def forced(region: ServedRegion) -> SecretState:
    ref = region.add_secret("one")
    region.secrets.force_sync(region.secrets.secret(ref), STAMP)
    return region.secrets.secret(ref)


def warn(region: ServedRegion, reason: str, at: str, name: str = "warning") -> None:
    """Record a warning event as the operator does."""
    about = region.look("externalsecret", "one")
    body = {
        "metadata": {"name": name},
        "involvedObject": {
            "kind": "ExternalSecret",
            "apiVersion": "external-secrets.io/v1",
            "namespace": region.namespace,
            "name": "one",
            "uid": about["metadata"]["uid"],
        },
        "type": "Warning",
        "reason": reason,
        "message": "could not get secret data from provider",
        "source": {"component": "external-secrets"},
        "firstTimestamp": LONG_AGO,
        "lastTimestamp": at,
        "count": 7,
    }
    region.create("event", body)


def health(region: ServedRegion, state: SecretState) -> Health:
    return judge_synced(SecretItem(region.ref("one", "externalsecret"), Tier.CRITICAL), state).health


def test_a_force_keeps_other_annotations_and_labels(region: ServedRegion) -> None:
    added(region, {"refreshInterval": "1h0m0s"}, annotations={"team": "shop"}, labels={"app": "api"})
    ref = region.ref("one", "externalsecret")

    region.secrets.force_sync(region.secrets.secret(ref), STAMP)

    metadata = region.look("externalsecret", "one")["metadata"]
    assert metadata["labels"] == {"app": "api"}
    assert metadata["annotations"] == {
        "team": "shop",
        "force-sync": "run-1-7-1",
        "drctl.io/synced-before": "",
        "drctl.io/forced-after": format_time(datetime.fromisoformat(metadata["annotations"]["drctl.io/forced-after"])),
        "drctl.io/epoch": "7",
        "drctl.io/run": "run-1",
    }
    assert metadata["generation"] == 1
    assert "drctl" in {entry["manager"] for entry in metadata["managedFields"]}


def test_a_forces_time_is_the_servers_and_not_before_what_was_read(region: ServedRegion) -> None:
    state = forced(region)

    assert state.forced_after is not None
    assert abs(state.forced_after - datetime.now(UTC)) < timedelta(seconds=5)
    assert state.epoch == 7


def test_a_secret_that_never_synced_is_done_with_its_first_sync(region: ServedRegion) -> None:
    added(region, {"refreshInterval": "1h0m0s"})
    ref = region.ref("one", "externalsecret")
    region.secrets.force_sync(region.secrets.secret(ref), STAMP)
    assert health(region, region.secrets.secret(ref)) is Health.PROGRESSING

    region.sync(ref)

    state = region.secrets.secret(ref)
    assert (state.synced_before, state.ready) == ("", True)
    assert health(region, state) is Health.HEALTHY


def test_an_older_failure_is_not_the_forced_ones(region: ServedRegion) -> None:
    status = {"syncedResourceVersion": "1-a", "conditions": [ready("False", "SecretSyncedError")]}
    status["conditions"][0]["lastTransitionTime"] = LONG_AGO  # type: ignore[index]
    added(region, {"refreshInterval": "1h0m0s"}, status)
    ref = region.ref("one", "externalsecret")
    warn(region, "UpdateFailed", LONG_AGO)

    region.secrets.force_sync(region.secrets.secret(ref), STAMP)

    assert health(region, region.secrets.secret(ref)) is Health.PROGRESSING


def test_a_failure_that_leaves_no_trace_but_an_event_is_found(region: ServedRegion) -> None:
    state = forced(region)
    assert health(region, state) is Health.PROGRESSING

    warn(region, "Other", now(), "other")
    assert health(region, region.secrets.secret(state.ref)) is Health.PROGRESSING
    warn(region, "UpdateFailed", now())

    assert health(region, region.secrets.secret(state.ref)) is Health.FAILED


@pytest.mark.parametrize("reason", ["SecretDeleted", "SecretMissing"])
def test_ready_without_a_secret_is_a_failure(region: ServedRegion, reason: str) -> None:
    state = forced(region)
    status = {"syncedResourceVersion": "1-b", "conditions": [ready("True", reason)]}
    region.patch("externalsecret", "one", {"status": status}, "status")

    assert health(region, region.secrets.secret(state.ref)) is Health.FAILED


@pytest.mark.parametrize(
    ("spec", "synced", "why"),
    [
        ({"refreshInterval": "1h0m0s"}, "1-a", ""),
        ({"refreshInterval": "0s"}, "1-a", "refreshInterval 0"),
        ({"refreshInterval": "0"}, "1-a", "refreshInterval 0"),
        ({"refreshInterval": "0s"}, "", ""),
        ({"refreshPolicy": "CreatedOnce", "refreshInterval": "1h0m0s"}, "1-a", "CreatedOnce"),
        ({"refreshPolicy": "OnChange", "refreshInterval": "0s"}, "1-a", ""),
    ],
)
def test_what_an_annotation_does_not_force_is_told_with_its_reason(
    region: ServedRegion, spec: Json, synced: str, why: str
) -> None:
    state = added(region, spec, {"syncedResourceVersion": synced} if synced else None)

    assert (state.forceable == "") == (why == "")
    assert why in state.forceable


def test_a_child_of_a_cluster_external_secret_is_forced_through_its_parent_only(region: ServedRegion) -> None:
    owner = {"kind": "ClusterExternalSecret", "apiVersion": "external-secrets.io/v1", "name": "all", "uid": "u"}

    state = added(region, {"refreshInterval": "1h0m0s"}, ownerReferences=[owner])

    assert "ClusterExternalSecret all" in state.forceable


def test_a_secret_without_a_status_is_neither_ready_nor_not(region: ServedRegion) -> None:
    state = added(region, {"refreshInterval": "1h0m0s"})

    assert (state.ready, state.refreshed_at, state.synced_version, state.failure_at) == (None, None, "", None)


def test_a_region_without_the_operator_says_so(region: ServedRegion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external_secrets, "_GROUP", "not-installed.example.com")

    with pytest.raises(NotFoundError, match="not installed in west") as caught:
        ExternalSecrets(region.api).secrets(Selector(region.namespace))

    assert caught.value.code == "eso-not-installed"


def test_an_operator_that_speaks_other_versions_only_is_refused(
    region: ServedRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external_secrets, "_VERSIONS", ("v7",))

    with pytest.raises(RefusedError, match=r"serves \['v1'\]"):
        ExternalSecrets(region.api).secrets(Selector(region.namespace))


def test_the_version_is_asked_for_once(region: ServedRegion) -> None:
    region.add_secret("one")
    for _ in range(3):
        region.secrets.secrets(Selector(region.namespace))

    asked = region.server.asked_by_drctl(region.namespace)

    assert [path for _, path in asked] == [region.path("externalsecret")] * 3
