from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.contract import FactKind
from drctl.core.errors import ConflictError, ThrottledError
from drctl.core.observed import RecordState
from drctl.core.topology import RecordMode
from drctl.core.verdict import Health
from drctl.ports.dns import Light
from drctl.steps.switch_dns import RecordItem, SwitchDns, note_name
from fakes.calls import ALWAYS, Fault
from fakes.shop import ADDRESSES, EAST, NAME, TTL, WEST, ZONE, shop_topology, watch
from steps.table import CONVERGED, STAMP, apply, case, found, nothing, settled, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.core.contract import Fact
    from fakes.dns import FakeZone
    from fakes.world import World

ITEM = RecordItem(NAME, "A", (ADDRESSES[WEST],))
STEP = SwitchDns(f"switch_dns:{ZONE}", ZONE, WEST, (ITEM,), timedelta(minutes=5), timedelta(seconds=1))
MOVE = f"{ZONE}/{NAME} A values: ('{ADDRESSES[EAST]}',) -> ('{ADDRESSES[WEST]}',)"
NOTE = f"{ZONE}/_drctl.{NAME} TXT values: None -> <epoch, run id and region>"


def zone(world: World) -> FakeZone:
    return world.zones[ZONE]


def remember_an_earlier_run(world: World) -> None:
    zone(world).put(RecordState(note_name(NAME), "TXT", TTL, ("drctl epoch=4",)))


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a name that points elsewhere is moved and noted", nothing, MOVE, NOTE),
        case(
            "an earlier run's note is replaced",
            remember_an_earlier_run,
            MOVE,
            f"{ZONE}/_drctl.{NAME} TXT values: ('drctl epoch=4',) -> <epoch, run id and region>",
        ),
        case("a name that points there already is left alone", lambda world: apply(STEP, world), CONVERGED),
        case("a name that does not exist blocks", lambda w: zone(w).records.clear(), ("blocked record-missing",)),
        case(
            "a silent vendor is unknown",
            lambda world: world.calls.fail(f"{ZONE}/dns/*", Fault.UNREACHABLE),
            ("unknown unreachable",),
        ),
    ],
)
def test_what_it_finds(world: World, arrange: Callable[[World], object], expected: tuple[str, ...]) -> None:
    arrange(world)

    assert found(STEP, world) == expected


@pytest.mark.parametrize("other", ["AAAA", "HTTPS", "SVCB"])
def test_what_would_be_left_behind_at_the_name_blocks(world: World, other: str) -> None:
    zone(world).put(RecordState(NAME, other, TTL, ("whatever",)))

    assert found(STEP, world) == ("blocked record-left-behind",)


def test_what_leads_nobody_anywhere_may_stay(world: World) -> None:
    zone(world).put(RecordState(NAME, "MX", TTL, ("10 mail.lab.test",)))

    assert found(STEP, world) == (MOVE, NOTE)


def test_every_type_at_a_name_moves_in_one_batch(world: World) -> None:
    zone(world).put(RecordState(NAME, "HTTPS", TTL, ("1 . ipv4hint=127.0.0.11",)))
    both = replace(STEP, items=(ITEM, RecordItem(NAME, "HTTPS", ("1 . ipv4hint=127.0.0.12",))))

    apply(both, world)

    assert found(both, world) == CONVERGED
    assert world.calls.writes == [f"{ZONE}/dns/swap"]


def test_the_order_of_values_is_no_difference(world: World) -> None:
    zone(world).put(RecordState(NAME, "A", TTL, ("10.0.0.1", "10.0.0.2")))

    assert found(replace(STEP, items=(RecordItem(NAME, "A", ("10.0.0.2", "10.0.0.1")),)), world) == CONVERGED


def test_a_moved_name_keeps_its_ttl_and_says_which_run_moved_it(world: World) -> None:
    apply(STEP, world)

    assert zone(world).records[NAME, "A"] == RecordState(NAME, "A", TTL, (ADDRESSES[WEST],))
    assert zone(world).records[note_name(NAME), "TXT"].values == ("drctl epoch=1 run=run-1 active=west",)
    assert world.calls.writes == [f"{ZONE}/dns/swap"]


BY_MEMBERS = replace(STEP, items=(replace(ITEM, mode=RecordMode.FAILOVER),))


def test_a_red_standby_is_not_switched_to_and_is_worth_another_try(world: World) -> None:
    zone(world).light = Light.RED

    with pytest.raises(ThrottledError, match="health check is red") as refused:
        apply(BY_MEMBERS, world)

    assert refused.value.code == "standby-red"
    assert world.calls.writes == []
    zone(world).light = Light.GREEN
    apply(BY_MEMBERS, world)
    assert world.calls.writes == [f"{ZONE}/dns/swap"]


@pytest.mark.parametrize("light", [Light.NONE, Light.UNKNOWN, Light.GREEN])
def test_only_a_check_that_is_known_to_be_red_keeps_a_name_where_it_is(world: World, light: Light) -> None:
    zone(world).light = light

    apply(BY_MEMBERS, world)

    assert world.calls.writes == [f"{ZONE}/dns/swap"]


def test_a_check_that_cannot_be_read_keeps_nobody_from_switching(world: World) -> None:
    world.calls.fail(f"{ZONE}/dns/member_health*", Fault.UNREACHABLE, times=ALWAYS)

    apply(BY_MEMBERS, world)

    assert world.calls.writes == [f"{ZONE}/dns/swap"]


