"""The observer of name servers, over the wire: the lab's own servers, a silent one, lagging ones, strange ones."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from contract.dns.waiting import eventually
from drctl.adapters.names import observer
from drctl.adapters.names.observer import DnsObserver
from drctl.adapters.names.servers import Server, system_resolvers
from drctl.core.errors import UnreachableError
from drctl.core.observed import RecordState
from drctl.lab.dns.hosting import in_background
from drctl.lab.dns.resolver import ForwardedZone
from drctl.lab.dns.resolver import running as resolver_running
from drctl.lab.dns.transport import Endpoint, listening, refusal
from drctl.ports.dns import RecordSwap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from contract.dns.providers import Route53Provider

ZONE = "lab.test"
NAME = "shop.lab.test"
LIMIT = timedelta(seconds=1)
EAST = RecordState(NAME, "A", 60, ("192.0.2.10", "192.0.2.11"))
WEST = RecordState(NAME, "A", 30, ("198.51.100.10",))


@contextmanager
def serving(respond: Callable[[dns.message.Message], dns.message.Message]) -> Iterator[str]:
    """Run a name server that answers so."""

    async def handle(query: dns.message.Message) -> dns.message.Message:
        return respond(query)

    @asynccontextmanager
    async def service() -> AsyncIterator[Endpoint]:
        async with listening("127.0.0.1", 0, handle) as endpoint:
            yield endpoint

    with in_background(service) as endpoint:
        yield str(endpoint)


def table(**records: tuple[str, ...]) -> Callable[[dns.message.Message], dns.message.Message]:
    """Answer as a resolver from a table of `TYPE__name__with__dots`, and REFUSED for the rest."""

    def respond(query: dns.message.Message) -> dns.message.Message:
        question = query.question[0]
        key = f"{dns.rdatatype.to_text(question.rdtype)}__{question.name.to_text(omit_final_dot=True)}"
        values = records.get(key.replace(".", "__"))
        if values is None:
            return refusal(query, dns.rcode.REFUSED)
        response = dns.message.make_response(query, recursion_available=True)
        if values:
            response.answer.append(dns.rrset.from_text(question.name, 7, "IN", question.rdtype, *values))
        return response

    return respond


@pytest.fixture
def silence() -> Iterator[str]:
    """A server that takes questions and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{deaf.getsockname()[1]}"


def observe(*nameservers: str, resolvers: tuple[str, ...] = (), limit: timedelta = LIMIT) -> DnsObserver:
    return DnsObserver({ZONE: nameservers}, resolvers, limit)


def both(vendor: Route53Provider) -> tuple[str, str]:
    one, other = map(str, vendor.server.name_servers)
    return one, other


def create(vendor: Route53Provider, *records: RecordState) -> None:
    vendor.connect().swap(tuple(RecordSwap(None, record) for record in records), "test")


def test_each_authoritative_server_answers_with_values_ttl_and_authority(vendor: Route53Provider) -> None:
    create(vendor, EAST)
    names = observe(*both(vendor))

    eventually(lambda: all(answer.values for answer in names.authoritative(ZONE, NAME, "A")))
    began = datetime.now(UTC)
    answers = names.authoritative(ZONE, NAME, "A")
    assert [answer.server for answer in answers] == list(both(vendor))
    for answer in answers:
        assert began <= answer.observed_at <= datetime.now(UTC)
        assert replace(answer, server="", observed_at=began) == replace(
            answers[0], server="", observed_at=began, values=EAST.values, ttl=60, rcode="NOERROR", authoritative=True
        )
        assert answer.error == ""


def test_a_lagging_server_still_answers_the_old_value(vendor: Route53Provider) -> None:
    zone, names = vendor.connect(), observe(*both(vendor))
    zone.swap((RecordSwap(None, EAST),), "test")
    eventually(lambda: all(answer.values for answer in names.authoritative(ZONE, NAME, "A")))
    vendor.break_(lag_seconds=[0, 60])

    zone.swap((RecordSwap(EAST, WEST),), "test")

    # The lagging one has gone back a minute: it knows the zone as it was before anything was created.
    first, second = names.authoritative(ZONE, NAME, "A")
    assert (first.values, second.values) == (WEST.values, ())
    vendor.recover()
    eventually(lambda: all(answer.values == WEST.values for answer in names.authoritative(ZONE, NAME, "A")))


