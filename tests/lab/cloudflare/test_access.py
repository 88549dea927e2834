"""Who may ask the stand-in, how often, and what its bad days look like to the SDK."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import cloudflare
import pytest

from drctl.lab.cloudflare_api.access import READ_TOKEN, RateLimit, TooManyRequestsError
from drctl.lab.errors import LabError
from drctl.lab.layout import CLOUDFLARE_ZONE_ID
from lab.cloudflare.conftest import Records

if TYPE_CHECKING:
    from lab.cloudflare.conftest import Lab


def codes(error: cloudflare.APIStatusError) -> list[int | None]:
    return [one.code for one in error.errors]


def test_a_token_can_be_verified(lab: Lab) -> None:
    verified = lab.sdk().user.tokens.verify()

    assert verified is not None
    assert verified.status == "active"


def test_a_header_that_is_no_token_is_a_bad_request(lab: Lab) -> None:
    with pytest.raises(cloudflare.BadRequestError) as refused:
        Records(lab.sdk("short")).contents()
    assert codes(refused.value) == [6003]


def test_a_token_of_nobody_is_refused(lab: Lab) -> None:
    with pytest.raises(cloudflare.PermissionDeniedError) as refused:
        Records(lab.sdk("x" * 40)).contents()
    assert codes(refused.value) == [9109]


def test_a_token_that_may_only_read_cannot_write(lab: Lab) -> None:
    records = Records(lab.sdk(READ_TOKEN))

    assert records.contents() == []
    with pytest.raises(cloudflare.PermissionDeniedError) as refused:
        records.post("192.0.2.1")
    assert codes(refused.value) == [10000]


def test_load_balancers_take_a_right_of_their_own(lab: Lab) -> None:
    assert list(lab.sdk(READ_TOKEN).load_balancers.list(zone_id=CLOUDFLARE_ZONE_ID)) == []
    with pytest.raises(cloudflare.PermissionDeniedError):
        lab.sdk().load_balancers.list(zone_id=CLOUDFLARE_ZONE_ID)


def test_a_zone_of_somebody_else_is_refused_and_a_word_is_no_zone(lab: Lab) -> None:
    with pytest.raises(cloudflare.PermissionDeniedError) as foreign:
        lab.sdk().dns.records.list(zone_id="f" * 32)
    with pytest.raises(cloudflare.NotFoundError) as word:
        lab.sdk().dns.records.list(zone_id="example.com")
    assert codes(foreign.value) == [9109]
    assert codes(word.value) == [7003]


def test_the_answer_tells_how_many_requests_are_left(lab: Lab) -> None:
    answered = lab.sdk().dns.records.with_raw_response.list(zone_id=CLOUDFLARE_ZONE_ID)

    assert answered.headers["Ratelimit"].startswith('"default";r=1199;')
    assert answered.headers["Ratelimit-Policy"] == '"default";q=1200;w=300'


def test_too_many_requests_shut_a_token_out_for_five_minutes() -> None:
    now = [0.0]
    limit = RateLimit(3, lambda: now[0])
    for _ in range(3):
        limit.admit("one")

    with pytest.raises(TooManyRequestsError) as refused:
        limit.admit("one")
    assert refused.value.retry_after_seconds == 300
    limit.admit("another")
    now[0] = 299.0
    with pytest.raises(TooManyRequestsError):
        limit.admit("one")
    now[0] = 301.0
    limit.admit("one")


def test_a_lost_answer_was_applied(lab: Lab, records: Records) -> None:
    lab.break_(drop_after_apply_next=1)

    with pytest.raises(cloudflare.APIConnectionError):
        records.post("192.0.2.1")
    assert records.contents() == ["192.0.2.1"]


def test_a_hanging_service_applies_nothing(lab: Lab, records: Records) -> None:
    lab.break_(hang=True, only="writes")
    failed: list[Exception] = []

    def post() -> None:
        try:
            records.post("192.0.2.1")
        except cloudflare.APIConnectionError as error:
            failed.append(error)

    writer = threading.Thread(target=post)
    writer.start()
    lab.until_written(0)
    assert Records(lab.sdk()).contents() == []
    lab.break_()
    writer.join()
    assert failed
    assert records.contents() == []


def test_throttling_says_how_long_to_wait(lab: Lab, records: Records) -> None:
    lab.break_(status=429, fail_next=1, retry_after_seconds=7)

    with pytest.raises(cloudflare.RateLimitError) as refused:
        records.contents()
    assert refused.value.response.headers["retry-after"] == "7"
    assert records.contents() == []


def test_a_server_error_is_a_page_and_not_json(lab: Lab, records: Records) -> None:
    lab.break_(status=502, fail_next=1)

    with pytest.raises(cloudflare.InternalServerError) as failed:
        records.contents()
    assert codes(failed.value) == []


def test_success_false_with_status_200_is_none_to_the_sdk(lab: Lab, records: Records) -> None:
    lab.break_(unsuccessful_next=1)

    assert records.sdk.dns.records.batch(zone_id=CLOUDFLARE_ZONE_ID) is None


def test_an_unknown_fault_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match="known: "):
        lab.break_(gremlins=True)
