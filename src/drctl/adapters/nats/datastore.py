"""One region's NATS as all the datastore ports: what wiring makes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.adapters.nats.api import JetStreamApi
from drctl.adapters.nats.connection import Connection
from drctl.adapters.nats.heartbeat import NatsHeartbeats
from drctl.adapters.nats.lost_origin import LostOrigin
from drctl.adapters.nats.meta import NatsMeta
from drctl.adapters.nats.naming import NamedApi
from drctl.adapters.nats.probing import NatsProber
from drctl.adapters.nats.reading import NatsReader
from drctl.adapters.nats.returning import NatsReturning
from drctl.adapters.nats.translate import Place
from drctl.adapters.nats.trying import NatsTrials

if TYPE_CHECKING:
    from typing import Self

    from drctl.adapters.nats.credentials import Credentials
    from drctl.adapters.nats.naming import Naming


class NatsDatastore(NatsReader, NatsProber, NatsTrials, NatsReturning, NatsHeartbeats, NatsMeta):
    """DatastoreReader, DatastoreProber, DatastoreWriter and HeartbeatWriter over one connection.

    Nothing is opened before the first call. Each request has `timeout`, connecting included; a method that sends
    several (a write reads before it, and once more without a clear answer) takes that long for each at most.
    `domain` is the region's JetStream domain: heartbeats must be stored there. `url` may be several, separated by
    commas. `naming` says what streams are called where both regions share a meta group.
    """

    def __init__(  # noqa: PLR0913 - a region's NATS has as many sides
        self,
        region: str,
        url: str,
        domain: str,
        credentials: Credentials,
        timeout: timedelta = timedelta(seconds=5),
        *,
        naming: Naming | None = None,
    ) -> None:
        seconds, place = timeout.total_seconds(), Place(region, url)
        self._connection = Connection(url, credentials, seconds)
        self._system_connection = Connection(url, credentials.system, seconds) if credentials.system else None
        plain = JetStreamApi(self._connection, place)
        shared = naming if naming is not None and naming.shares_a_group else None
        api = NamedApi(self._connection, place, shared) if shared else plain
        NatsReader.__init__(self, api)
        NatsProber.__init__(self, api)
        NatsReturning.__init__(self, api, LostOrigin(plain, shared) if shared else None)
        NatsHeartbeats.__init__(self, api, domain)
        NatsTrials.__init__(self, api)
        NatsMeta.__init__(self, JetStreamApi(self._system_connection, place) if self._system_connection else None)

    def close(self) -> None:
        """End the connections and their threads. Calling it twice is fine."""
        self._connection.close()
        if self._system_connection is not None:
            self._system_connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