def test_a_name_that_does_not_exist_is_an_answer_with_its_negative_ttl(vendor: Route53Provider) -> None:
    answer = observe(*both(vendor)).authoritative(ZONE, f"nothing.{ZONE}", "A")[0]

    assert (answer.rcode, answer.values, answer.error, answer.ttl) == ("NXDOMAIN", (), "", 2)


def test_a_type_that_does_not_exist_is_an_answer_without_values(vendor: Route53Provider) -> None:
    create(vendor, EAST)
    names = observe(both(vendor)[0])

    eventually(lambda: names.authoritative(ZONE, NAME, "A")[0].values)
    answer = names.authoritative(ZONE, NAME, "AAAA")[0]
    assert (answer.rcode, answer.values, answer.error) == ("NOERROR", (), "")


def test_an_answer_too_large_for_udp_comes_by_tcp(vendor: Route53Provider) -> None:
    many = RecordState(NAME, "TXT", 60, tuple(sorted(f"{number:03} {'x' * 200}" for number in range(20))))
    create(vendor, many)
    names = observe(*both(vendor))

    eventually(lambda: all(answer.values == many.values for answer in names.authoritative(ZONE, NAME, "TXT")))


def test_a_text_is_shown_as_the_zones_reader_shows_it(vendor: Route53Provider) -> None:
    note = RecordState(NAME, "TXT", 60, (f'"quoted" \\ \xe9 {"x" * 300}',))
    create(vendor, note)
    names = observe(both(vendor)[0])

    eventually(lambda: names.authoritative(ZONE, NAME, "TXT")[0].values)
    assert names.authoritative(ZONE, NAME, "TXT")[0].values == note.values


def test_an_alias_inside_the_zone_is_followed_and_the_shorter_ttl_counts(vendor: Route53Provider) -> None:
    create(vendor, EAST, RecordState(f"www.{ZONE}", "CNAME", 300, (f"{NAME}.",)))
    names = observe(both(vendor)[0])

    eventually(lambda: names.authoritative(ZONE, f"www.{ZONE}", "A")[0].values)
    answer = names.authoritative(ZONE, f"www.{ZONE}", "A")[0]
    assert (answer.values, answer.ttl) == (EAST.values, 60)


def test_a_silent_server_is_told_with_its_error_and_costs_one_limit(vendor: Route53Provider, silence: str) -> None:
    create(vendor, EAST)
    names = observe(silence, both(vendor)[0], "127.0.0.1:1", silence)

    began = time.monotonic()
    answers = names.authoritative(ZONE, NAME, "A")
    assert time.monotonic() - began < 2 * LIMIT.total_seconds()
    assert [bool(answer.error) for answer in answers] == [True, False, True, True]
    assert answers[0].server == silence
    assert answers[0].error == "no answer in 1 s"


def test_a_server_without_authority_is_not_believed(vendor: Route53Provider) -> None:
    create(vendor, EAST)
    with resolver_running((ForwardedZone(ZONE, vendor.server.name_servers),)) as resolver:
        answer = observe(str(resolver)).authoritative(ZONE, NAME, "A")[0]

    assert "without authority" in answer.error
    assert not answer.authoritative


@pytest.mark.parametrize("rcode", [dns.rcode.REFUSED, dns.rcode.SERVFAIL])
def test_a_server_that_does_not_serve_the_zone_was_not_heard(rcode: dns.rcode.Rcode) -> None:
    with serving(lambda query: refusal(query, rcode)) as server:
        answer = observe(server).authoritative(ZONE, NAME, "A")[0]

    assert answer.error == f"answered {dns.rcode.to_text(rcode)}"


def test_a_lost_datagram_is_sent_again() -> None:
    asked: list[dns.message.Message] = []

    def respond(query: dns.message.Message) -> dns.message.Message:
        asked.append(query)
        if len(asked) == 1:
            # To another question than ours: it is waited out like silence.
            return dns.message.make_response(dns.message.make_query("other.test", "A"))
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        response.answer.append(dns.rrset.from_text(query.question[0].name, 5, "IN", "A", "192.0.2.1"))
        return response

    with serving(respond) as server:
        answer = observe(server).authoritative(ZONE, NAME, "A")[0]

    assert answer.values == ("192.0.2.1",)
    assert not asked[0].flags & dns.flags.RD


