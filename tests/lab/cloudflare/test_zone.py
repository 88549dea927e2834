"""What is Cloudflare's own in the adapter; what it shares with other vendors is in the contract suite."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from drctl.adapters.cloudflare.records import Batch, Listed
from drctl.adapters.cloudflare.zone import Client, CloudflareZone
from drctl.core.errors import (
    AdapterError,
    ConflictError,
    DeniedError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnreachableError,
)
from drctl.core.observed import RecordState
from drctl.lab.cloudflare_api.access import READ_TOKEN
from drctl.lab.credentials import CLOUDFLARE_TOKEN
from drctl.lab.layout import CLOUDFLARE_NAME, CLOUDFLARE_ZONE, CLOUDFLARE_ZONE_ID
from drctl.ports.dns import Propagation, RecordSwap

if TYPE_CHECKING:
    from lab.cloudflare.conftest import Lab, Records

EAST = RecordState(CLOUDFLARE_NAME, "A", 60, ("192.0.2.1", "192.0.2.2"))
WEST = RecordState(CLOUDFLARE_NAME, "A", 60, ("198.51.100.1",))
NOTE = RecordState(f"_drctl.{CLOUDFLARE_NAME}", "TXT", 60, ("drctl epoch=1 run=r1 active=west",))


def make_east(records: Records) -> list[str]:
    return [records.post(value, comment="by hand").id for value in EAST.values]


def switch(zone: CloudflareZone, before: RecordState | None = EAST, after: RecordState = WEST) -> None:
    zone.swap((RecordSwap(before, after),), "drctl r1 switch_dns")


def test_a_switch_edits_in_place_in_one_request(lab: Lab, records: Records) -> None:
    ids = make_east(records)
    before = lab.writes()
    lab.zone().swap((RecordSwap(EAST, WEST), RecordSwap(None, NOTE)), "drctl r1")

    (left,) = records.sdk.dns.records.list(zone_id=CLOUDFLARE_ZONE_ID, type="A")
    assert (left.id, left.content, left.comment) == (ids[0], "198.51.100.1", "by hand")
    assert lab.writes() == before + 1


def test_more_values_than_before_are_added(lab: Lab, records: Records) -> None:
    records.post("198.51.100.1")
    switch(lab.zone(), WEST, EAST)

    assert records.contents(order="content") == list(EAST.values)


def test_a_value_that_stays_is_not_touched(lab: Lab, records: Records) -> None:
    ids = make_east(records)
    after = replace(EAST, values=("192.0.2.2", "192.0.2.3"))
    switch(lab.zone(), EAST, after)

    listed = {record.id: record.content for record in records.sdk.dns.records.list(zone_id=CLOUDFLARE_ZONE_ID)}
    assert listed == {ids[0]: "192.0.2.3", ids[1]: "192.0.2.2"}


def test_an_automatic_ttl_is_shown_as_what_it_is_and_stays_automatic(lab: Lab, records: Records) -> None:
    records.post("192.0.2.1", ttl=1)
    zone = lab.zone()
    found = zone.record(CLOUDFLARE_NAME, "A")
    assert found is not None
    assert found.ttl == 300
    switch(zone, found, replace(found, values=("198.51.100.1",)))

    (left,) = records.sdk.dns.records.list(zone_id=CLOUDFLARE_ZONE_ID)
    assert (left.content, left.ttl) == ("198.51.100.1", 1)


def test_a_proxied_record_is_refused_for_reading_and_for_switching(lab: Lab, records: Records) -> None:
    records.post("192.0.2.1", proxied=True)
    zone = lab.zone()

    with pytest.raises(RefusedError, match="proxied") as refused:
        zone.record(CLOUDFLARE_NAME, "A")
    assert "DNS only" in refused.value.remedy
    with pytest.raises(RefusedError, match="proxied"):
        switch(zone, replace(EAST, ttl=300, values=("192.0.2.1",)))
    assert records.contents() == ["192.0.2.1"]


def test_a_name_behind_a_load_balancer_is_refused_where_the_token_may_see_it(lab: Lab, records: Records) -> None:
    make_east(records)
    lab.admin.must("POST", "/load_balancers", {"name": CLOUDFLARE_NAME})

    with pytest.raises(RefusedError, match="load balancer"):
        lab.zone(READ_TOKEN).record(CLOUDFLARE_NAME, "A")
    assert lab.zone().record(CLOUDFLARE_NAME, "A") == EAST


def test_load_balancers_that_cannot_be_asked_for_keep_nobody_from_switching(lab: Lab, records: Records) -> None:
    make_east(records)
    lab.admin.must("POST", "/load_balancers", {"name": CLOUDFLARE_NAME})
    lab.break_(status=502, only="load_balancers")
    zone = lab.zone(READ_TOKEN)

    assert zone.record(CLOUDFLARE_NAME, "A") == EAST
    lab.break_()
    with pytest.raises(RefusedError, match="load balancer"):
        zone.record(CLOUDFLARE_NAME, "A")


def test_a_record_with_more_than_a_content_is_refused(lab: Lab, records: Records) -> None:
    records.post("mail.example.net", kind="MX", priority=10)

    with pytest.raises(RefusedError, match="MX"):
        lab.zone().record(CLOUDFLARE_NAME, "MX")


def test_records_on_several_pages_are_one_set(lab: Lab, records: Records) -> None:
    values = [f"10.0.{number // 250}.{number % 250 + 1}" for number in range(150)]
    records.batch(posts=[{"name": CLOUDFLARE_NAME, "type": "A", "content": value, "ttl": 60} for value in values])

    found = lab.zone().record(CLOUDFLARE_NAME, "A")
    assert found is not None
    assert found.values == tuple(sorted(values))


def test_somebody_who_writes_right_after_is_found(lab: Lab, records: Records) -> None:
    make_east(records)
    zone, failed = lab.zone(reread_seconds=0.5), list[AdapterError]()

    def run() -> None:
        try:
            switch(zone)
        except AdapterError as error:
            failed.append(error)

    before = lab.writes()
    runner = threading.Thread(target=run)
    runner.start()
    lab.until_written(before)
    (left,) = records.sdk.dns.records.list(zone_id=CLOUDFLARE_ZONE_ID)
    records.patch(left.id, content="203.0.113.9")
    runner.join()

    assert isinstance(failed[0], ConflictError)
    assert "203.0.113.9" in failed[0].message
    assert zone.propagation() is Propagation.UNKNOWN


def test_of_eight_twins_that_all_read_the_same_one_wins(lab: Lab, records: Records) -> None:
    make_east(records)
    zones = [lab.zone(reread_seconds=2.0) for _ in range(8)]
    wanted = [replace(WEST, values=(f"198.51.100.{number}",)) for number in range(8)]

    def run(number: int) -> bool:
        try:
            switch(zones[number], EAST, wanted[number])
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(run, range(8)))

    assert won.count(True) == 1
    assert records.contents() == list(wanted[won.index(True)].values)


def test_in_sync_means_that_the_switch_was_read_again(lab: Lab, records: Records) -> None:
    make_east(records)
    zone = lab.zone()
    assert zone.propagation() is Propagation.UNKNOWN
    switch(zone)

    assert zone.propagation() is Propagation.IN_SYNC


def test_a_switch_that_cannot_be_read_again_was_made_and_is_not_called_in_sync(lab: Lab, records: Records) -> None:
    make_east(records)
    zone = lab.zone(reread_seconds=0.5)
    before = lab.writes()
    runner = threading.Thread(target=switch, args=(zone,))
    runner.start()
    lab.until_written(before)
    lab.break_(status=502)
    runner.join()

    assert zone.propagation() is Propagation.UNKNOWN
    lab.break_()
    assert records.contents() == list(WEST.values)


def test_a_silent_write_has_an_unknown_outcome(lab: Lab, records: Records) -> None:
    make_east(records)
    lab.break_(hang=True, only="writes")

    with pytest.raises(OutcomeUnknownError) as unknown:
        switch(lab.zone())
    assert unknown.value.remedy.startswith("Look before trying again: `curl")


def test_silence_before_the_write_means_that_nothing_was_sent(lab: Lab, records: Records) -> None:
    make_east(records)
    before = lab.writes()
    lab.break_(hang=True)

    with pytest.raises(UnreachableError):
        switch(lab.zone())
    assert lab.writes() == before


@pytest.mark.parametrize("status", [500, 502, 504, 520])
def test_a_write_that_failed_on_the_way_has_an_unknown_outcome(lab: Lab, records: Records, status: int) -> None:
    make_east(records)
    lab.break_(status=status, only="writes")

    with pytest.raises(OutcomeUnknownError):
        switch(lab.zone())


def test_a_write_is_sent_once_whatever_becomes_of_it(lab: Lab, records: Records) -> None:
    make_east(records)
    for faults in ({"status": 429}, {"status": 502}, {"drop_after_apply_next": 1}):
        before = lab.writes()
        lab.break_(only="writes", **faults)
        with pytest.raises(AdapterError):
            switch(lab.zone())
        assert lab.writes() == before + 1


def test_a_read_is_tried_twice(lab: Lab, records: Records) -> None:
    make_east(records)
    lab.break_(status=502, fail_next=1)

    assert lab.zone().record_types(CLOUDFLARE_NAME) == ("A",)


def test_success_false_is_a_refusal_although_the_status_is_200(lab: Lab, records: Records) -> None:
    make_east(records)
    lab.break_(unsuccessful_next=1, only="writes")

    with pytest.raises(RefusedError, match="9207"):
        switch(lab.zone())
    assert records.contents(order="content") == list(EAST.values)


def test_throttling_names_the_wait(lab: Lab, records: Records) -> None:
    make_east(records)
    lab.break_(status=429, retry_after_seconds=77)

    with pytest.raises(ThrottledError, match="10100") as throttled:
        switch(lab.zone())
    assert "77 s" in throttled.value.remedy
    with pytest.raises(UnreachableError, match="10100"):
        lab.zone().record(CLOUDFLARE_NAME, "A")


@pytest.mark.parametrize(
    ("faults", "kind"),
    [
        ({"code": 81044, "status": 404}, ConflictError),
        ({"code": 81058, "status": 400}, ConflictError),
        ({"code": 81057, "status": 400}, ConflictError),
        ({"code": 81054, "status": 400}, RefusedError),
        ({"code": 9021, "status": 400}, RefusedError),
        ({"code": 1003, "status": 400}, NotFoundError),
        ({"code": 7003, "status": 404}, NotFoundError),
        ({"code": 10000, "status": 403}, DeniedError),
        ({"code": 6003, "status": 400}, DeniedError),
        ({"status": 401}, DeniedError),
    ],
    ids=str,
)
def test_a_refused_write_is_told_by_its_code(
    lab: Lab, records: Records, faults: dict[str, int], kind: type[AdapterError]
) -> None:
    make_east(records)
    lab.break_(only="writes", **faults)

    with pytest.raises(kind) as refused:
        switch(lab.zone())
    assert type(refused.value) is kind
    assert CLOUDFLARE_ZONE in refused.value.message
    assert refused.value.remedy


def test_a_zone_that_is_none_and_one_of_somebody_else_are_told_apart(lab: Lab) -> None:
    with pytest.raises(NotFoundError, match="7003"):
        lab.zone(zone_id="example.com").record_types(CLOUDFLARE_NAME)
    with pytest.raises(DeniedError, match="9109"):
        lab.zone(zone_id="f" * 32).record_types(CLOUDFLARE_NAME)


def test_a_token_that_may_only_read_is_told_which_right_it_lacks(lab: Lab, records: Records) -> None:
    make_east(records)

    with pytest.raises(DeniedError) as refused:
        switch(lab.zone(READ_TOKEN))
    assert "DNS:Edit" in refused.value.remedy
    assert READ_TOKEN not in refused.value.message + refused.value.remedy


@pytest.mark.parametrize("token", ["", "two words", "with\nbreak", "gr\xfc\xdfe"])
def test_what_cannot_be_a_token_is_never_sent_nor_shown(token: str) -> None:
    zone = CloudflareZone(CLOUDFLARE_ZONE, CLOUDFLARE_ZONE_ID, Client(token, "http://127.0.0.1:9"))

    with pytest.raises(DeniedError) as refused:
        zone.record_types(CLOUDFLARE_NAME)
    assert not token or token not in refused.value.message


def test_the_shell_around_decides_nothing(lab: Lab, records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """With CLOUDFLARE_EMAIL set, the SDK by itself would send that in place of the token."""
    make_east(records)
    for name in ("EMAIL", "API_KEY", "API_USER_SERVICE_KEY", "API_TOKEN", "BASE_URL"):
        monkeypatch.setenv(f"CLOUDFLARE_{name}", "http://127.0.0.1:9")
    monkeypatch.setenv("CLOUDFLARE_CUSTOM_HEADERS", "Authorization: Bearer nobody")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert lab.zone().record(CLOUDFLARE_NAME, "A") == EAST


def test_nobody_there_is_no_unknown_outcome() -> None:
    zone = CloudflareZone(
        CLOUDFLARE_ZONE, CLOUDFLARE_ZONE_ID, Client(CLOUDFLARE_TOKEN, "http://127.0.0.1:9", timedelta(seconds=1))
    )

    with pytest.raises(UnreachableError):
        switch(zone)
    zone.close()


@pytest.mark.parametrize(
    "shown",
    [
        {"posts": []},
        {"posts": None},
        {"posts": [{"name": CLOUDFLARE_NAME, "type": "A", "content": "192.0.2.9", "ttl": 60, "id": "1"}]},
        {"posts": [{"name": CLOUDFLARE_NAME, "type": "A", "content": "198.51.100.1", "ttl": 120, "id": "1"}]},
    ],
    ids=["nothing", "null", "another address", "another TTL"],
)
def test_an_answer_that_shows_something_else_deviates(shown: dict[str, Any]) -> None:
    batch = Batch()
    batch.add((), WEST, "")

    assert "posts" in batch.deviation(shown)


def test_an_answer_that_shows_what_was_asked_does_not_deviate() -> None:
    batch = Batch()
    batch.add((Listed("1", CLOUDFLARE_NAME, "A", "192.0.2.1", 60, proxied=False),), WEST, "")
    shown = {"id": "1", "name": CLOUDFLARE_NAME, "type": "A", "content": "198.51.100.1", "ttl": 60.0, "comment": "x"}

    assert batch.deviation({"patches": [shown], "posts": []}) == ""
