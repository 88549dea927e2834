"""One region's NATS as all the datastore ports: what wiring makes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.adapters.nats.api import JetStreamApi
from drctl.adapters.nats.connection import Connection
from drctl.adapters.nats.heartbeat import NatsHeartbeats
from drctl.adapters.nats.probing import NatsProber
from drctl.adapters.nats.reading import NatsReader
from drctl.adapters.nats.returning import NatsReturning
from drctl.adapters.nats.translate import Place

if TYPE_CHECKING:
    from typing import Self

    from drctl.adapters.nats.credentials import Credentials


class NatsDatastore(NatsReader, NatsProber, NatsReturning, NatsHeartbeats):
    """DatastoreReader, DatastoreProber, DatastoreWriter and HeartbeatWriter over one connection.

    Nothing is opened before the first call. Each request has `timeout`, connecting included; a method that sends
    several (a write reads before it, and once more without a clear answer) takes that long for each at most.
    `domain` is the region's JetStream domain: heartbeats must be stored there.
    """

    def __init__(
        self,
        region: str,
        url: str,
        domain: str,
        credentials: Credentials,
        timeout: timedelta = timedelta(seconds=5),
    ) -> None:
        self._connection = Connection(url, credentials, timeout.total_seconds())
        api = JetStreamApi(self._connection, Place(region, url))
        NatsReader.__init__(self, api)
        NatsProber.__init__(self, api)
        NatsReturning.__init__(self, api)
        NatsHeartbeats.__init__(self, api, domain)

    def close(self) -> None:
        """End the connection and its thread. Calling it twice is fine."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