def test_a_resolver_is_asked_as_users_ask_it_and_tells_the_ttl_that_is_left(
    vendor: Route53Provider, silence: str
) -> None:
    create(vendor, EAST)
    eventually(lambda: observe(both(vendor)[0]).authoritative(ZONE, NAME, "A")[0].values)
    with resolver_running((ForwardedZone(ZONE, vendor.server.name_servers[:1]),)) as resolver:
        names = observe(resolvers=(str(resolver), silence))
        one, other = names.resolvers(NAME, "A")
        assert (one.values, one.rcode, one.error, one.authoritative) == (EAST.values, "NOERROR", "", False)
        assert other.error
        # The whole second that the silent one took has passed.
        assert names.resolvers(NAME, "A")[0].ttl < 60


def test_a_name_is_resolved_by_the_first_resolver_that_answers(silence: str) -> None:
    with ExitStack() as stack:
        broken = stack.enter_context(serving(lambda query: refusal(query, dns.rcode.SERVFAIL)))
        well = stack.enter_context(serving(table(A__shop__lab__test=("192.0.2.2", "192.0.2.1"))))
        names = observe(resolvers=(silence, broken, well))

        assert names.resolve(NAME) == ("192.0.2.1", "192.0.2.2")


def test_a_name_without_ipv4_is_resolved_to_ipv6() -> None:
    with serving(table(A__shop__lab__test=(), AAAA__shop__lab__test=("2001:db8::1",))) as resolver:
        assert observe(resolvers=(resolver,)).resolve(NAME) == ("2001:db8::1",)


def test_a_name_without_an_address_is_an_answer() -> None:
    with serving(table(A__shop__lab__test=(), AAAA__shop__lab__test=())) as resolver:
        assert observe(resolvers=(resolver,)).resolve(NAME) == ()


def test_no_answer_from_any_resolver_is_told_with_what_each_said(silence: str) -> None:
    with (
        serving(lambda query: refusal(query, dns.rcode.SERVFAIL)) as broken,
        pytest.raises(UnreachableError, match=f"{broken}: answered SERVFAIL; {silence}: no answer") as told,
    ):
        observe(resolvers=(broken, silence)).resolve(NAME)
    assert "dig" in told.value.remedy


def test_without_nameservers_in_the_config_they_are_found_by_the_zones_ns_records(
    vendor: Route53Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(vendor, EAST)
    first = vendor.server.name_servers[0]
    eventually(lambda: observe(str(first)).authoritative(ZONE, NAME, "A")[0].values)
    delegation = table(
        NS__lab__test=("a.ns.test.", "b.ns.test."), A__a__ns__test=(first.address,), AAAA__a__ns__test=()
    )
    # A delegation has no ports, and only root may listen on 53.
    monkeypatch.setattr(observer, "found_by_name", lambda host, address: Server(address, first.port, host))
    with serving(delegation) as resolver:
        found, lost = DnsObserver({}, (resolver,), LIMIT).authoritative(ZONE, NAME, "A")

    assert (found.server, found.values) == (f"a.ns.test ({first})", EAST.values)
    assert (lost.server, lost.error) == ("b.ns.test", "has no address")


def test_a_zone_whose_servers_cannot_be_found_is_one_answer_with_the_reason(silence: str) -> None:
    with serving(table(NS__lab__test=())) as resolver:
        (nobody,) = observe(resolvers=(resolver,)).authoritative(ZONE, NAME, "A")
    (unheard,) = observe(resolvers=(silence,)).authoritative(ZONE, NAME, "A")

    assert "no NS record" in nobody.error
    assert "not found in 1 s" in unheard.error


def test_a_name_that_cannot_be_one_is_an_answer_with_its_error(vendor: Route53Provider) -> None:
    answer = observe(both(vendor)[0]).authoritative(ZONE, f"{'x' * 64}.{ZONE}", "A")[0]

    assert "63" in answer.error or "label" in answer.error.lower()


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.53:5353", Server("192.0.2.53", 5353)),
        ("[2001:db8::53]:5353", Server("2001:db8::53", 5353)),
        ("192.0.2.53", Server("192.0.2.53", 53)),
        ("2001:db8::53", Server("2001:db8::53", 53)),
    ],
)
def test_a_server_is_read_from_its_text(text: str, server: Server) -> None:
    assert Server.read(text) == server
    assert Server.read(str(server)) == server


def test_the_systems_resolvers_are_those_of_its_configuration() -> None:
    assert all(one.port == 53 and one.address for one in system_resolvers())
