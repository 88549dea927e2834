"""One Route 53 zone: records by value, changed by compare-and-swap.

A batch with DELETE of the record set exactly as read and CREATE of the new one is refused as a whole when
anybody changed it in between (dns.md 2.3 and 2.4). The writing client sends each request once: a retry inside
the SDK would turn a lost answer into a refusal.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from drctl.adapters.route53.text import quoted, unquoted
from drctl.core.errors import RefusedError
from drctl.core.observed import RecordState
from drctl.ports.dns import Propagation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drctl.ports.dns import RecordSwap

DEFAULT_TIMEOUT = timedelta(seconds=10)
_READ_ATTEMPTS = 3
_COMMENT_CHARACTERS_MAX = 256
_PAGE = "100"
# Record sets with any of these are not switched by their value.
_ROUTED = ("SetIdentifier", "AliasTarget", "TrafficPolicyInstanceId")

RecordSet = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key; both empty means AWS' own chain of credentials."""

    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)


class Route53Zone:
    """DnsReader and DnsWriter of one zone. Safe to share between threads; nothing is loaded before the first call.

    `timeout` is what one request may take; a read is tried up to three times.
    """

    def __init__(
        self, zone: str, zone_id: str, keys: Keys, endpoint: str = "", timeout: timedelta = DEFAULT_TIMEOUT
    ) -> None:
        self._zone = zone
        self._zone_id = zone_id
        self._keys = keys
        self._endpoint = endpoint
        self._timeout = timeout
        self._turn = threading.Lock()
        self._clients: dict[bool, Any] = {}
        self._change_id = ""

    def record(self, name: str, record_type: str) -> RecordState | None:
        """Return the record set at a name and type, or None. Names carry no final dot.

        Raises:
            UnreachableError: No answer within the timeout.
            NotFoundError: There is no such zone.
            DeniedError: Not allowed to list.
            ThrottledError: Asked too often.
            RefusedError: The record set is an alias, or one of several with a routing policy.
        """
        for found in self._at(name, record_type):
            if found["Type"] == record_type:
                return self._state(found)
        return None

    def record_types(self, name: str) -> tuple[str, ...]:
        """Return every record type at a name, sorted.

        Raises:
            UnreachableError, NotFoundError, DeniedError, ThrottledError: As in `record`.
        """
        return tuple(sorted({found["Type"] for found in self._at(name, "")}))

    def propagation(self) -> Propagation:
        """Return what GetChange says of the newest change sent by this object; UNKNOWN if it sent none.

        Raises:
            UnreachableError: No answer within the timeout.
        """
        if not self._change_id:
            return Propagation.UNKNOWN
        answer = self._ask(
            lambda client: client.get_change(Id=self._change_id), "read the state of the change", wrote=False
        )
        return Propagation.IN_SYNC if answer["ChangeInfo"]["Status"] == "INSYNC" else Propagation.PENDING

    def swap(self, swaps: tuple[RecordSwap, ...], comment: str) -> None:
        """Make all swaps in one batch, or none, if every record set is still as its `before` says.

        Raises:
            ConflictError: A record set is not as read; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Provably not sent.
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
        """
        changes = [change for swap in swaps for change in _changes(swap)]
        batch = {"Comment": comment[:_COMMENT_CHARACTERS_MAX], "Changes": changes}
        names = ", ".join(f"{swap.after.name} {swap.after.type}" for swap in swaps)
        answer = self._ask(
            lambda client: client.change_resource_record_sets(HostedZoneId=self._zone_id, ChangeBatch=batch),
            f"change {names}",
            wrote=True,
        )
        self._change_id = str(answer["ChangeInfo"]["Id"])

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._turn:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _at(self, name: str, record_type: str) -> Iterator[RecordSet]:
        """Yield the record sets at a name, beginning with a type. The list goes on with other names: stop there."""
        wanted = _canonical(name)
        start = {"StartRecordName": name, **({"StartRecordType": record_type} if record_type else {})}
        while True:
            page = self._page(name, start)
            for found in page["ResourceRecordSets"]:
                if _canonical(found["Name"]) != wanted:
                    return
                yield found
            if not page["IsTruncated"]:
                return
            start = {"StartRecordName": page["NextRecordName"], "StartRecordType": page["NextRecordType"]}
            if "NextRecordIdentifier" in page:
                start["StartRecordIdentifier"] = page["NextRecordIdentifier"]

    def _page(self, name: str, start: dict[str, str]) -> dict[str, Any]:
        page: dict[str, Any] = self._ask(
            lambda client: client.list_resource_record_sets(HostedZoneId=self._zone_id, MaxItems=_PAGE, **start),
            f"read {name}",
            wrote=False,
        )
        return page

    def _state(self, found: RecordSet) -> RecordState:
        name = _canonical(found["Name"]).removesuffix(".")
        routed = next((key for key in _ROUTED if key in found), "")
        if routed:
            raise RefusedError(
                f"{name} {found['Type']} in zone {self._zone} has {routed}: it is not switched by its value.",
                remedy="Make it a simple record set, or name another record in drctl.yaml.",
            )
        values = [record["Value"] for record in found["ResourceRecords"]]
        if found["Type"] == "TXT":
            values = [unquoted(value) for value in values]
        return RecordState(name, found["Type"], int(found["TTL"]), tuple(sorted(values)))

    def _ask(self, call: Callable[[Any], Any], what: str, *, wrote: bool) -> Any:  # noqa: ANN401 - boto3's own dicts
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - lazy SDK

        from drctl.adapters.route53.translation import refusal, silence  # noqa: PLC0415 - it loads the SDK

        try:
            return call(self._client(writing=wrote))
        except ClientError as error:
            raise refusal(error, what, self._zone, wrote=wrote) from error
        except BotoCoreError as error:
            raise silence(error, what, self._zone, wrote=wrote) from error

    def _client(self, *, writing: bool) -> Any:  # noqa: ANN401 - named only once it is loaded
        with self._turn:
            if writing not in self._clients:
                self._clients[writing] = self._open(1 if writing else _READ_ATTEMPTS)
            return self._clients[writing]

    def _open(self, attempts: int) -> Any:  # noqa: ANN401 - named only once it is loaded
        import boto3  # noqa: PLC0415 - lazy SDK
        from botocore.config import Config  # noqa: PLC0415 - lazy SDK

        seconds = self._timeout.total_seconds()
        config = Config(
            region_name="us-east-1",
            connect_timeout=min(3.0, seconds),
            read_timeout=seconds,
            retries={"mode": "standard", "total_max_attempts": attempts},
            # Nothing is to be learnt from the network before the first call.
            user_agent_extra="drctl",
        )
        # A session of its own: boto3's default one is shared, and not safe between threads.
        session = boto3.session.Session(
            aws_access_key_id=self._keys.access_key_id or None,
            aws_secret_access_key=self._keys.secret_access_key or None,
        )
        return session.client("route53", config=config, endpoint_url=self._endpoint or None)


def _changes(swap: RecordSwap) -> list[dict[str, Any]]:
    created = {"Action": "CREATE", "ResourceRecordSet": _record_set(swap.after)}
    if swap.before is None:
        return [created]
    return [{"Action": "DELETE", "ResourceRecordSet": _record_set(swap.before)}, created]


def _record_set(state: RecordState) -> RecordSet:
    values = [quoted(value) for value in state.values] if state.type == "TXT" else list(state.values)
    return {
        "Name": f"{state.name}.",
        "Type": state.type,
        "TTL": state.ttl,
        "ResourceRecords": [{"Value": value} for value in values],
    }


def _canonical(name: str) -> str:
    """Return a name in lower case with its final dot; Route 53 lists `*` as an octal escape."""
    return name.lower().replace("\\052", "*").rstrip(".") + "."