def test_a_record_that_moves_by_its_values_asks_no_check(world: World) -> None:
    zone(world).light = Light.RED

    apply(STEP, world)

    assert world.calls.writes == [f"{ZONE}/dns/swap"]


def test_a_write_in_between_is_a_conflict_and_nothing_is_written(world: World) -> None:
    other = RecordState(NAME, "A", TTL, ("10.9.9.9",))
    world.calls.before(f"{ZONE}/dns/swap", lambda: zone(world).put(other))

    with pytest.raises(ConflictError):
        apply(STEP, world)

    assert zone(world).records[NAME, "A"] == other
    assert (note_name(NAME), "TXT") not in zone(world).records


def silence_one_server(world: World) -> None:
    zone(world).servers[1].error = "timed out"
    apply(STEP, world)


def silence_the_vendor(world: World) -> None:
    apply(STEP, world)
    world.calls.fail(f"{ZONE}/dns/propagation", Fault.UNREACHABLE, ALWAYS)


def silence_every_server(world: World) -> None:
    apply(STEP, world)
    for server in zone(world).servers:
        server.error = "timed out"


def hold_one_server_back(world: World) -> None:
    zone(world).servers[1].lag = ALWAYS
    apply(STEP, world)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("an old answer is waited for", nothing, Health.PROGRESSING),
        case("new answers everywhere are healthy", lambda world: apply(STEP, world), Health.HEALTHY),
        case("one server that still says the old thing is waited for", hold_one_server_back, Health.PROGRESSING),
        case("one silent server among right ones is never healthy", silence_one_server, Health.DEGRADED),
        case("a vendor that cannot be asked is never healthy", silence_the_vendor, Health.DEGRADED),
        case("silence everywhere proves nothing", silence_every_server, Health.PROGRESSING),
    ],
)
def test_what_it_sees_in_the_end(world: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(world)

    assert settled(STEP, world) is expected


def test_a_silent_server_is_named_beside_those_that_answer(world: World) -> None:
    silence_one_server(world)
    settled(STEP, world)

    verdict = verified(STEP, world)

    assert verdict.message == f"{NAME} A: 1 of 2 servers answer so; silent: ns2: timed out"


def test_a_server_that_lags_is_waited_for_and_then_healthy(world: World) -> None:
    apply(STEP, world)

    assert verified(STEP, world).health is Health.PROGRESSING
    assert settled(STEP, world) is Health.HEALTHY


def test_the_vendors_word_is_not_needed_by_a_process_that_sent_nothing(world: World) -> None:
    apply(STEP, world)
    world.start_new_process()

    assert settled(STEP, world) is Health.HEALTHY


def facts(world: World) -> dict[FactKind, Fact]:
    return {fact.kind: fact for fact in STEP.measure(world.probes(STAMP), world.clock.now())}


def test_a_client_cuts_over_at_worst_one_ttl_and_one_retry_after_the_last_server(world: World) -> None:
    apply(STEP, world)
    settled(STEP, world)

    worst = facts(world)[FactKind.DNS_CUTOVER_WORST].value

    assert worst == world.clock.now() + timedelta(seconds=TTL + 1)


def test_a_name_that_is_not_awaited_delays_nobody_and_is_counted_apart(world: World) -> None:
    other = RecordItem("other.lab.test", "A", (ADDRESSES[WEST],), awaited=False)
    zone(world).put(RecordState(other.name, "A", 60, (ADDRESSES[EAST],)))
    step = replace(STEP, items=(ITEM, other))
    apply(step, world)
    settled(step, world)

    found = {fact.kind: fact.value for fact in step.measure(world.probes(STAMP), world.clock.now())}

    assert found[FactKind.DNS_CUTOVER_WORST] == world.clock.now() + timedelta(seconds=TTL + 1)
    assert found[FactKind.DNS_CUTOVER_UNAWAITED] == world.clock.now() + timedelta(seconds=61)


def test_a_zone_of_which_nothing_is_awaited_says_nothing_of_the_last_client(world: World) -> None:
    step = replace(STEP, items=(replace(ITEM, awaited=False),))

    kinds = {fact.kind for fact in step.measure(world.probes(STAMP), world.clock.now())}

    assert kinds == {FactKind.DNS_CONVERGED, FactKind.DNS_CUTOVER_UNAWAITED}


def test_a_ttl_that_was_published_before_counts_until_it_is_over(world: World) -> None:
    zone(world).put(RecordState(NAME, "A", 3600, (ADDRESSES[EAST],)))
    watch(world, shop_topology(), 1)
    sampled = world.samples.kept[-1].at
    zone(world).put(RecordState(NAME, "A", TTL, (ADDRESSES[EAST],)))
    apply(STEP, world)
    settled(STEP, world)

    worst = facts(world)[FactKind.DNS_CUTOVER_WORST].value

    assert worst == sampled + timedelta(seconds=3600 + 1)


def test_the_moment_before_the_change_is_written_down(world: World) -> None:
    (fact,) = STEP.baseline(world.reads(STAMP))

    assert (fact.kind, fact.value) == (FactKind.DNS_SENT_AFTER, world.clock.now())
