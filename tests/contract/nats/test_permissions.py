"""Who may not. Real servers only."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from contract.nats.servers import BARE, DEAF, NO_UPDATES, PATIENCE
from drctl.adapters.nats.credentials import Credentials
from drctl.adapters.nats.datastore import NatsDatastore
from drctl.core.errors import DeniedError, RefusedError, UnreachableError
from drctl.core.observed import Heartbeat, StreamRole

SHORT = timedelta(seconds=1)

if TYPE_CHECKING:
    from contract.nats.servers import Servers
    from drctl.core.lock import Stamp


@pytest.fixture
def stream(shared_servers: Servers, name: str) -> str:
    """A stream of the east."""
    shared_servers.call("east", f"STREAM.CREATE.{name}", {"name": name, "subjects": [f"orders.{name}.>"]})
    return name


def test_a_missing_permission_is_named_at_once(shared_servers: Servers, stream: str, stamp: Stamp) -> None:
    """The server answers such a request with silence; what it said beside it must be heard (nats.md 8)."""
    with shared_servers.connect("east", NO_UPDATES) as datastore:
        assert datastore.stream(stream).role is StreamRole.ACTIVE
        began = time.monotonic()
        with pytest.raises(DeniedError, match=rf"\$JS\.API\.STREAM\.UPDATE\.{stream}") as caught:
            datastore.fence(stream, stamp)
        assert time.monotonic() - began < PATIENCE.total_seconds()
        assert stream in caught.value.remedy
        assert datastore.stream(stream).role is StreamRole.ACTIVE


def test_a_user_who_may_not_listen_is_told_so(shared_servers: Servers) -> None:
    with shared_servers.connect("east", DEAF) as datastore, pytest.raises(DeniedError, match=r"_inbox"):
        datastore.info()


def test_a_wrong_password_is_denied_and_not_shown(shared_servers: Servers) -> None:
    credentials = Credentials("drctl", "not-the-password")
    with NatsDatastore("east", shared_servers.url("east"), "east", credentials, PATIENCE) as datastore:
        with pytest.raises(DeniedError, match="credentials") as caught:
            datastore.streams()
        assert "not-the-password" not in str(caught.value)
    assert "not-the-password" not in repr(credentials)


def test_a_credentials_file_that_is_not_there_is_no_outage(shared_servers: Servers) -> None:
    credentials = Credentials(creds_file="/nowhere/a.creds")
    with (
        NatsDatastore("east", shared_servers.url("east"), "east", credentials, PATIENCE) as datastore,
        pytest.raises(DeniedError),
    ):
        datastore.info()


def test_an_account_without_jetstream_has_nothing_to_ask(shared_servers: Servers, stamp: Stamp) -> None:
    with shared_servers.connect("east", BARE) as datastore:
        with pytest.raises(UnreachableError, match="JetStream"):
            datastore.info()
        with pytest.raises(UnreachableError):
            datastore.streams()
        with pytest.raises((UnreachableError, RefusedError)):
            datastore.fence("ANY", stamp)


def test_a_heartbeat_that_another_domain_stored_is_none(shared_servers: Servers) -> None:
    shared_servers.call("east", "STREAM.CREATE.DRCTL_HB", {"name": "DRCTL_HB", "subjects": ["_drctl.hb.>"]})
    try:
        with shared_servers.connect("east", domain="elsewhere") as datastore:
            at = datastore.info().observed_at
            with pytest.raises(UnreachableError, match="domain east, not elsewhere"):
                datastore.beat(Heartbeat("east", at, ()))
    finally:
        shared_servers.call("east", "STREAM.DELETE.DRCTL_HB")


def test_a_probe_that_is_not_allowed_is_no_unbound_subject(shared_servers: Servers, stream: str) -> None:
    subjects = (f"orders.{stream}.a", "Elsewhere.a")
    with shared_servers.connect("east") as datastore, pytest.raises(DeniedError, match=r"Elsewhere\.a"):
        datastore.binders_of(subjects)


def test_a_listener_that_is_no_stream_is_not_mistaken_for_one(shared_servers: Servers, stream: str) -> None:
    """Such a listener keeps the server from saying that nobody takes the subject."""
    with (
        shared_servers.connect("east", timeout=SHORT) as datastore,
        shared_servers.listening("east", f"orders.{stream}-not.a"),
    ):
        found = datastore.binders_of((f"orders.{stream}-not.a", f"orders.{stream}.a"))
    assert found == {f"orders.{stream}-not.a": (), f"orders.{stream}.a": (stream,)}
