"""The stand-in, asked by Cloudflare's own SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cloudflare
import pytest

from drctl.lab.layout import CLOUDFLARE_NAME, CLOUDFLARE_ZONE, CLOUDFLARE_ZONE_ID

if TYPE_CHECKING:
    from lab.cloudflare.conftest import Lab, Records

ABSENT = "0" * 32


def code_of(error: cloudflare.APIStatusError) -> int:
    return int(error.errors[0].code or 0)


def test_a_record_comes_back_as_it_was_made(records: Records) -> None:
    made = records.post("192.0.2.1", comment="by hand")

    assert (made.name, made.type, made.content, made.ttl, made.proxied) == (
        CLOUDFLARE_NAME,
        "A",
        "192.0.2.1",
        60,
        False,
    )
    assert made.comment == "by hand"
    assert len(made.id) == 32
    assert records.sdk.dns.records.get(made.id, zone_id=CLOUDFLARE_ZONE_ID) == made


def test_an_edit_keeps_the_id_and_moves_the_time(records: Records) -> None:
    made = records.post("192.0.2.1", comment="by hand")
    edited = records.patch(made.id, content="192.0.2.2")

    assert (edited.id, edited.content, edited.comment) == (made.id, "192.0.2.2", "by hand")
    assert edited.created_on == made.created_on
    assert edited.modified_on > made.modified_on


def test_an_overwrite_forgets_the_comment(records: Records) -> None:
    made = records.post("192.0.2.1", comment="by hand")

    assert records.put(made.id, content="192.0.2.2").comment is None


def test_a_deleted_record_is_gone(records: Records) -> None:
    made = records.post("192.0.2.1")
    records.sdk.dns.records.delete(made.id, zone_id=CLOUDFLARE_ZONE_ID)

    with pytest.raises(cloudflare.NotFoundError) as refused:
        records.sdk.dns.records.get(made.id, zone_id=CLOUDFLARE_ZONE_ID)
    assert code_of(refused.value) == 81044


def test_a_name_may_have_several_addresses(records: Records) -> None:
    records.post("192.0.2.1")
    records.post("192.0.2.2")

    assert records.contents() == ["192.0.2.1", "192.0.2.2"]


@pytest.mark.parametrize(
    ("there", "new", "code"),
    [
        (("A", "192.0.2.1"), ("A", "192.0.2.1"), 81058),
        (("A", "192.0.2.1"), ("CNAME", "a.example.net"), 81053),
        (("CNAME", "b.example.net"), ("CNAME", "a.example.net"), 81053),
        (("CNAME", "b.example.net"), ("A", "192.0.2.1"), 81054),
        (("CNAME", "b.example.net"), ("AAAA", "2001:db8::1"), 81054),
    ],
    ids=["the same twice", "CNAME beside A", "two CNAMEs", "A beside CNAME", "AAAA beside CNAME"],
)
def test_what_cannot_stand_beside_another_record_is_refused(
    records: Records, there: tuple[str, str], new: tuple[str, str], code: int
) -> None:
    records.post(there[1], kind=there[0])

    with pytest.raises(cloudflare.BadRequestError) as refused:
        records.post(new[1], kind=new[0])
    assert code_of(refused.value) == code
    assert records.contents() == [there[1]]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"content": "192.0.2.256"}, 9005),
        ({"content": "2001:db8::1"}, 9005),
        ({"kind": "AAAA", "content": "192.0.2.1"}, 9006),
        ({"content": "192.0.2.1", "ttl": 59}, 9021),
        ({"content": "192.0.2.1", "ttl": 2}, 9021),
        ({"content": "192.0.2.1", "ttl": 86_401}, 9021),
        ({"content": "192.0.2.1", "name": "a..b"}, 9000),
        ({"content": "192.0.2.1", "comment": "x" * 101}, 9313),
        ({"content": "192.0.2.1", "tags": ["a:b"]}, 9300),
        ({"kind": "TXT", "content": '"open'}, 9100),
        ({"kind": "TXT", "content": "hello", "proxied": True}, 9004),
    ],
)
def test_what_is_wrong_by_itself_is_refused(records: Records, wrong: dict[str, Any], code: int) -> None:
    with pytest.raises(cloudflare.BadRequestError) as refused:
        records.post(**wrong)
    assert code_of(refused.value) == code
    assert records.contents() == []


@pytest.mark.parametrize("ttl", [1, 60, 86_400])
def test_a_ttl_is_automatic_or_within_its_limits(records: Records, ttl: int) -> None:
    assert records.post("192.0.2.1", ttl=ttl).ttl == ttl


def test_a_proxied_record_has_an_automatic_ttl(records: Records) -> None:
    made = records.post("192.0.2.1", proxied=True, ttl=120)

    assert (made.proxied, made.ttl) == (True, 1)


def test_a_name_without_the_zone_is_taken_as_relative(records: Records) -> None:
    assert records.post("192.0.2.1", name="api").name == f"api.{CLOUDFLARE_ZONE}"
    assert records.post("192.0.2.1", name="example.com").name == f"example.com.{CLOUDFLARE_ZONE}"
    assert records.post("192.0.2.1", name="@").name == CLOUDFLARE_ZONE


def test_a_listing_is_filtered_ordered_and_paged(records: Records) -> None:
    for number in range(1, 8):
        records.post(f"192.0.2.{number}", name=f"n{number}")
    records.post("hello", kind="TXT", name="n1")

    assert records.contents(name={"exact": f"N1.{CLOUDFLARE_ZONE}"}, type="A") == ["192.0.2.1"]
    assert records.contents(name={"startswith": "n7"}) == ["192.0.2.7"]
    assert records.contents(content={"contains": "hell"}) == ["hello"]
    assert records.contents(type="TXT", content={"exact": "192.0.2.2"}, match="any") == ["hello", "192.0.2.2"]
    assert records.contents(type="TXT", content={"exact": "192.0.2.2"}) == []
    assert records.contents(order="content", direction="desc", type="A")[0] == "192.0.2.7"
    assert len(records.contents(per_page=3)) == 8


def test_a_page_past_the_end_is_empty(records: Records) -> None:
    records.post("192.0.2.1")
    page = records.sdk.dns.records.list(zone_id=CLOUDFLARE_ZONE_ID, page=2)

    assert page.result == []


def test_a_batch_deletes_before_it_edits_and_edits_before_it_makes(records: Records) -> None:
    old, other = records.post("192.0.2.1"), records.post("192.0.2.2")
    done = records.batch(
        posts=[{"name": CLOUDFLARE_NAME, "type": "A", "content": "192.0.2.2", "ttl": 60}],
        patches=[{"id": other.id, "content": "192.0.2.1"}],
        deletes=[{"id": old.id}],
    )

    assert [record.id for record in done.deletes or ()] == [old.id]
    assert [(record.id, record.content) for record in done.patches or ()] == [(other.id, "192.0.2.1")]
    assert [record.content for record in done.posts or ()] == ["192.0.2.2"]
    assert records.contents(order="content") == ["192.0.2.1", "192.0.2.2"]


@pytest.mark.parametrize(
    "bad",
    [
        {"deletes": [{"id": ABSENT}]},
        {"patches": [{"id": ABSENT, "content": "192.0.2.9"}]},
        {"posts": [{"name": CLOUDFLARE_NAME, "type": "A", "content": "nowhere", "ttl": 60}]},
    ],
    ids=["delete of nothing", "patch of nothing", "post of nonsense"],
)
def test_a_batch_with_one_bad_change_changes_nothing(records: Records, bad: dict[str, Any]) -> None:
    made = records.post("192.0.2.1")
    good: dict[str, Any] = {"puts": [{"id": made.id, "name": CLOUDFLARE_NAME, "type": "A", "content": "192.0.2.2"}]}

    with pytest.raises(cloudflare.APIStatusError):
        records.batch(**good, **bad)
    assert records.contents() == ["192.0.2.1"]


def test_a_batch_of_more_than_200_records_is_refused(records: Records) -> None:
    posts = [{"name": f"n{number}", "type": "A", "content": "192.0.2.1", "ttl": 60} for number in range(201)]

    with pytest.raises(cloudflare.BadRequestError):
        records.batch(posts=posts)


def test_the_zone_is_found_by_its_name(records: Records) -> None:
    (zone,) = records.sdk.zones.list(name=CLOUDFLARE_ZONE)

    assert zone.id == CLOUDFLARE_ZONE_ID


def test_the_audit_counts_requests_that_write(lab: Lab, records: Records) -> None:
    made = records.post("192.0.2.1")
    records.contents()
    records.batch(patches=[{"id": made.id, "content": "192.0.2.2"}], posts=[])

    assert lab.writes() == 2
    assert [entry["actions"] for entry in lab.audit()] == [1, 0, 0, 1]
    assert {entry["status"] for entry in lab.audit()} == {200}
