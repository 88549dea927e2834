"""ExternalSecrets are synced by the operator's own rules."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from drctl.lab.kube_actors import go_text
from lab.kube.conftest import ES, EXTERNAL_SECRETS, SECRETS, Client, Eventually

if TYPE_CHECKING:
    from pathlib import Path

    from lab.kube.conftest import Json

pytestmark = pytest.mark.usefixtures("lively")

CREDS = f"{EXTERNAL_SECRETS}/creds"
STORES = "/apis/external-secrets.io/v1/namespaces/shop/secretstores"
STORE = {"apiVersion": ES["apiVersion"], "kind": "SecretStore"}
EVENTS = "/api/v1/namespaces/shop/events"


@pytest.fixture
def store(admin: Client, tmp_path: Path) -> Path:
    """The key `db` of a store, with the password `first`; the SecretStore is `lab`."""
    folder = tmp_path / "store"
    folder.mkdir()
    file = folder / "db.json"
    put(file, "first")
    provider = {"lab": {"path": str(folder)}}
    admin.post(STORES, STORE | {"metadata": {"name": "lab"}, "spec": {"provider": provider}})
    return file


def put(store: Path, password: str) -> None:
    store.write_text(json.dumps({"password": password}))


def external_secret(**spec: object) -> Json:
    data = [{"secretKey": "password", "remoteRef": {"key": "db", "property": "password"}}]
    return ES | {"metadata": {"name": "creds"}, "spec": {"secretStoreRef": {"name": "lab"}, "data": data} | spec}


def force(client: Client, token: str) -> Json:
    answer = client.merge(CREDS, {"metadata": {"annotations": {"force-sync": token}}}, fieldManager="drctl")
    assert answer.status == 200, answer.text
    return answer.body


def password(admin: Client) -> str:
    answer = admin.call("GET", f"{SECRETS}/creds")
    return base64.b64decode(answer.body["data"]["password"]).decode() if answer.status == 200 else ""


def status(client: Client) -> Json:
    found: Json = client.get(CREDS).get("status") or {}
    return found


def ready(client: Client) -> str:
    return "".join(f"{one['status']} {one['reason']}" for one in status(client).get("conditions", ()))


def is_synced(client: Client) -> bool:
    found = client.get(CREDS)
    synced = (found.get("status") or {}).get("syncedResourceVersion")
    return bool(synced == go_text.resource_version(found))


def test_a_new_one_makes_its_secret(admin: Client, drctl: Client, store: Path, eventually: Eventually) -> None:
    assert store.exists()
    admin.post(EXTERNAL_SECRETS, external_secret())

    eventually(lambda: ready(drctl) == "True SecretSynced")

    assert password(admin) == "first"
    secret = admin.get(f"{SECRETS}/creds")
    assert secret["metadata"]["ownerReferences"][0]["name"] == "creds"
    assert secret["metadata"]["annotations"]["reconcile.external-secrets.io/data-hash"] == go_text.data_hash(
        {"password": b"first"}
    )
    assert status(drctl)["refreshTime"]


@pytest.mark.usefixtures("store")
def test_the_controller_writes_the_interval_as_go_does(admin: Client, drctl: Client, eventually: Eventually) -> None:
    admin.post(EXTERNAL_SECRETS, external_secret(refreshInterval="1h"))

    eventually(lambda: is_synced(drctl))

    found = drctl.get(CREDS)
    assert found["spec"]["refreshInterval"] == "1h0m0s"
    assert found["metadata"]["generation"] == 2


def test_a_forced_sync_changes_the_synced_version_and_brings_the_new_value(
    admin: Client, drctl: Client, store: Path, eventually: Eventually
) -> None:
    admin.post(EXTERNAL_SECRETS, external_secret())
    eventually(lambda: is_synced(drctl))
    put(store, "second")
    before = status(drctl)["syncedResourceVersion"]

    answered = force(drctl, "run1-1-1")

    assert answered["status"]["syncedResourceVersion"] == before
    eventually(lambda: status(drctl)["syncedResourceVersion"] != before)
    assert password(admin) == "second"
    assert is_synced(drctl)


def test_without_a_force_an_hour_must_pass(admin: Client, drctl: Client, store: Path, eventually: Eventually) -> None:
    admin.post(EXTERNAL_SECRETS, external_secret())
    eventually(lambda: is_synced(drctl))
    put(store, "second")

    # Another write makes every actor look.
    admin.post("/api/v1/namespaces/shop/configmaps", {"metadata": {"name": "noise"}})
    admin.post(EXTERNAL_SECRETS, external_secret() | {"metadata": {"name": "other"}})
    eventually(lambda: admin.call("GET", f"{SECRETS}/other").status == 200)

    assert password(admin) == "first"


@pytest.mark.usefixtures("store")
def test_an_unchanged_store_keeps_the_secret_as_it_is(admin: Client, drctl: Client, eventually: Eventually) -> None:
    admin.post(EXTERNAL_SECRETS, external_secret())
    eventually(lambda: is_synced(drctl))
    before = admin.get(f"{SECRETS}/creds")["metadata"]["resourceVersion"]

    force(drctl, "run1-1-1")
    eventually(lambda: is_synced(drctl))

    assert admin.get(f"{SECRETS}/creds")["metadata"]["resourceVersion"] == before


@pytest.mark.usefixtures("store")
def test_the_same_token_again_changes_nothing(admin: Client, drctl: Client, eventually: Eventually) -> None:
    admin.post(EXTERNAL_SECRETS, external_secret())
    eventually(lambda: is_synced(drctl))
    force(drctl, "run1-1-1")
    eventually(lambda: is_synced(drctl))
    before = drctl.get(CREDS)

    force(drctl, "run1-1-1")

    assert drctl.get(CREDS) == before


def test_a_short_interval_passes(admin: Client, drctl: Client, store: Path, eventually: Eventually) -> None:
    admin.post(EXTERNAL_SECRETS, external_secret(refreshInterval="1s"))
    eventually(lambda: is_synced(drctl))

    put(store, "second")

    eventually(lambda: password(admin) == "second")


@pytest.mark.parametrize(
    "case",
    [
        ({"refreshInterval": "0s"}, "first"),
        ({"refreshPolicy": "CreatedOnce"}, "first"),
        ({"refreshPolicy": "OnChange", "refreshInterval": "0s"}, "second"),
    ],
)
def test_which_policies_can_be_forced(
    admin: Client, drctl: Client, store: Path, eventually: Eventually, case: tuple[Json, str]
) -> None:
    spec, expected = case
    admin.post(EXTERNAL_SECRETS, external_secret(**spec))
    eventually(lambda: password(admin) == "first" and ready(drctl) == "True SecretSynced")
    before = status(drctl)
    put(store, "second")

    force(drctl, "run1-1-1")
    # A forceable one beside it shows when the operator has looked.
    admin.post(EXTERNAL_SECRETS, external_secret() | {"metadata": {"name": "other"}})
    eventually(lambda: admin.call("GET", f"{SECRETS}/other").status == 200)

    eventually(lambda: password(admin) == expected)
    assert (status(drctl) == before) is (expected == "first")
    assert ready(drctl) == "True SecretSynced"


def test_a_store_that_is_down_fails_the_sync_and_keeps_everything_else(
    admin: Client, drctl: Client, store: Path, eventually: Eventually
) -> None:
    admin.post(EXTERNAL_SECRETS, external_secret())
    eventually(lambda: is_synced(drctl))
    before = status(drctl)
    store.parent.rename(store.parent.with_name("gone"))

    force(drctl, "run1-1-1")
    eventually(lambda: ready(drctl) == "False SecretSyncedError")

    after = status(drctl)
    for field in ("refreshTime", "syncedResourceVersion"):
        assert after[field] == before[field]
    assert password(admin) == "first"
    store.parent.with_name("gone").rename(store.parent)
    force(drctl, "run1-1-2")
    eventually(lambda: ready(drctl) == "True SecretSynced" and is_synced(drctl))


def test_a_repeated_failure_shows_in_the_event_only(
    admin: Client, drctl: Client, store: Path, eventually: Eventually
) -> None:
    store.unlink()
    admin.post(EXTERNAL_SECRETS, external_secret())

    def failure() -> Json:
        found: list[Json] = drctl.get(EVENTS, fieldSelector="type=Warning")["items"]
        return next((one for one in found if one["reason"] == "UpdateFailed"), {})

    eventually(lambda: ready(drctl) == "False SecretSyncedError")
    before = drctl.get(CREDS)
    eventually(lambda: failure().get("count", 0) >= 2)

    assert drctl.get(CREDS) == before
    assert before["status"]["refreshTime"] is None
    assert "syncedResourceVersion" not in before["status"]
    assert failure()["involvedObject"]["uid"] == before["metadata"]["uid"]


def test_without_its_store_nothing_is_synced(admin: Client, drctl: Client, eventually: Eventually) -> None:
    admin.post(EXTERNAL_SECRETS, external_secret())

    eventually(lambda: ready(drctl) == "False SecretSyncedError")

    assert admin.call("GET", f"{SECRETS}/creds").status == 404


@pytest.mark.usefixtures("store")
def test_a_deleted_secret_is_made_again(admin: Client, drctl: Client, eventually: Eventually) -> None:
    admin.post(EXTERNAL_SECRETS, external_secret(refreshPolicy="CreatedOnce"))
    eventually(lambda: password(admin) == "first")
    assert ready(drctl)

    admin.call("DELETE", f"{SECRETS}/creds")

    eventually(lambda: password(admin) == "first")


def test_a_store_says_whether_it_can_be_used(admin: Client, store: Path, eventually: Eventually) -> None:
    assert store.exists()
    provider = {"lab": {"path": str(store.parent / "nowhere")}}
    admin.post(STORES, STORE | {"metadata": {"name": "bad"}, "spec": {"provider": provider}})

    def reason(name: str) -> str:
        conditions = (admin.get(f"{STORES}/{name}").get("status") or {}).get("conditions", ())
        return "".join(one["reason"] for one in conditions)

    eventually(lambda: (reason("lab"), reason("bad")) == ("Valid", "InvalidProviderConfig"))
