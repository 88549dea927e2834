"""Bad days of an API server: what is known after each, and how long it takes to know it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from contract.kubernetes.regions import NAME, PATIENCE
from contract.kubernetes.servers import CONTEXT
from contract.kubernetes.wire import Loss
from drctl.adapters.kubernetes.client import KubernetesApi
from drctl.adapters.kubernetes.workloads import Workloads
from drctl.core.errors import AdapterError, OutcomeUnknownError, RefusedError, ThrottledError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

    from contract.kubernetes.regions import ServedRegion


def test_a_reply_that_never_comes_leaves_a_write_unknown_within_the_limit(region: ServedRegion) -> None:
    ref = region.deploy("api")
    before = region.workloads.workload(ref)
    region.wire.loss = Loss.REPLIES

    began = time.monotonic()
    with pytest.raises(OutcomeUnknownError, match=r"it may have happened \(limit 1\.5 s; ReadTimeoutError"):
        region.workloads.scale(ref, 3, before.resource_version)
    waited = time.monotonic() - began

    region.recover()
    assert PATIENCE.total_seconds() <= waited < PATIENCE.total_seconds() + 1
    assert region.workloads.workload(ref).replicas == 3


def test_a_handshake_that_never_ends_is_not_taken_for_nothing_sent(region: ServedRegion) -> None:
    region.wire.loss = Loss.REPLIES

    with pytest.raises(OutcomeUnknownError):
        region.workloads.scale(region.ref("api"), 3, "1")


def test_a_read_takes_no_longer_than_the_limit_with_all_its_tries(region: ServedRegion) -> None:
    region.wire.loss = Loss.REQUESTS

    began = time.monotonic()
    with pytest.raises(UnreachableError, match=r"read deployment/.*/api in west: no answer") as caught:
        region.workloads.workload(region.ref("api"))

    assert time.monotonic() - began < PATIENCE.total_seconds() + 1
    assert caught.value.remedy.startswith("Check the region")


def test_a_read_whose_connection_breaks_is_asked_again(region: ServedRegion) -> None:
    ref = region.deploy("api", 1)
    region.lose_next_answer()

    assert region.workloads.workload(ref).replicas == 1


def test_an_address_where_nobody_listens_is_unreachable_for_reads_and_writes_alike(
    region: ServedRegion, tmp_path: Path
) -> None:
    region.wire.close()

    for call in (region.workloads.clock_skew, lambda: region.workloads.scale(region.ref("api"), 1, "1")):
        with pytest.raises(UnreachableError) as caught:
            call()
        assert NAME in caught.value.message
        assert str(tmp_path / "kubeconfig") in caught.value.remedy


@pytest.mark.parametrize("status", [429, 503])
def test_a_throttled_write_was_not_carried_out(lab_region: ServedRegion, status: int) -> None:
    ref = lab_region.deploy("api")
    before = lab_region.workloads.workload(ref)
    lab_region.server.break_(status=status, fail_next=1)

    with pytest.raises(ThrottledError, match=rf"scale deployment/.*/api to 3 in west: {status}"):
        lab_region.workloads.scale(ref, 3, before.resource_version)

    assert lab_region.workloads.workload(ref).replicas == 0


@pytest.mark.parametrize("status", [500, 504])
def test_a_server_error_leaves_a_write_unknown(lab_region: ServedRegion, status: int) -> None:
    ref = lab_region.deploy("api")
    before = lab_region.workloads.workload(ref)
    lab_region.server.break_(status=status, fail_next=1)

    with pytest.raises(OutcomeUnknownError, match=str(status)):
        lab_region.workloads.scale(ref, 3, before.resource_version)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_read_is_tried_again_while_the_server_fails(lab_region: ServedRegion, status: int) -> None:
    ref = lab_region.deploy("api", 1)
    lab_region.server.break_(status=status, fail_next=1)

    assert lab_region.workloads.workload(ref).replicas == 1


def test_a_read_gives_up_after_three_tries(lab_region: ServedRegion) -> None:
    lab_region.server.break_(status=500, fail_next=3)

    with pytest.raises(UnreachableError, match="500"):
        lab_region.workloads.clock_skew()


def test_a_read_waits_as_long_as_it_is_asked_to_but_not_beyond_its_limit(lab_region: ServedRegion) -> None:
    lab_region.server.break_(status=429, fail_next=1, retry_after=60)

    began = time.monotonic()
    with pytest.raises(UnreachableError, match="429"):
        lab_region.workloads.clock_skew()

    assert time.monotonic() - began < PATIENCE.total_seconds()


def test_a_read_that_is_refused_is_not_asked_again(lab_region: ServedRegion) -> None:
    lab_region.server.break_(status=410, fail_next=1)

    with pytest.raises(RefusedError, match="410"):
        lab_region.workloads.clock_skew()


def test_a_slow_server_is_waited_for(lab_region: ServedRegion) -> None:
    lab_region.server.break_(latency_seconds=0.5)

    lab_region.workloads.clock_skew()


def test_the_limit_is_the_callers(lab_region: ServedRegion, tmp_path: Path) -> None:
    lab_region.server.break_(hang=True)
    impatient = KubernetesApi(lab_region.server.kubeconfig(tmp_path), CONTEXT, NAME, timedelta(seconds=0.3))

    began = time.monotonic()
    with pytest.raises(UnreachableError, match=r"limit 0\.3 s"):
        Workloads(impatient).clock_skew()

    impatient.close()
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("loss", [Loss.REQUESTS, Loss.REPLIES])
def test_after_an_outage_the_next_call_works(region: ServedRegion, loss: Loss) -> None:
    region.workloads.clock_skew()
    region.wire.loss = loss
    with pytest.raises(AdapterError):
        region.workloads.clock_skew()

    region.recover()

    region.workloads.clock_skew()
