"""Who votes on the region's streams, as the system account sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.core.errors import DeniedError, UnreachableError
from drctl.core.meta_group import MetaGroup, MetaServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drctl.adapters.nats.api import JetStreamApi, Json

_PING = "$SYS.REQ.SERVER.PING.JSZ"
_QUIET_SECONDS = 0.5


class NatsMeta:
    """Asks every server that the region's system account reaches; without that account nothing is known."""

    def __init__(self, system: JetStreamApi | None) -> None:
        self._system = system

    def meta_group(self) -> MetaGroup | None:
        """Return the meta group of the server that answers; None without a system account.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: The credentials were refused, or are not the system account's.
        """
        if self._system is None:
            return None
        what = "ask every server of its JetStream"
        answers = self._system.probe((_PING,), what, {}, _QUIET_SECONDS)[_PING]
        if answers == ():
            raise DeniedError(
                f"{what} at {self._system.place}: this user is none of the system account's",
                remedy="Give drctl a user of the system account under `nats.system`, or leave it out.",
            )
        own_name = self._system.facts(what).name
        # A server without JetStream has no data.
        reports = [answer for answer in answers or () if answer.get("data")]
        own = next((report for report in reports if report["server"]["name"] == own_name), None)
        if own is None:
            raise UnreachableError(
                f"{what} at {self._system.place}: {own_name} itself does not say",
                remedy="Check that JetStream runs there, then run again.",
            )
        return _group(own, reports)


def _group(own: Json, reports: Sequence[Json]) -> MetaGroup:
    size = _meta(own).get("cluster_size", 1)
    members = [own] if size == 1 else [report for report in reports if _votes_with(own, report)]
    servers = sorted((_server(report) for report in members), key=lambda server: server.name)
    return MetaGroup(tuple(servers), size, _meta(own).get("leader", "") if size > 1 else own["server"]["name"])


def _votes_with(own: Json, other: Json) -> bool:
    """Say whether two servers are of one group; over a leaf a system account may see several groups.

    By the leader that both name. While one names none: by the domain, no proof (nats.md 2.1), but all there is.
    """
    if _meta(own).get("cluster_size") != _meta(other).get("cluster_size"):
        return False
    leaders = (_meta(own).get("leader", ""), _meta(other).get("leader", ""))
    if all(leaders):
        return bool(leaders[0] == leaders[1])
    return bool(own["server"].get("domain", "") == other["server"].get("domain", ""))


def _meta(report: Json) -> Json:
    found: Json = report["data"].get("meta_cluster") or {}
    return found


def _server(report: Json) -> MetaServer:
    server = report["server"]
    return MetaServer(server["name"], server.get("cluster", ""), server.get("ver", ""))
