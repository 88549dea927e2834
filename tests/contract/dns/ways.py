"""Each way in which a record can move, with a record that is ready to be moved from east to west."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, cast

from drctl.core.observed import RecordState
from drctl.core.topology import RecordMode
from drctl.ports.dns import RecordSwap

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ResourceRecordSetTypeDef

    from contract.dns.providers import Provider, Route53Provider

EAST_ADDRESS, WEST_ADDRESS = "192.0.2.10", "198.51.100.10"


class Way(Protocol):
    """One provider in one mode."""

    @property
    def provider(self) -> Provider:
        """Return the vendor."""
        ...

    @property
    def name(self) -> str:
        """Return the name that moves."""
        ...

    def prepare(self) -> None:
        """Make the record, with east active, as its owner would."""
        ...

    def meddle(self) -> None:
        """Change the record, as somebody else would."""
        ...


class ByValue:
    """The record's own values are changed."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    @property
    def name(self) -> str:
        return f"shop.{self.provider.zone}"

    def prepare(self) -> None:
        self._swap(None, RecordState(self.name, "A", 60, (EAST_ADDRESS,)))

    def meddle(self) -> None:
        found = self.provider.connect().record(self.name, "A")
        assert found is not None
        self._swap(found, replace(found, values=("203.0.113.66",)))

    def _swap(self, before: RecordState | None, after: RecordState) -> None:
        self.provider.connect().swap((RecordSwap(before, after),), "owner")


class ByMembers:
    """Route 53's members of a routing policy change places."""

    def __init__(self, provider: Route53Provider, mode: RecordMode) -> None:
        self.provider = provider
        self._mode = mode
        provider.modes[self.name, "A"] = mode

    @property
    def name(self) -> str:
        return f"shop.{self.provider.zone}"

    def prepare(self) -> None:
        self.provider.put(self.member("east", EAST_ADDRESS, active=True), self.member("west", WEST_ADDRESS))

    def meddle(self) -> None:
        changed = cast("ResourceRecordSetTypeDef", {**self.member("east", EAST_ADDRESS, active=True), "TTL": 60})
        changed["ResourceRecords"] = [{"Value": "203.0.113.66"}]
        self.provider.put(changed, action="UPSERT")

    def member(self, name: str, *addresses: str, active: bool = False) -> ResourceRecordSetTypeDef:
        """Return one region's record set."""
        place: dict[str, object] = {"Weight": 100 if active else 0}
        if self._mode is RecordMode.FAILOVER:
            place = {"Failover": "PRIMARY" if active else "SECONDARY"}
        records = [{"Value": address} for address in addresses]
        body = {"Name": self.name, "Type": "A", "SetIdentifier": name, "TTL": 60, "ResourceRecords": records}
        return cast("ResourceRecordSetTypeDef", body | place)
