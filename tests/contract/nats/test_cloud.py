"""With a credentials file and no system account: the same work, and what cannot be known is unknown, never ok."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from contract.nats.cloud import Cloud, cloud
from contract.nats.servers import PATIENCE, eventually
from drctl.adapters.nats.credentials import Credentials
from drctl.adapters.nats.datastore import NatsDatastore
from drctl.adapters.nats.naming import Naming
from drctl.app.verify.datastore.checks import check_datastore
from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.core.access import Access
from drctl.core.errors import DeniedError
from drctl.core.inventory import Inventory, RegionInventory
from drctl.core.observed import StreamRole
from drctl.ports.datastore import MirrorWish, PromotionWish
from fakes.operator import EMERGENCY
from fakes.shop import NOBODY, make_shop, shop_topology
from fakes.world import FakeProbes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from drctl.core.lock import Stamp

NAMINGS = {"east": Naming(other_suffix="_WEST"), "west": Naming(suffix="_WEST")}
ORIGIN = '{"name": "ORDERS", "subjects": ["orders.>"], "storage": "file", "duplicate_window": 120000000000}'


@dataclass(frozen=True)
class Managed(FakeProbes):
    """A service whose NATS, and nothing else, is the managed one."""

    datastores: Mapping[str, NatsDatastore]

    def datastore(self, region: str) -> NatsDatastore:  # type: ignore[override]  # another reader than the fake's
        return self.datastores[region]

    def datastore_prober(self, region: str) -> NatsDatastore:  # type: ignore[override]  # another prober
        return self.datastores[region]


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Cloud]:
    with cloud(tmp_path) as running:
        yield running


@pytest.fixture
def regions(account: Cloud) -> Iterator[dict[str, NatsDatastore]]:
    """Both regions as drctl sees them: one account of one system, whose streams are told apart by their names."""
    credentials = Credentials(creds_file=str(account.creds))
    made = {
        region: NatsDatastore(region, account.url, "", credentials, PATIENCE, naming=naming)
        for region, naming in NAMINGS.items()
    }
    yield made
    for datastore in made.values():
        datastore.close()


def verified(regions: dict[str, NatsDatastore]) -> dict[str, CheckResult]:
    world = make_shop()
    reads = Managed(world, NOBODY, regions)
    now = world.clock.now()
    east, west = (RegionInventory(name, now, streams=regions[name].streams()) for name in ("east", "west"))
    access = Access(kubectl=(), nats=(), dns=(), curl="curl", public_name="shop.lab.test")
    inventory = Inventory(west, east, source_is_live=True)
    subject = Subject(shop_topology(), EMERGENCY, inventory, reads, reads, access)
    return {result.id: result for result in check_datastore(subject)}


def create_pair(regions: dict[str, NatsDatastore], stamp: Stamp) -> None:
    """Create a stream in east and its mirror in west, and wait until the mirror hears its origin."""
    regions["east"]._api.write("STREAM.CREATE.ORDERS", "create", {"name": "ORDERS", "subjects": ["orders.>"]})
    regions["west"].rebuild_mirror(MirrorWish("ORDERS", "", ORIGIN), stamp)
    eventually(lambda: regions["west"].stream("ORDERS").contact_age is not None)


def test_a_credentials_file_is_enough_to_fence_and_promote(regions: dict[str, NatsDatastore], stamp: Stamp) -> None:
    create_pair(regions, stamp)

    regions["east"].fence("ORDERS", stamp)
    regions["west"].promote(PromotionWish("ORDERS", ("orders.>",)), stamp)

    assert regions["east"].stream("ORDERS").role is StreamRole.FENCED
    assert regions["west"].stream("ORDERS").role is StreamRole.ACTIVE
    assert regions["west"].binders("orders.>") == ("ORDERS",)
    assert regions["east"].binders("orders.>") == ()


def test_who_votes_is_unknown_without_a_system_account_and_blocks(
    regions: dict[str, NatsDatastore], stamp: Stamp
) -> None:
    create_pair(regions, stamp)

    found = verified(regions)

    assert regions["west"].meta_group() is None
    assert found["nats.promotable"].outcome is Outcome.UNKNOWN
    assert found["nats.promotable"].weighs is Outcome.PROBLEM
    assert "nats.rescue" not in found
    assert found["nats.api_level"].outcome is Outcome.OK
    assert found["nats.mirror.ORDERS"].outcome is Outcome.OK
    assert found["nats.write_probe"].outcome is Outcome.OK
    assert found["nats.permissions.west"].outcome is Outcome.OK


def test_the_accounts_quota_is_shown(regions: dict[str, NatsDatastore], stamp: Stamp) -> None:
    create_pair(regions, stamp)

    found = verified(regions)

    assert found["nats.limits.streams"].message == "2 of 10 streams used"
    assert found["nats.limits.consumers"].message.endswith("of 5 consumers used")


def test_a_user_of_a_plain_account_is_no_system_account(account: Cloud) -> None:
    plain = Credentials(creds_file=str(account.creds))
    both = Credentials(creds_file=str(account.creds), system=plain)
    with (
        NatsDatastore("west", account.url, "", both, PATIENCE) as datastore,
        pytest.raises(DeniedError, match="system"),
    ):
        datastore.meta_group()
