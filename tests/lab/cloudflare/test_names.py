"""What the stand-in's name servers answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from drctl.lab.layout import CLOUDFLARE_NAME, CLOUDFLARE_ZONE

if TYPE_CHECKING:
    from lab.cloudflare.conftest import Lab, Records


def ask(lab: Lab, name: str = CLOUDFLARE_NAME, kind: str = "A", server: int = 0) -> tuple[list[str], int]:
    """Return the values and TTL that a name server gives."""
    endpoint = lab.server.name_servers[server]
    query = dns.message.make_query(name, kind)
    answer = dns.query.udp(query, endpoint.address, timeout=2, port=endpoint.port)
    assert answer.flags & dns.flags.AA
    values = [str(rdata) for rrset in answer.answer for rdata in rrset]
    return sorted(values), answer.answer[0].ttl if answer.answer else 0


def test_both_servers_answer_a_record_set_with_its_ttl(lab: Lab, records: Records) -> None:
    records.post("192.0.2.1")
    records.post("192.0.2.2")

    assert ask(lab) == ask(lab, server=1) == (["192.0.2.1", "192.0.2.2"], 60)


def test_an_automatic_ttl_is_five_minutes(lab: Lab, records: Records) -> None:
    records.post("192.0.2.1", ttl=1)

    assert ask(lab) == (["192.0.2.1"], 300)


def test_a_proxied_name_is_answered_with_the_edge_whatever_it_holds(lab: Lab, records: Records) -> None:
    made = records.post("192.0.2.1", proxied=True)
    before = ask(lab)
    records.patch(made.id, content="192.0.2.2")

    assert before == ask(lab)
    assert before == (["203.0.113.1", "203.0.113.2"], 300)


def test_a_load_balancer_goes_before_the_records_of_its_name(lab: Lab, records: Records) -> None:
    records.post("192.0.2.1")
    lab.admin.must("POST", "/load_balancers", {"name": CLOUDFLARE_NAME})

    assert ask(lab)[0] == ["203.0.113.1", "203.0.113.2"]


def test_a_change_reaches_the_servers_later(lab: Lab, records: Records) -> None:
    lab.break_(lag_seconds=[0.0, 60.0])
    records.post("192.0.2.1")

    assert ask(lab)[0] == ["192.0.2.1"]
    assert ask(lab, server=1)[0] == []


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("plain text", '"plain text"'),
        (r'"say \"yes\" \\ \009"', r'"say \"yes\" \\ \009"'),
        ('"one" "two"', '"one" "two"'),
        ("x" * 300, f'"{"x" * 255}" "{"x" * 45}"'),
    ],
)
def test_a_text_is_served_as_the_strings_that_it_is(lab: Lab, records: Records, content: str, shown: str) -> None:
    records.post(content, kind="TXT")

    assert ask(lab, kind="TXT")[0] == [shown]


def test_the_zone_has_its_servers_and_an_end(lab: Lab) -> None:
    assert ask(lab, CLOUDFLARE_ZONE, "NS")[0] == ["ada.ns.cloudflare.test.", "bob.ns.cloudflare.test."]
    assert ask(lab, "nothing.lab-two.test") == ([], 0)
