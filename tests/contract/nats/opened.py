"""The west of running servers as drctl opens it: by the lab's own drctl.yaml."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from drctl.adapters.clock import SystemClock
from drctl.cli.connections import Connections, Patience
from drctl.config.load import load
from drctl.core.errors import AdapterError
from drctl.lab.config_file import write_config
from drctl.lab.credentials import issue_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract.nats.servers import Servers
    from drctl.adapters.nats.datastore import NatsDatastore


@contextmanager
def west_of(servers: Servers) -> Iterator[NatsDatastore]:
    """Yield the west as drctl sees it by the lab's own drctl.yaml."""
    issue_secrets(servers.layout)
    write_config(servers.layout)
    config = load(servers.layout.config_file)
    with Connections(config, SystemClock(threading.Event()), Patience()) as connections:
        yield connections.datastore("west")


def has_a_leader(west: NatsDatastore) -> bool:
    try:
        west.info()
    except AdapterError:
        return False
    return True
