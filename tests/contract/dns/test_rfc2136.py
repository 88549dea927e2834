"""What only a server of one's own has: keys, prerequisites, and updates that are taken for nothing."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from contract.dns.bind import ALGORITHM, KEY_NAME, ZONE
from contract.dns.providers import PATIENCE
from drctl.adapters.rfc2136.zone import Rfc2136Zone
from drctl.config.by_hand import access_of
from drctl.config.load import load
from drctl.core.errors import DeniedError, NotFoundError, OutcomeUnknownError, RefusedError, UnreachableError
from drctl.core.observed import RecordState
from drctl.ports.dns import RecordSwap
from drctl.steps.switch_dns import RecordItem, SwitchDns

if TYPE_CHECKING:
    from pathlib import Path

    from contract.dns.bind import Bind

pytestmark = pytest.mark.bind
NAME = f"shop.{ZONE}"
EAST = RecordState(NAME, "A", 60, ("192.0.2.10", "192.0.2.11"))
WEST = RecordState(NAME, "A", 60, ("198.51.100.10",))
OTHER_SECRET = b64encode(b"another secret, of some length").decode()


def keyed(own: Bind, name: str = KEY_NAME, secret: str = "", zone: str = ZONE, server: str = "") -> Rfc2136Zone:
    return Rfc2136Zone(zone, server or own.relay.place, (name, ALGORITHM, secret or own.secret), PATIENCE)


def create(own: Bind, *records: RecordState) -> None:
    keyed(own).swap(tuple(RecordSwap(None, record) for record in records), "test")


@pytest.mark.parametrize(
    ("name", "secret"),
    [(KEY_NAME, OTHER_SECRET), ("nobody", OTHER_SECRET), (KEY_NAME, "no base64!"), (KEY_NAME, "====")],
    ids=["another secret", "an unknown name", "not base64", "empty"],
)
def test_a_key_that_the_server_does_not_know_is_denied(own: Bind, name: str, secret: str) -> None:
    with pytest.raises(DeniedError) as reading:
        keyed(own, name, secret).record(NAME, "A")
    with pytest.raises(DeniedError):
        keyed(own, name, secret).swap((RecordSwap(None, WEST),), "test")
    assert secret not in str(reading.value)
    assert "key" in reading.value.remedy


def test_a_zone_that_the_server_does_not_have_is_told(own: Bind) -> None:
    with pytest.raises((NotFoundError, DeniedError), match=r"other\.test"):
        keyed(own, zone="other.test").record("shop.other.test", "A")


def test_a_server_that_does_not_listen_is_unreachable_and_nothing_was_sent(own: Bind) -> None:
    nowhere = keyed(own, server="127.0.0.1:1")

    with pytest.raises(UnreachableError):
        nowhere.record(NAME, "A")
    with pytest.raises(UnreachableError):
        nowhere.swap((RecordSwap(None, WEST),), "test")


def test_an_update_that_the_server_takes_and_ignores_is_no_success(own: Bind) -> None:
    create(own, EAST)

    with pytest.raises(RefusedError, match="took the update for nothing"):
        keyed(own).swap((RecordSwap(None, RecordState(NAME, "CNAME", 60, (f"west.{ZONE}",))),), "test")
    assert keyed(own).record_types(NAME) == ("A",)


def test_reading_sends_no_update(own: Bind) -> None:
    create(own, EAST)
    sent = own.relay.updates

    keyed(own).record(NAME, "A")
    keyed(own).record_types(NAME)

    assert own.relay.updates == sent == 1


def test_a_write_is_sent_once_whatever_becomes_of_it(own: Bind) -> None:
    create(own, EAST)
    own.lose_next_answer()

    with pytest.raises(OutcomeUnknownError):
        keyed(own).swap((RecordSwap(EAST, WEST),), "test")
    assert own.relay.updates == 2


def test_a_service_binding_comes_back_as_it_was_written(own: Bind) -> None:
    east = RecordState(NAME, "HTTPS", 60, ("1 . alpn=h2,h3 ipv4hint=192.0.2.10",))
    create(own, EAST, east)

    assert keyed(own).record(NAME, "HTTPS") == east
    assert keyed(own).record_types(NAME) == ("A", "HTTPS")


CONFIG = """\
apiVersion: drctl/v1
service: shop
environment: prod
public_name: {name}
home: east
regions:
  - name: east
    addresses: ["192.0.2.10"]
    kubernetes: {{kubeconfig: kube, context: east}}
    nats: {{url: "nats://192.0.2.10:4222"}}
  - name: west
    addresses: ["198.51.100.10", "198.51.100.11"]
    kubernetes: {{kubeconfig: kube, context: west}}
    nats: {{url: "nats://198.51.100.10:4222"}}
dns:
  - zone: {zone}
    vendor: rfc2136
    server: "{server}"
    key_name: {key_name}
    key: {{file: key}}
    records: [{{name: {name}}}]
"""


def test_the_lines_by_hand_do_what_the_step_would(own: Bind, tmp_path: Path) -> None:
    if not (shutil.which("nsupdate") and shutil.which("dig")):
        pytest.skip("no nsupdate and dig here: apt-get install bind9-dnsutils")
    create(own, EAST)
    (tmp_path / "key").write_text(own.secret)
    path = tmp_path / "drctl.yaml"
    path.write_text(CONFIG.format(name=NAME, zone=ZONE, server=own.relay.place, key_name=KEY_NAME))
    wanted = ("198.51.100.10", "198.51.100.11")
    minute = timedelta(minutes=1)
    step = SwitchDns(f"switch_dns:{ZONE}", ZONE, "west", (RecordItem(NAME, "A", wanted),), minute, minute)

    for command in step.by_hand(access_of(load(path).settings)):
        done = subprocess.run(["sh", "-c", command.line], check=False, capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stderr
        assert own.secret not in command.line

    assert keyed(own).record(NAME, "A") == RecordState(NAME, "A", 60, wanted)
