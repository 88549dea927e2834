"""The lab's authoritative servers over the wire: flags, absence, truncation, lag, health."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.update
import pytest

from drctl.lab.http_json import JsonCaller
from drctl.lab.route53_api.server import running
from lab.dns.conftest import create, delete

if TYPE_CHECKING:
    from drctl.lab.dns.transport import Endpoint
    from lab.dns.conftest import Eventually, Route53

NAME = "shop.lab.test"
SHOP = create("A", "192.0.2.1")


def ask(server: Endpoint, name: str = NAME, record_type: str = "A", **more: Any) -> dns.message.Message:  # noqa: ANN401
    query = dns.message.make_query(name, record_type, **more)
    return dns.query.udp(query, server.address, port=server.port, timeout=3)


def values(reply: dns.message.Message) -> list[str]:
    return sorted(rdata.to_text() for rrset in reply.answer for rdata in rrset)


def test_an_answer_has_authority_and_the_ttl_that_was_set(route53: Route53) -> None:
    route53.send(SHOP)

    for server in route53.server.name_servers:
        reply = ask(server)
        assert values(reply) == ["192.0.2.1"]
        assert reply.answer[0].ttl == 60
        assert reply.flags & dns.flags.AA
        assert not reply.flags & dns.flags.RA


@pytest.mark.parametrize(
    ("name", "record_type", "rcode"),
    [
        ("nothing.lab.test", "A", dns.rcode.NXDOMAIN),
        (NAME, "AAAA", dns.rcode.NOERROR),
        ("deep.lab.test", "A", dns.rcode.NOERROR),
    ],
    ids=["no name", "no type", "only names below it"],
)
def test_absence_is_told_with_the_soa_and_its_negative_ttl(
    route53: Route53, name: str, record_type: str, rcode: dns.rcode.Rcode
) -> None:
    route53.send(SHOP, create("A", "192.0.2.1", name="very.deep.lab.test"))

    reply = ask(route53.server.name_servers[0], name, record_type)

    assert (reply.rcode(), reply.answer) == (rcode, [])
    (soa,) = reply.authority
    assert (soa.rdtype, soa.ttl) == (dns.rdatatype.SOA, 2)
    assert reply.flags & dns.flags.AA


def test_a_name_of_another_zone_is_refused(route53: Route53) -> None:
    reply = ask(route53.server.name_servers[0], "shop.example.com")

    assert reply.rcode() == dns.rcode.REFUSED
    assert not reply.flags & dns.flags.AA


@pytest.mark.parametrize("payload", [0, 512, 1232, 4096], ids=["without EDNS", "512", "1232", "4096"])
def test_an_answer_that_does_not_fit_is_cut_and_whole_over_tcp(route53: Route53, payload: int) -> None:
    route53.send(create("TXT", *(f'"{number:02} {"x" * 200}"' for number in range(20))))
    server = route53.server.name_servers[0]
    query = dns.message.make_query(NAME, "TXT", use_edns=0 if payload else -1, payload=payload or None)

    cut = dns.query.udp(query, server.address, port=server.port, timeout=3)
    assert cut.flags & dns.flags.TC
    whole, by_tcp = dns.query.udp_with_fallback(query, server.address, port=server.port, timeout=3)
    assert by_tcp
    assert not whole.flags & dns.flags.TC
    assert len(whole.answer[0]) == 20


def test_one_tcp_connection_takes_several_questions(route53: Route53) -> None:
    route53.send(SHOP)
    server = route53.server.name_servers[0]

    with socket.create_connection((server.address, server.port), timeout=3) as connection:
        for name, found in ((NAME, ["192.0.2.1"]), ("nothing.lab.test", []), (NAME, ["192.0.2.1"])):
            query = dns.message.make_query(name, "A")
            assert values(dns.query.tcp(query, server.address, sock=connection, timeout=3)) == found


def test_an_idle_tcp_client_keeps_no_server_from_ending() -> None:
    with ExitStack() as stack:
        service = ExitStack()
        server = service.enter_context(running()).name_servers[0]
        stack.callback(service.close)
        idle = stack.enter_context(socket.create_connection((server.address, server.port), timeout=3))
        began = time.monotonic()
        service.close()

        assert idle.recv(1) == b""
        assert time.monotonic() - began < 3


def test_what_is_no_plain_question_is_not_implemented_and_noise_is_not_answered(route53: Route53) -> None:
    server = route53.server.name_servers[0]

    update = dns.update.UpdateMessage("lab.test")
    update.add("shop", 60, "A", "192.0.2.1")
    reply = dns.query.udp(update, server.address, port=server.port, timeout=3)
    chaos = ask(server, "version.bind", "TXT", rdclass=dns.rdataclass.CH)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
        noise.sendto(b"noise", (server.address, server.port))

    assert (reply.rcode(), chaos.rcode()) == (dns.rcode.NOTIMP, dns.rcode.NOTIMP)
    assert ask(server).rcode() == dns.rcode.NXDOMAIN


def test_an_alias_is_followed_inside_the_zone_and_left_where_it_leads_out(route53: Route53) -> None:
    route53.send(
        SHOP,
        create("CNAME", f"{NAME}.", name="www.lab.test"),
        create("CNAME", "shop.example.com.", name="away.lab.test"),
        create("A", ttl=None, name="also.lab.test", AliasTarget=_alias_of(NAME)),
    )
    server = route53.server.name_servers[0]

    assert values(ask(server, "www.lab.test")) == ["192.0.2.1", f"{NAME}."]
    away = ask(server, "away.lab.test")
    assert (values(away), away.authority, away.rcode()) == (["shop.example.com."], [], dns.rcode.NOERROR)
    assert values(ask(server, "also.lab.test")) == ["192.0.2.1"]


def _alias_of(name: str) -> dict[str, object]:
    return {"HostedZoneId": "Z0LAB", "DNSName": name, "EvaluateTargetHealth": False}


def test_a_wildcard_answers_for_names_that_are_not_there(route53: Route53) -> None:
    route53.send(SHOP, create("A", "192.0.2.7", name="*.lab.test"))
    server = route53.server.name_servers[0]

    reply = ask(server, "anything.at.lab.test")
    assert (values(reply), reply.answer[0].name.to_text()) == (["192.0.2.7"], "anything.at.lab.test.")
    assert values(ask(server, NAME)) == ["192.0.2.1"]


def test_a_text_goes_over_the_wire_as_its_bytes(route53: Route53) -> None:
    route53.send(create("TXT", f'"say \\"\\303\\251\\"" "{"x" * 255}"'))

    (rdata,) = ask(route53.server.name_servers[0], NAME, "TXT").answer[0]

    assert cast("Any", rdata).strings == ('say "é"'.encode(), b"x" * 255)


def test_each_server_learns_of_a_change_in_its_own_time(route53: Route53, eventually: Eventually) -> None:
    first, second = route53.server.name_servers
    route53.break_(lag_seconds=[0, 0.5])

    route53.send(SHOP)

    assert values(ask(first)) == ["192.0.2.1"]
    assert values(ask(second)) == []
    eventually(lambda: values(ask(second)) == ["192.0.2.1"])


def test_a_refused_batch_is_never_answered(route53: Route53) -> None:
    route53.send(SHOP)
    route53.refusal(delete("A", "192.0.2.1"), create("A", "not an address"))

    assert values(ask(route53.server.name_servers[0])) == ["192.0.2.1"]


def test_failover_follows_health_and_fails_open(route53: Route53) -> None:
    config: Any = {"Type": "HTTPS", "FullyQualifiedDomainName": "east.lab.test", "Port": 443}
    checks = [
        route53.client.create_health_check(CallerReference=role, HealthCheckConfig=config)["HealthCheck"]["Id"]
        for role in ("PRIMARY", "SECONDARY")
    ]
    roles = zip(("PRIMARY", "SECONDARY"), ("192.0.2.1", "198.51.100.1"), checks, strict=True)
    route53.send(
        *(create("A", value, SetIdentifier=role, Failover=role, HealthCheckId=check) for role, value, check in roles)
    )
    admin, server = JsonCaller(route53.server.admin_url), route53.server.name_servers[0]

    assert values(ask(server)) == ["192.0.2.1"]
    admin.must("POST", "/health", {"id": checks[0], "ok": False})
    assert values(ask(server)) == ["198.51.100.1"]
    admin.must("POST", "/health", {"id": checks[1], "ok": False})
    assert values(ask(server)) == ["192.0.2.1"]


def test_a_weight_of_zero_gets_nothing_while_another_has_more(route53: Route53) -> None:
    route53.send(
        create("A", "192.0.2.1", SetIdentifier="east", Weight=0),
        create("A", "198.51.100.1", SetIdentifier="west", Weight=100),
    )

    assert {values(ask(route53.server.name_servers[0]))[0] for _ in range(20)} == {"198.51.100.1"}
