from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract.kubernetes.real_api import assets, real
from contract.kubernetes.regions import FakeRegion, Region, ServedRegion, served
from contract.kubernetes.servers import Server, simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REAL = pytest.param("actual", marks=pytest.mark.real_api)


@pytest.fixture(scope="session")
def simulated() -> Iterator[Server]:
    """The lab's simulator, shared: a test has a namespace of its own."""
    with simulator() as server:
        yield server


@pytest.fixture(scope="session")
def actual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real kube-apiserver, shared: a test has a namespace of its own."""
    there = assets()
    if there is None:
        pytest.skip("no kube-apiserver and etcd: KUBEBUILDER_ASSETS names no folder that has them")
    with real(there, tmp_path_factory.mktemp("kube")) as server:
        yield server


@pytest.fixture(params=["simulated", REAL])
def server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def region(server: Server, tmp_path: Path) -> Iterator[ServedRegion]:
    """A namespace on each server in turn."""
    with served(server, tmp_path) as region:
        yield region


@pytest.fixture(params=["fake", "simulated", REAL])
def any_region(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Region]:
    """The fake too: for what the ports promise."""
    if request.param == "fake":
        yield FakeRegion()
    else:
        with served(request.getfixturevalue(request.param), tmp_path) as region:
            yield region


@pytest.fixture
def lab_region(simulated: Server, tmp_path: Path) -> Iterator[ServedRegion]:
    """The simulator alone, whose faults end with the test: a real server cannot be asked for any."""
    with served(simulated, tmp_path) as region:
        yield region
    simulated.break_()
