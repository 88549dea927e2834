"""One Route 53 zone: records by value, changed by compare-and-swap.

A batch with DELETE of the record set exactly as read and CREATE of the new one is refused as a whole when
anybody changed it in between (dns.md 2.3 and 2.4). Where a record has a routing policy, its members change places.
"""

from __future__ import annotations

import time
from itertools import takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from drctl.adapters.aws.clients import Clients, Keys
from drctl.adapters.route53.groups import as_group_state, moved, values_of
from drctl.adapters.route53.health import is_switch, judged, unchecked
from drctl.adapters.route53.hindrances import protection, recovery
from drctl.adapters.route53.record_sets import as_record_set, as_state, listed_name
from drctl.core.errors import ConflictError, DeniedError, NotFoundError, RefusedError
from drctl.core.topology import RecordMode
from drctl.ports.dns import Light, MemberHealth, Propagation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_route53.type_defs import (
        ChangeBatchTypeDef,
        ChangeTypeDef,
        ListResourceRecordSetsRequestTypeDef,
        ListResourceRecordSetsResponseTypeDef,
        ResourceRecordSetOutputTypeDef,
    )

    from drctl.adapters.route53.translation import Call
    from drctl.core.finding import Finding
    from drctl.core.observed import RecordState
    from drctl.ports.dns import RecordSwap

__all__ = ["Clients", "Keys", "Route53Zone"]

_COMMENT_CHARACTERS_MAX = 256
_PAGE_SIZE = "100"
# The status of a check may be asked for once a second, by a whole account (dns.md 2.3).
_HEALTH_SECONDS = 5.0

_Answer = TypeVar("_Answer", bound="Mapping[str, object]")


