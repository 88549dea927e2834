from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Protocol

import pytest

from drctl.lab import processes, startup
from drctl.lab.authority import issue_certificates
from drctl.lab.credentials import issue_secrets
from drctl.lab.layout import Layout
from drctl.lab.nats_servers.config import write_configs
from drctl.lab.nats_servers.seed import seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Eventually(Protocol):
    def __call__(self, holds: Callable[[], object], within_seconds: float = 10.0) -> None: ...


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    def wait(holds: Callable[[], object], within_seconds: float = 10.0) -> None:
        deadline = time.monotonic() + within_seconds
        while not holds():
            assert time.monotonic() < deadline, "it did not become true"
            threading.Event().wait(0.03)

    return wait


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    layout = Layout.make(tmp_path)
    layout.save()
    yield layout
    processes.end_members(layout.lab_id)


@pytest.fixture
def certified(layout: Layout) -> Layout:
    """A lab's layout with its secrets and certificates, and nothing running."""
    issue_secrets(layout)
    issue_certificates(layout)
    return layout


@pytest.fixture(scope="module")
def two_nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """Both NATS servers, linked and seeded, and nothing else of a lab."""
    layout = Layout.make(tmp_path_factory.mktemp("nats"))
    layout.save()
    write_configs(layout)
    link = processes.Component("link", (sys.executable, "-m", "drctl.lab.link", "--root", str(layout.root)))
    for component in (*startup.nats_servers(layout), link):
        processes.spawn(layout, component)
    seed(layout)
    yield layout
    processes.end_members(layout.lab_id)
