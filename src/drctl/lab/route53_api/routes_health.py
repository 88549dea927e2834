"""Calls about health checks, and the one that shows what a name server would answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from drctl.lab.dns.authoritative import answer
from drctl.lab.route53_api.account import NAME_SERVERS
from drctl.lab.route53_api.model import invalid_input
from drctl.lab.route53_api.reading import read_document
from drctl.lab.route53_api.routes_zones import Reply, route
from drctl.lab.route53_api.writing import document, node

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Mapping

    from drctl.lab.route53_api.account import Account
    from drctl.lab.route53_api.health import HealthCheck
    from drctl.lab.route53_api.reading import Node
    from drctl.lab.route53_api.routes_zones import Table

_SETTINGS = (
    "IPAddress",
    "Port",
    "ResourcePath",
    "FullyQualifiedDomainName",
    "SearchString",
    "RequestInterval",
    "FailureThreshold",
    "Inverted",
    "Disabled",
    "EnableSNI",
    "InsufficientDataHealthStatus",
    "RoutingControlArn",
)
_CHECKER_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")


class HealthRoutes:
    """Answers calls about health checks."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._health = account.health

    def table(self) -> Table:
        """Return the calls."""
        return {
            route("POST", "/healthcheck"): self._create,
            route("GET", "/healthcheck/{}"): self._get,
            route("POST", "/healthcheck/{}"): self._update,
            route("GET", "/healthcheck/{}/status"): self._status,
            route("GET", "/healthcheck/{}/lastfailurereason"): self._last_failure_reason,
            route("GET", "/testdnsanswer"): self._test_dns_answer,
        }

    def _create(self, _parts: tuple[str, ...], _query: Mapping[str, str], body: bytes) -> Reply:
        wish = read_document(body, "CreateHealthCheckRequest")
        config = next(wish.all("HealthCheckConfig"), None)
        if config is None:
            raise invalid_input("Value null at 'healthCheckConfig' must not be null")
        reference = wish.required("CallerReference")
        check = self._health.create(reference, config.required("Type"), _settings(config))
        return Reply(document(node("CreateHealthCheckResponse", _check_node(check))), 201)

    def _get(self, parts: tuple[str, ...], _query: Mapping[str, str], _body: bytes) -> Reply:
        return Reply(document(node("GetHealthCheckResponse", _check_node(self._health.get(parts[0])))))

    def _update(self, parts: tuple[str, ...], _query: Mapping[str, str], body: bytes) -> Reply:
        wish = read_document(body, "UpdateHealthCheckRequest")
        check = self._health.update(parts[0], wish.number("HealthCheckVersion"), _settings(wish))
        return Reply(document(node("UpdateHealthCheckResponse", _check_node(check))))

    def _status(self, parts: tuple[str, ...], _query: Mapping[str, str], _body: bytes) -> Reply:
        return self._observations("GetHealthCheckStatusResponse", self._health.get(parts[0]))

    def _last_failure_reason(self, parts: tuple[str, ...], _query: Mapping[str, str], _body: bytes) -> Reply:
        return self._observations("GetHealthCheckLastFailureReasonResponse", self._health.get(parts[0]))

    def _observations(self, root: str, check: HealthCheck) -> Reply:
        """Say what the checkers see: inversion and disabling change the outcome, not the observation."""
        seen = "Success: HTTP Status Code 200, OK" if check.endpoint_ok else "Failure: Connection timed out."
        now = datetime.now(tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        observations = [
            node(
                "HealthCheckObservation",
                node("Region", region),
                node("IPAddress", f"192.0.2.{number}"),
                node("StatusReport", node("Status", seen), node("CheckedTime", now)),
            )
            for number, region in enumerate(_CHECKER_REGIONS, start=1)
        ]
        return Reply(document(node(root, node("HealthCheckObservations", *observations))))

    def _test_dns_answer(self, _parts: tuple[str, ...], query: Mapping[str, str], _body: bytes) -> Reply:
        zone = self._account.zone(query.get("hostedzoneid", ""))
        name, record_type = query.get("recordname", ""), query.get("recordtype", "")
        if not name or not record_type:
            raise invalid_input("recordname and recordtype are needed")
        question = dns.message.make_query(dns.name.from_text(name), record_type)
        response = answer(question, zone.served(self._account.clock()), self._health.is_healthy)
        wanted = dns.rdatatype.from_text(record_type)
        data = [rdata.to_text() for rrset in response.answer if rrset.rdtype == wanted for rdata in rrset]
        root = node(
            "TestDNSAnswerResponse",
            node("Nameserver", NAME_SERVERS[0].rstrip(".")),
            node("RecordName", name),
            node("RecordType", record_type),
            node("RecordData", *(node("RecordDataEntry", entry) for entry in data)),
            node("ResponseCode", dns.rcode.to_text(response.rcode())),
            node("Protocol", "UDP"),
        )
        return Reply(document(root))


def _settings(config: Node) -> dict[str, str]:
    return {name: config.text(name) for name in _SETTINGS if config.text(name)}


def _check_node(check: HealthCheck) -> ET.Element:
    settings = [node(name, value) for name, value in check.settings]
    return node(
        "HealthCheck",
        node("Id", check.id),
        node("CallerReference", check.caller_reference),
        node("HealthCheckConfig", node("Type", check.type), *settings),
        node("HealthCheckVersion", check.version),
    )