class Route53Zone:
    """DnsReader and DnsWriter of one zone. Safe to share between threads; nothing is loaded before the first call.

    `modes` are of the names and types that are not moved by their values.
    """

    def __init__(
        self,
        zone: str,
        zone_id: str,
        clients: Clients,
        modes: Mapping[tuple[str, str], RecordMode] = MappingProxyType({}),
    ) -> None:
        self._zone = zone
        self._zone_id = zone_id
        self._clients = clients
        self._change_id = ""
        # A DELETE must carry a record set as it was listed, to the letter; a RecordState says only what it means.
        self._listed: dict[RecordState, tuple[ResourceRecordSetOutputTypeDef, ...]] = {}
        self._modes = modes
        self._health: dict[str, tuple[float, MemberHealth]] = {}

    def record(self, name: str, record_type: str) -> RecordState | None:
        """Return the record set at a name and type, or None. Names carry no final dot.

        Raises:
            UnreachableError: No answer within the timeout.
            NotFoundError: There is no such zone.
            DeniedError: Not allowed to list.
            RefusedError: The record set is an alias or has a routing policy, and `modes` says nothing of that.
        """
        mode, listed = self._mode(name, record_type), self._members(name, record_type)
        if not listed:
            return None
        state = as_state(listed[0], name) if mode is RecordMode.VALUES else as_group_state(mode, listed, name)
        self._listed[state] = listed
        return state

    def record_types(self, name: str) -> tuple[str, ...]:
        """Return every record type at a name, sorted.

        Raises:
            UnreachableError, NotFoundError, DeniedError: As in `record`.
        """
        return tuple(sorted({listed["Type"] for listed in self._listed_at(name)}))

    def propagation(self) -> Propagation:
        """Return what GetChange says of the newest change that this object sent; UNKNOWN if it sent none.

        UNKNOWN too when the newest one got no answer, and when Route 53 does not know it any more: a change can
        get lost when its control plane fails over (dns.md 2.7).

        Raises:
            UnreachableError: No answer within the timeout.
            DeniedError: Not allowed to ask.
        """
        change_id = self._change_id
        if not change_id:
            return Propagation.UNKNOWN
        call = self._call("read the state of the newest change")
        try:
            answer = _ask(call, "ChangeInfo", lambda: self._clients.reading().get_change(Id=change_id))
        except NotFoundError:
            return Propagation.UNKNOWN
        return Propagation.IN_SYNC if answer["ChangeInfo"]["Status"] == "INSYNC" else Propagation.PENDING

    def member_health(self, name: str, record_type: str, values: tuple[str, ...]) -> MemberHealth:
        """Return what the checkers say of the member that holds these values; up to 5 s old.

        Raises:
            UnreachableError, NotFoundError, DeniedError, RefusedError: As in `record`.
        """
        members = self._members(name, record_type)
        checks = {one.get("HealthCheckId", "") for one in members if set(values_of(one)) <= set(values)} - {""}
        seen = [self._health_of(name, check) for check in sorted(checks)]
        return next((one for one in seen if one.light is not Light.GREEN), seen[0]) if seen else unchecked()

    def hindrances(self, name: str, record_type: str) -> tuple[Finding, ...]:
        """Return whether the record set is protected, and whether the zone's API is recovered in a hurry.

        Raises:
            UnreachableError, NotFoundError: As in `record`.
        """
        return (*self._protections(name, record_type), *self._recovery())

    def _recovery(self) -> tuple[Finding, ...]:
        call, client = self._call("read the zone"), self._clients.reading()
        try:
            zone: Any = _ask(call, "HostedZone", lambda: client.get_hosted_zone(Id=self._zone_id))
        except DeniedError:
            return ()
        return recovery(self._zone, zone["HostedZone"].get("Features", {}))

    def _protections(self, name: str, record_type: str) -> tuple[Finding, ...]:
        call, client = self._call(f"read the protections of {name}"), cast("Any", self._clients.reading())
        try:
            listed = _ask(
                call,
                "ResourceRecordSetProtections",
                lambda: client.list_resource_record_set_protections(HostedZoneId=self._zone_id),
            )
        except (AttributeError, DeniedError, NotFoundError, RefusedError):
            return ()  # An older SDK, or a service, that does not know them; or a right that nothing else needs.
        return protection(name, record_type, listed["ResourceRecordSetProtections"])

    def _health_of(self, name: str, check_id: str) -> MemberHealth:
        known = self._health.get(check_id)
        if known is None or time.monotonic() - known[0] > _HEALTH_SECONDS:
            known = self._health[check_id] = (time.monotonic(), self._ask_health(name, check_id))
        return known[1]

    def _ask_health(self, name: str, check_id: str) -> MemberHealth:
        call, client = self._call(f"read the health check {check_id}"), self._clients.reading()
        check = _ask(call, "HealthCheck", lambda: client.get_health_check(HealthCheckId=check_id))
        config = check["HealthCheck"]["HealthCheckConfig"]
        if is_switch(config) or config["Type"] == "CALCULATED":
            return judged(name, config, ())
        status = _ask(call, "HealthCheckObservations", lambda: client.get_health_check_status(HealthCheckId=check_id))
        return judged(name, config, status["HealthCheckObservations"])

    def swap(self, swaps: tuple[RecordSwap, ...], comment: str) -> None:
        """Make all swaps in one batch, or none, if every record set is still as its `before` says.

        Raises:
            ConflictError: A record set is not as read; nothing was written.
            OutcomeUnknownError: It was, or may have been, sent, and no answer says what became of it.
            UnreachableError: Provably not sent: no connection, or the server is not trusted.
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
        """
        changes = [change for swap in swaps for change in self._changes(swap)]
        batch: ChangeBatchTypeDef = {"Comment": comment[:_COMMENT_CHARACTERS_MAX], "Changes": changes}
        call = self._call(f"change {', '.join(f'{one.after.name} {one.after.type}' for one in swaps)}", writes=True)
        # Forgotten first: until the answer is here, nobody can ask for the newest change.
        self._change_id = ""
        answer = _ask(
            call,
            "ChangeInfo",
            lambda: self._clients.writing().change_resource_record_sets(HostedZoneId=self._zone_id, ChangeBatch=batch),
        )
        self._change_id = answer["ChangeInfo"]["Id"]

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._clients.close()

    def _changes(self, swap: RecordSwap) -> Iterator[ChangeTypeDef]:
        if self._mode(swap.after.name, swap.after.type) is not RecordMode.VALUES:
            yield from self._changed_places(swap)
            return
        if swap.before is not None:
            listed = self._listed.get(swap.before)
            yield {"Action": "DELETE", "ResourceRecordSet": listed[0] if listed else as_record_set(swap.before)}
        yield {"Action": "CREATE", "ResourceRecordSet": as_record_set(swap.after)}

    def _changed_places(self, swap: RecordSwap) -> Iterator[ChangeTypeDef]:
        name, record_type = swap.after.name, swap.after.type
        if swap.before not in self._listed and (found := self.record(name, record_type)) != swap.before:
            raise ConflictError(
                f"{name} {record_type} is not as read: it was {swap.before}, it is {found}",
                remedy="Look what somebody else changed, then run again.",
            )
        members = self._listed[swap.before] if swap.before is not None else ()
        pairs = moved(self._mode(name, record_type), members, swap.after)
        for before, _ in pairs:
            yield {"Action": "DELETE", "ResourceRecordSet": before}
        for _, after in pairs:
            yield {"Action": "CREATE", "ResourceRecordSet": after}

    def _members(self, name: str, record_type: str) -> tuple[ResourceRecordSetOutputTypeDef, ...]:
        all_of_it = self._mode(name, record_type) is not RecordMode.VALUES
        found = self._listed_at(name, record_type, all_of_it=all_of_it)
        return tuple(takewhile(lambda one: one["Type"] == record_type, found))

    def _mode(self, name: str, record_type: str) -> RecordMode:
        return self._modes.get((name.lower().rstrip("."), record_type), RecordMode.VALUES)

    def _listed_at(
        self, name: str, first_type: str = "", *, all_of_it: bool = False
    ) -> Iterator[ResourceRecordSetOutputTypeDef]:
        """Yield the record sets at a name, beginning with a type. The listing goes on with other names: stop there."""
        wanted = listed_name(name)
        request: ListResourceRecordSetsRequestTypeDef = {
            "HostedZoneId": self._zone_id,
            "StartRecordName": wanted,
            # One is enough when its type is known.
            "MaxItems": "1" if first_type and not all_of_it else _PAGE_SIZE,
        }
        if first_type:
            request["StartRecordType"] = first_type  # type: ignore[typeddict-item]  # any type, as in the port
        while True:
            page = self._page(name, request)
            for listed in page["ResourceRecordSets"]:
                if listed["Name"] != wanted:
                    return
                yield listed
            if not page["IsTruncated"]:
                return
            request |= {
                "StartRecordName": page["NextRecordName"],
                "StartRecordType": page["NextRecordType"],
            }
            if "NextRecordIdentifier" in page:
                request["StartRecordIdentifier"] = page["NextRecordIdentifier"]

    def _page(self, name: str, request: ListResourceRecordSetsRequestTypeDef) -> ListResourceRecordSetsResponseTypeDef:
        return _ask(
            self._call(f"read {name}"),
            "ResourceRecordSets",
            lambda: self._clients.reading().list_resource_record_sets(**request),
        )

    def _call(self, action: str, *, writes: bool = False) -> Call:
        from drctl.adapters.route53.translation import Call  # noqa: PLC0415 - it loads the SDK

        return Call(action, self._zone, self._zone_id, writes)


def _ask(call: Call, expected: str, send: Callable[[], _Answer]) -> _Answer:
    """Return an answer that has what is expected in it; botocore takes any page with status 200 for one (measured)."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - lazy SDK
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - lazy SDK

    from drctl.adapters.route53.translation import refusal, silence, strangeness  # noqa: PLC0415 - it loads the SDK

    try:
        answer = send()
    except ClientError as error:
        raise refusal(call, error) from error
    except (BotoCoreError, ResponseParserError) as error:
        raise silence(call, error) from error
    if expected not in answer:
        raise strangeness(call, answer)
    return answer
