"""What Route 53 refuses (dns.md 12.2), asked for with AWS' own SDK. Nothing of a refused batch is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lab.dns.conftest import create, delete, record_set, upsert

if TYPE_CHECKING:
    from lab.dns.conftest import Json, Route53

SHOP = create("A", "192.0.2.1", "192.0.2.2")
ALIAS = {"HostedZoneId": "Z0LAB", "DNSName": "shop.lab.test", "EvaluateTargetHealth": False}
WEIGHTED = {"SetIdentifier": "one", "Weight": 100}


def _failover(role: str, identifier: str) -> Json:
    return {"SetIdentifier": identifier, "Failover": role}


@pytest.mark.parametrize(
    "change",
    [
        create("A", "192.0.2.9", AliasTarget=ALIAS),
        create("A", name="new.lab.test"),
        create("A", "192.0.2.9", ttl=None, name="new.lab.test"),
        create("A", ttl=None, name="new.lab.test"),
        create("A", AliasTarget=ALIAS, name="new.lab.test"),
        create("A", "192.0.2.9", name="new.lab.test", Weight=100),
        create("A", "192.0.2.9", name="new.lab.test", Failover="PRIMARY"),
        create("A", "192.0.2.9", name="new.lab.test", Region="eu-west-1"),
        create("A", "192.0.2.9", name="new.lab.test", MultiValueAnswer=True),
        create("A", "192.0.2.9", name="new.lab.test", SetIdentifier="one", Weight=300),
        create("A", "192.0.2.9", name="new.lab.test", SetIdentifier="one", Weight=-1),
        create("A", "192.0.2.9", name="new.lab.test", SetIdentifier="one"),
        create("A", "192.0.2.9", name="new.lab.test", SetIdentifier="one", Weight=1, Failover="PRIMARY"),
        create("A", "192.0.2.9", "192.0.2.8", name="new.lab.test", **WEIGHTED),
        create("A", name="new.lab.test", ttl=None, AliasTarget=ALIAS, **_failover("PRIMARY", "one")),
        create("BOGUS", "192.0.2.9", name="new.lab.test"),
        create("A", "192.0.2.9", name="new.lab.test", ttl=-1),
        {"Action": "REPLACE", "ResourceRecordSet": record_set("A", "192.0.2.9", name="new.lab.test")},
        {"Action": "CREATE"},
    ],
    ids=lambda change: " ".join(str(value) for value in change.values()),
)
def test_what_is_wrong_by_itself_is_invalid_input(route53: Route53, change: Json) -> None:
    before = route53.listed()

    code, _ = route53.refusal(create("A", "192.0.2.1", name="good.lab.test"), change)

    assert code == "InvalidInput"
    assert route53.listed() == before


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([delete("A", "192.0.2.1", name="gone.lab.test")], "but it was not found"),
        ([delete("AAAA", "2001:db8::1")], "but it was not found"),
        ([delete("A", "192.0.2.1")], "but the values provided do not match the current values"),
        ([delete("A", "192.0.2.1", "192.0.2.3")], "but the values provided do not match"),
        ([delete("A", "192.0.2.1", "192.0.2.2", ttl=61)], "but the values provided do not match"),
        ([delete("A", "192.0.2.1", "192.0.2.2")] * 2, "but it was not found"),
        ([create("A", "192.0.2.1", "192.0.2.2")], "but it already exists"),
        ([create("A", "192.0.2.9")], "but it already exists"),
        ([create("A", "192.0.2.9", name="Shop.LAB.test.")], "but it already exists"),
        ([create("A", "192.0.2.9", name="shop.example.com")], "not permitted in zone"),
        ([create("A", "192.0.2.9", name="notlab.test")], "not permitted in zone"),
        ([create("A", "192.0.2.256", name="new.lab.test")], "not a valid IPv4 address"),
        ([create("A", "2001:db8::1", name="new.lab.test")], "not a valid IPv4 address"),
        ([create("AAAA", "192.0.2.1", name="new.lab.test")], "not a valid IPv6 address"),
        ([create("TXT", "no quotes", name="new.lab.test")], "InvalidCharacterString"),
        ([create("TXT", '"' + "x" * 256 + '"', name="new.lab.test")], "CharacterStringTooLong"),
        ([create("A", "192.0.2.9", "192.0.2.9", name="new.lab.test")], "Duplicate"),
        ([create("CNAME", "other.lab.test", name="shop.lab.test")], "conflicts with other records"),
        ([create("CNAME", "other.lab.test", name="lab.test")], "apex"),
        ([delete("NS", "ns-a.route53.test.", "ns-b.route53.test.", name="lab.test")], "must contain NS"),
    ],
)
def test_what_does_not_fit_the_zone_is_an_invalid_batch(route53: Route53, changes: list[Json], told: str) -> None:
    route53.send(SHOP)
    before = route53.listed()

    code, message = route53.refusal(create("A", "192.0.2.1", name="good.lab.test"), *changes)

    assert code == "InvalidChangeBatch"
    assert message.startswith("[")
    assert message.endswith("]")
    assert told in message
    assert route53.listed() == before


@pytest.mark.parametrize(
    ("there", "more"),
    [
        (SHOP, create("A", "192.0.2.9", **WEIGHTED)),
        (create("A", "192.0.2.9", **WEIGHTED), SHOP),
        (create("A", "192.0.2.9", **WEIGHTED), create("A", "192.0.2.8", **_failover("PRIMARY", "two"))),
        (create("A", "192.0.2.9", **_failover("PRIMARY", "a")), create("A", "192.0.2.8", **_failover("PRIMARY", "b"))),
        (create("A", "192.0.2.9", **WEIGHTED), create("A", "192.0.2.8", ttl=30, SetIdentifier="two", Weight=0)),
        (create("A", "192.0.2.9", **WEIGHTED), delete("A", "192.0.2.9", SetIdentifier="one", Weight=99)),
        (create("A", ttl=None, AliasTarget=ALIAS), delete("A", ttl=None, AliasTarget=ALIAS | {"DNSName": "x.test"})),
        (create("CNAME", "other.lab.test"), create("TXT", '"beside"')),
    ],
    ids=[
        "weighted beside simple",
        "simple beside weighted",
        "failover beside weighted",
        "two primaries",
        "two TTLs",
        "delete with another weight",
        "delete with another alias target",
        "text beside CNAME",
    ],
)
def test_what_does_not_fit_its_neighbours_is_an_invalid_batch(route53: Route53, there: Json, more: Json) -> None:
    route53.send(there)
    before = route53.listed()

    assert route53.refusal(more)[0] == "InvalidChangeBatch"
    assert route53.listed() == before


def test_a_stale_delete_with_its_create_is_told_in_the_services_words(route53: Route53) -> None:
    route53.send(SHOP)

    code, message = route53.refusal(delete("A", "192.0.2.1"), create("A", "192.0.2.9"))

    assert code == "InvalidChangeBatch"
    assert message == (
        "[Tried to delete resource record set [name='shop.lab.test.', type='A'] but the values provided do not match "
        "the current values, Tried to create resource record set [name='shop.lab.test.', type='A'] but it already "
        "exists]"
    )


def test_a_delete_as_it_was_read_and_a_create_replace_in_one_batch(route53: Route53) -> None:
    route53.send(SHOP)

    route53.send(delete("A", "192.0.2.2", "192.0.2.1"), create("A", "192.0.2.9", ttl=30))

    (shop,) = route53.listed("shop.lab.test")
    assert shop == {"Name": "shop.lab.test.", "Type": "A", "TTL": 30, "ResourceRecords": [{"Value": "192.0.2.9"}]}


def test_a_create_may_stand_before_the_delete_that_makes_room(route53: Route53) -> None:
    route53.send(SHOP)

    route53.send(create("A", "192.0.2.9"), delete("A", "192.0.2.1", "192.0.2.2"))

    assert route53.listed("shop.lab.test")[0]["ResourceRecords"] == [{"Value": "192.0.2.9"}]


def test_an_upsert_asks_for_nothing(route53: Route53) -> None:
    route53.send(upsert("A", "192.0.2.1"))
    route53.send(upsert("A", "192.0.2.2"))

    assert route53.listed("shop.lab.test")[0]["ResourceRecords"] == [{"Value": "192.0.2.2"}]


def test_weights_are_swapped_in_one_batch(route53: Route53) -> None:
    def pair(east: int, west: int) -> list[dict[str, Any]]:
        return [{"SetIdentifier": "east", "Weight": east}, {"SetIdentifier": "west", "Weight": west}]

    values = ("192.0.2.1", "198.51.100.1")
    before, after = pair(100, 0), pair(0, 100)
    route53.send(*(create("A", value, **one) for value, one in zip(values, before, strict=True)))

    route53.send(
        *(delete("A", value, **one) for value, one in zip(values, before, strict=True)),
        *(create("A", value, **one) for value, one in zip(values, after, strict=True)),
    )

    assert [one["Weight"] for one in route53.listed("shop.lab.test")] == [0, 100]


def test_a_protected_name_and_type_refuses_any_batch_that_touches_it(route53: Route53) -> None:
    route53.send(SHOP)
    place: Any = {"RecordName": "shop.lab.test", "RecordType": "A"}
    newest: Any = route53.client  # The call is younger than the SDK's types.
    newest.create_resource_record_set_protections(HostedZoneId="Z0LAB", Protections=[place])

    code, message = route53.refusal(upsert("A", "192.0.2.9"))

    assert (code, "protected" in message) == ("InvalidChangeBatch", True)
    route53.send(create("TXT", '"another type"'))


@pytest.mark.parametrize(
    ("action", "count"), [(create, 1001), (upsert, 501)], ids=["1001 records", "501 records that count twice"]
)
def test_too_many_records_are_refused(route53: Route53, action: Any, count: int) -> None:  # noqa: ANN401
    values = [f"10.0.{number // 250}.{number % 250}" for number in range(count)]

    assert route53.refusal(action("A", *values))[0] == "InvalidChangeBatch"
    route53.send(action("A", *values[:-1]))


@pytest.mark.parametrize(
    ("action", "count"), [(create, 126), (upsert, 63)], ids=["32,000 characters", "half of them, which count twice"]
)
def test_too_many_characters_are_refused(route53: Route53, action: Any, count: int) -> None:  # noqa: ANN401
    values = [f'"{number:03}{"x" * 251}"' for number in range(count)]

    assert route53.refusal(action("TXT", *values))[0] == "InvalidChangeBatch"
    route53.send(action("TXT", *values[:-1]))


def test_a_comment_of_more_than_256_characters_is_refused(route53: Route53) -> None:
    assert route53.refusal(SHOP, Comment="c" * 257)[0] == "InvalidInput"
    route53.send(SHOP, Comment="c" * 256)


def test_an_empty_batch_is_refused(route53: Route53) -> None:
    assert route53.refusal()[0] == "InvalidInput"


def test_a_zone_or_health_check_that_does_not_exist_is_not_found(route53: Route53) -> None:
    with pytest.raises(ClientError) as unknown_zone:
        route53.send(SHOP, zone_id="ZNOWHERE")
    with pytest.raises(ClientError) as unknown_check:
        route53.send(create("A", "192.0.2.9", HealthCheckId="nobody", **WEIGHTED))

    assert _told(unknown_zone.value) == ("NoSuchHostedZone", 404)
    assert _told(unknown_check.value) == ("NoSuchHealthCheck", 404)


@pytest.mark.parametrize(
    "value",
    ['"plain"', '"say \\"yes\\""', '"back\\\\slash"', '"\\303\\251"', f'"{"x" * 255}" "{"y" * 45}"', '""'],
)
def test_a_text_is_kept_as_it_was_written(route53: Route53, value: str) -> None:
    route53.send(create("TXT", value))

    assert route53.listed("shop.lab.test")[0]["ResourceRecords"] == [{"Value": value}]
    route53.send(delete("TXT", value))


def _told(error: ClientError) -> tuple[str, int]:
    return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
