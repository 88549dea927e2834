"""The reader's half of the datastore port, but for heartbeats."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from drctl.adapters.nats.parse import account_limits, consumer_state, is_the_applications, moment, stream_state
from drctl.core.errors import NotFoundError, UnreachableError
from drctl.core.observed import DatastoreInfo
from drctl.core.topology import HEARTBEAT_STREAM

if TYPE_CHECKING:
    from drctl.adapters.nats.api import JetStreamApi
    from drctl.core.observed import ConsumerState, StreamState


class NatsReader:
    """Reads one region's streams and consumers."""

    def __init__(self, api: JetStreamApi) -> None:
        self._api = api

    def info(self) -> DatastoreInfo:
        """Return who answers. The clock's skew is 0 where the account has no stream: only they tell the time.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: The credentials were refused, or a call is not allowed.
        """
        observed_at = datetime.now(UTC)
        account = self._api.read("INFO", "read the account")
        facts = self._api.facts("read the version")
        return DatastoreInfo(
            domain=account.get("domain", ""),
            api_level=int(account.get("api", {}).get("level", 0)),
            version=facts.version,
            clock_skew=self._clock_skew(),
            observed_at=observed_at,
            cluster=facts.cluster,
            limits=account_limits(account),
        )

    def streams(self) -> tuple[StreamState, ...]:
        """Return every stream of the account in this region, ordered by name.

        Raises:
            UnreachableError: No answer within the adapter's timeout, or one of the streams has none to give.
            DeniedError: Not allowed to list.
        """
        found: dict[str, StreamState] = {}
        observed_at = datetime.now(UTC)
        for entries, answer in self._api.pages("STREAM.LIST", "list streams", "streams"):
            found |= {info["config"]["name"]: stream_state(info, observed_at) for info in entries}
            # A cluster names the streams whose leader did not answer it in time instead of showing them.
            found |= {name: self.stream(name) for name in answer.get("missing") or ()}
            if answer.get("offline"):
                raise UnreachableError(
                    f"list streams at {self._api.place}: offline are {', '.join(sorted(answer['offline']))}",
                    remedy="Start the servers that hold these streams.",
                )
            observed_at = datetime.now(UTC)
        return tuple(found[name] for name in sorted(found))

    def stream(self, name: str) -> StreamState:
        """Return one stream.

        Raises:
            NotFoundError: This region has no such stream.
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: Not allowed to look.
        """
        observed_at = datetime.now(UTC)
        return stream_state(self._api.read(f"STREAM.INFO.{name}", f"read stream {name}"), observed_at)

    def consumers(self, stream: str) -> tuple[ConsumerState, ...]:
        """Return the application's durable consumers of a stream, ordered by name.

        Raises:
            NotFoundError: This region has no such stream.
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: Not allowed to list.
        """
        found: dict[str, ConsumerState] = {}
        observed_at = datetime.now(UTC)
        for entries, answer in self._api.pages(f"CONSUMER.LIST.{stream}", f"list consumers of {stream}", "consumers"):
            silent = [
                self._api.read(f"CONSUMER.INFO.{stream}.{name}", f"read consumer {stream}/{name}")
                for name in answer.get("missing") or ()
            ]
            for info in filter(is_the_applications, (*entries, *silent)):
                found[info["name"]] = consumer_state(info, observed_at)
            observed_at = datetime.now(UTC)
        return tuple(found[name] for name in sorted(found))

    def other_answers(self, domain: str) -> bool:
        """Say whether the other region's JetStream API answers through the link.

        Raises:
            UnreachableError: This side itself does not answer.
            DeniedError: Not allowed to ask.
        """
        self._api.read("INFO", "read the account")
        try:
            # Without domains both regions are one JetStream, which has answered just now.
            prefix = f"$JS.{domain}.API" if domain else "$JS.API"
            answer = self._api.read("INFO", f"ask {domain} through the link", prefix=prefix)
        except UnreachableError:
            return False
        return bool(answer.get("domain", "") == domain)

    def _clock_skew(self) -> timedelta:
        sent = datetime.now(UTC)
        try:
            info = self._api.read(f"STREAM.INFO.{HEARTBEAT_STREAM}", "read the clock")
        except NotFoundError:
            names = self._api.read("STREAM.NAMES", "read the clock").get("streams") or ()
            if not names:
                return timedelta(0)
            sent = datetime.now(UTC)
            info = self._api.read(f"STREAM.INFO.{names[0]}", "read the clock")
        received = datetime.now(UTC)
        theirs = moment(info.get("ts", ""))
        return theirs - (sent + (received - sent) / 2) if theirs is not None else timedelta(0)
