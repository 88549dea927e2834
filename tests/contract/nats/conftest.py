from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from contract.nats.rigs import FakeRig, NatsRig, Pair
from contract.nats.servers import Servers
from drctl.core.lock import Stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract.nats.rigs import Rig

STAMP = Stamp("2026-03-01-west-1", 7)


@pytest.fixture(scope="session")
def shared_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Both regions, for tests that leave them as they are, streams of their own aside."""
    with Servers(tmp_path_factory.mktemp("nats")) as servers:
        servers.start_all()
        yield servers


@pytest.fixture
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Both regions, for one test that kills them."""
    with Servers(tmp_path_factory.mktemp("nats")) as servers:
        servers.start_all()
        yield servers


@pytest.fixture
def lone_east(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The east alone, for one test that kills or freezes it."""
    with Servers(tmp_path_factory.mktemp("nats")) as servers:
        servers.start("east")
        yield servers


@pytest.fixture(params=["fake", "nats"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """Every implementation, one after the other."""
    if request.param == "fake":
        yield FakeRig()
        return
    rig = NatsRig(request.getfixturevalue("shared_servers"))
    try:
        yield rig
    finally:
        rig.close()


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A stream name that no other test uses."""
    node: str = request.node.name
    return "S_" + re.sub("[^a-zA-Z0-9]", "_", node)[-80:]


@pytest.fixture
def pair(rig: Rig, name: str) -> Pair:
    """A stream in east with three messages, and its mirror in west that has them."""
    pair = Pair(rig, name)
    pair.fill(3)
    pair.sync()
    return pair


@pytest.fixture
def stamp() -> Stamp:
    """Who runs."""
    return STAMP
