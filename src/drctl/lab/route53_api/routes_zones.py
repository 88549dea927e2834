"""Calls about zones, record sets and changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from drctl.lab.route53_api.model import RecordSet, canonical, invalid_input, reversed_labels
from drctl.lab.route53_api.reading import read_change_batch, read_document
from drctl.lab.route53_api.writing import change_info_node, document, node, optional, record_set_node
from drctl.lab.route53_api.zone import HostedZone, listing_order

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET

    from drctl.lab.route53_api.account import Account

PREFIX = "/2013-04-01"
_PAGE_MAX = 300
_RECORD_SETS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    body: bytes
    status: int = 200


Handler: TypeAlias = Callable[[tuple[str, ...], Mapping[str, str], bytes], Reply]
Table: TypeAlias = dict[tuple[str, re.Pattern[str]], Handler]


def route(method: str, path: str) -> tuple[str, re.Pattern[str]]:
    """Return a table's key; `{}` stands for one part of a path."""
    return (method, re.compile(PREFIX + path.replace("{}", "([^/]+)")))


class ZoneRoutes:
    """Answers calls about zones, record sets and changes."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def table(self) -> Table:
        """Return the calls."""
        return {
            route("POST", "/hostedzone"): self._create_zone,
            route("GET", "/hostedzone/{}"): self._get_zone,
            route("GET", "/hostedzonesbyname"): self._list_zones,
            route("POST", "/hostedzone/{}/features"): self._update_features,
            route("GET", "/hostedzonelimit/{}/{}"): self._get_limit,
            route("POST", "/hostedzone/{}/rrset/?"): self._change_record_sets,
            route("GET", "/hostedzone/{}/rrset"): self._list_record_sets,
            route("GET", "/hostedzone/{}/rrsetprotection"): self._list_protections,
            route("POST", "/hostedzone/{}/rrsetprotection"): self._create_protections,
            route("POST", "/hostedzone/{}/rrsetprotection/delete"): self._delete_protections,
            route("GET", "/change/{}"): self._get_change,
        }

    def _create_zone(self, _parts: tuple[str, ...], _query: Mapping[str, str], body: bytes) -> Reply:
        wish = read_document(body, "CreateHostedZoneRequest")
        zone = self._account.create_zone(wish.required("Name"), wish.required("CallerReference"))
        change = change_info_node(self._account.submitted(), in_sync=False)
        root = node("CreateHostedZoneResponse", _zone_node(zone), change, _delegation_node(zone))
        return Reply(document(root), 201)

    def _get_zone(self, parts: tuple[str, ...], _query: Mapping[str, str], _body: bytes) -> Reply:
        zone = self._account.zone(parts[0])
        return Reply(document(node("GetHostedZoneResponse", _zone_node(zone), _delegation_node(zone))))

    def _list_zones(self, _parts: tuple[str, ...], query: Mapping[str, str], _body: bytes) -> Reply:
        size = _page_size(query)
        zones = self._account.zones_by_name(query.get("dnsname", ""))
        following = zones[size] if len(zones) > size else None
        root = node(
            "ListHostedZonesByNameResponse",
            node("HostedZones", *(_zone_node(zone) for zone in zones[:size])),
            optional("DNSName", query.get("dnsname")),
            node("IsTruncated", following is not None),
            None if following is None else node("NextDNSName", following.name),
            None if following is None else node("NextHostedZoneId", following.id),
            node("MaxItems", size),
        )
        return Reply(document(root))

    def _update_features(self, parts: tuple[str, ...], _query: Mapping[str, str], body: bytes) -> Reply:
        wish = read_document(body, "UpdateHostedZoneFeaturesRequest")
        zone = self._account.zone(parts[0])
        zone.accelerated_recovery = "ENABLED" if wish.truth("EnableAcceleratedRecovery") else "DISABLED"
        return Reply(document(node("UpdateHostedZoneFeaturesResponse", _zone_node(zone))))

    def _get_limit(self, parts: tuple[str, ...], _query: Mapping[str, str], _body: bytes) -> Reply:
        zone = self._account.zone(parts[0])
        if parts[1] != "MAX_RRSETS_BY_ZONE":
            raise invalid_input(f"limit type {parts[1]} is not one of a public zone")
        limit = node("Limit", node("Type", parts[1]), node("Value", _RECORD_SETS_MAX))
        return Reply(document(node("GetHostedZoneLimitResponse", limit, node("Count", len(zone.record_sets())))))

    def _change_record_sets(self, parts: tuple[str, ...], _query: Mapping[str, str], body: bytes) -> Reply:
        info = self._account.change(parts[0], read_change_batch(body))
        return Reply(document(node("ChangeResourceRecordSetsResponse", change_info_node(info, in_sync=False))))

    def _get_change(self, parts: tuple[str, ...], _query: Mapping[str, str], _body: bytes) -> Reply:
        info = self._account.change_info(parts[0])
        in_sync = self._account.is_in_sync(info)
        return Reply(document(node("GetChangeResponse", change_info_node(info, in_sync=in_sync))))

    def _list_record_sets(self, parts: tuple[str, ...], query: Mapping[str, str], _body: bytes) -> Reply:
        zone, size, first = self._account.zone(parts[0]), _page_size(query), _listing_start(query)
        found = [one for one in zone.record_sets() if listing_order(one) >= first]
        following = found[size] if len(found) > size else None
        root = node(
            "ListResourceRecordSetsResponse",
            node("ResourceRecordSets", *(record_set_node(one) for one in found[:size])),
            node("IsTruncated", following is not None),
            *_next_nodes(following),
            node("MaxItems", size),
        )
        return Reply(document(root))

    def _list_protections(self, parts: tuple[str, ...], _query: Mapping[str, str], _body: bytes) -> Reply:
        protected = sorted(self._account.zone(parts[0]).protected)
        nodes = [
            node("ResourceRecordSetProtection", node("RecordName", name), node("RecordType", record_type))
            for name, record_type in protected
        ]
        root = node("ListResourceRecordSetProtectionsResponse", node("ResourceRecordSetProtections", *nodes))
        return Reply(document(root))

    def _create_protections(self, parts: tuple[str, ...], _query: Mapping[str, str], body: bytes) -> Reply:
        zone = self._account.zone(parts[0])
        zone.protected |= _read_places(body, "Create", "ResourceRecordSetProtectionConfig")
        return Reply(document(node("CreateResourceRecordSetProtectionsResponse")))

    def _delete_protections(self, parts: tuple[str, ...], _query: Mapping[str, str], body: bytes) -> Reply:
        zone = self._account.zone(parts[0])
        zone.protected -= _read_places(body, "Delete", "ResourceRecordSetProtectionKey")
        return Reply(document(node("DeleteResourceRecordSetProtectionsResponse")))


def _page_size(query: Mapping[str, str]) -> int:
    text = query.get("maxitems", str(_PAGE_MAX))
    if not text.isdigit() or int(text) == 0:
        raise invalid_input(f"maxitems {text} is not a number above zero")
    return min(int(text), _PAGE_MAX)


def _listing_start(query: Mapping[str, str]) -> tuple[tuple[str, ...], str, str]:
    name, record_type, identifier = (query.get(part, "") for part in ("name", "type", "identifier"))
    if (record_type and not name) or (identifier and not record_type):
        raise invalid_input("type needs name, and identifier needs type")
    return (reversed_labels(canonical(name)) if name else (), record_type, identifier)


def _next_nodes(following: RecordSet | None) -> list[ET.Element | None]:
    if following is None:
        return []
    return [
        node("NextRecordName", following.name),
        node("NextRecordType", following.type),
        optional("NextRecordIdentifier", following.set_identifier),
    ]


def _read_places(body: bytes, verb: str, element: str) -> frozenset[tuple[str, str]]:
    root = read_document(body, f"{verb}ResourceRecordSetProtectionsRequest")
    places = frozenset(
        (canonical(one.required("RecordName")), one.required("RecordType"))
        for one in root.all(f"Protections/{element}")
    )
    if not places:
        raise invalid_input("Member must have length greater than or equal to 1 at 'protections'")
    return places


def _zone_node(zone: HostedZone) -> ET.Element:
    return node(
        "HostedZone",
        node("Id", f"/hostedzone/{zone.id}"),
        node("Name", zone.name),
        node("CallerReference", zone.caller_reference),
        node("Config", node("PrivateZone", False)),  # noqa: FBT003 - an element's content
        node("ResourceRecordSetCount", len(zone.record_sets())),
        node("Features", node("AcceleratedRecoveryStatus", zone.accelerated_recovery)),
    )


def _delegation_node(zone: HostedZone) -> ET.Element:
    apex = next(one for one in zone.record_sets() if one.place == (zone.name, "NS"))
    servers = [node("NameServer", server.rstrip(".")) for server in apex.values]
    return node("DelegationSet", node("NameServers", *servers))
