"""From a wish to the consent screen: what stands in the way, what will be lost, what there is to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from drctl.app.preview import predictions
from drctl.core.errors import ExitCode
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.loss import LossState
from drctl.core.meta_group import MetaGroup, MetaServer
from fakes.calls import ALWAYS, Fault
from fakes.operator import ACCEPTS, EMERGENCY, HOME, PLANNED, Operator
from fakes.shop import EAST, WEST, ZONE, make_shop, order, watch


def codes(operator: Operator, intent: Intent = EMERGENCY) -> list[str]:
    return list(dict.fromkeys(finding.code for finding in operator.prepare(intent).findings))


def test_an_outage_has_two_things_to_accept(stricken: Operator) -> None:
    assert sorted(codes(stricken)) == sorted(ACCEPTS)


def test_a_link_that_is_cut_loses_what_a_living_source_takes_and_somebody_must_accept_that(healthy: Operator) -> None:
    healthy.world.cut_link()
    order(healthy.world, 3)

    assert codes(healthy) == ["data-loss"]
    assert healthy.prepare().missing(frozenset()) != ()


def test_a_healthy_service_can_be_moved_by_plan_without_accepting_anything(healthy: Operator) -> None:
    watch(healthy.world, healthy.topology, 2)

    assert codes(healthy, PLANNED) == []


def test_a_planned_failover_with_a_silent_source_is_answered_with_the_whole_emergency_command(
    stricken: Operator,
) -> None:
    prepared = stricken.prepare(PLANNED)

    (finding,) = [finding for finding in prepared.final if finding.code == "source-unreachable"]
    command = (
        'drctl failover --mode emergency --confirm "shop-lab west" --accept data-loss --accept source-writers-unknown'
    )
    assert command in finding.remedy
    assert finding.subject == EAST


def test_the_command_that_is_printed_is_all_that_the_emergency_needs(stricken: Operator) -> None:
    (finding,) = [finding for finding in stricken.prepare(PLANNED).final if finding.code == "source-unreachable"]
    words = finding.remedy.replace("`", "").split()
    accepted = frozenset(after for word, after in pairwise(words) if word == "--accept")

    assert stricken.prepare(EMERGENCY).missing(accepted) == ()
    assert stricken.prepare(EMERGENCY).final == ()


def test_a_failback_whose_active_region_is_silent_offers_no_emergency(stricken: Operator) -> None:
    stricken.run()
    stricken.world.bring_back(EAST)
    stricken.world.kill(WEST)

    (finding,) = [f for f in stricken.prepare(HOME).final if f.code == "source-unreachable"]

    assert "emergency" not in finding.remedy


@pytest.mark.parametrize(("system", "silent"), [("cluster", "cluster"), ("datastore", "datastore")])
def test_a_target_that_does_not_answer_cannot_be_accepted(stricken: Operator, system: str, silent: str) -> None:
    stricken.world.calls.fail(f"west/{system}/*", Fault.UNREACHABLE, times=ALWAYS)

    prepared = stricken.prepare()

    assert any(f.code == "target-unreachable" and silent in f.message for f in prepared.final)


def test_a_dns_vendor_that_is_down_is_a_finding_and_no_guess(stricken: Operator) -> None:
    stricken.world.calls.fail(f"{ZONE}/dns/*", Fault.UNREACHABLE, times=ALWAYS)

    assert "unreachable" in [finding.code for finding in stricken.prepare().final]


def test_again_after_success_there_is_nothing_to_do(stricken: Operator) -> None:
    stricken.run()

    prepared = stricken.prepare()

    assert prepared.is_there_already


def test_again_after_success_with_the_source_back_there_is_nothing_to_do(stricken: Operator) -> None:
    stricken.run()
    stricken.world.bring_back(EAST)

    assert stricken.prepare().is_there_already


def test_again_after_a_planned_success_there_is_nothing_to_do(healthy: Operator) -> None:
    watch(healthy.world, healthy.topology, 2)
    healthy.run(PLANNED, ())

    assert healthy.prepare(PLANNED).is_there_already


def test_a_planned_move_onto_a_region_that_takes_writes_itself_is_refused_before_the_serving_one_is_fenced(
    stricken: Operator,
) -> None:
    stricken.run()
    stricken.world.bring_back(EAST)
    order(stricken.world, 1, WEST)
    back = Intent(Operation.FAILOVER, Mode.PLANNED, WEST, EAST)

    prepared = stricken.prepare(back)

    found = [finding for finding in prepared.final if finding.code == "both-active"]
    assert {finding.subject for finding in found} >= {"ORDERS", "KV_SETTINGS"}
    assert "drctl failback --to east --only reprotect" in found[0].remedy


def test_a_region_that_is_no_standby_any_more_is_something_to_do_although_users_are_home(stricken: Operator) -> None:
    stricken.run()
    stricken.world.bring_back(EAST)
    stricken.world.heal_link()
    for name in ("api", "worker", "mailer"):
        stricken.world.region(WEST).cluster.named(name).set_replicas(0, "kubectl-scale")

    assert not stricken.prepare(replace(HOME, reprotect_only=True)).is_there_already


def test_something_that_was_undone_is_something_to_do(stricken: Operator) -> None:
    stricken.run()
    stricken.world.region(WEST).cluster.named("api").set_replicas(0)

    assert not stricken.prepare().is_there_already


def test_the_loss_that_is_shown_is_the_loss_that_the_run_states(stricken: Operator) -> None:
    shown = {loss.stream: loss for loss in stricken.prepare().losses}

    stated = {line.stream: line for line in stricken.run().losses}

    assert shown.keys() == stated.keys() == {"KV_SETTINGS", "ORDERS"}
    assert shown["ORDERS"].messages_min == stated["ORDERS"].messages_min == 3
    assert shown["ORDERS"].seconds_max == stated["ORDERS"].seconds_max


def test_without_any_heartbeat_the_loss_is_bounded_by_the_last_message_that_arrived(healthy: Operator) -> None:
    healthy.world.cut_link()
    order(healthy.world, 1)
    healthy.world.kill(EAST)

    (loss,) = [loss for loss in healthy.prepare().losses if loss.stream == "ORDERS"]

    assert loss.state is LossState.BOUNDED
    assert loss.messages_min == 0
    assert "inventory-missing" in codes(healthy)


def test_an_old_inventory_is_said(stricken: Operator) -> None:
    stricken.world.clock.wait(stricken.topology.timing.inventory_age_max + timedelta(minutes=1))

    assert "inventory-stale" in codes(stricken)


def test_what_is_blocked_now_is_part_of_what_is_agreed_to(stricken: Operator) -> None:
    shown = {prediction.step_id: prediction for prediction in predictions(stricken.prepare().previews)}

    assert [finding.code for finding in shown["fence_streams:east"].findings] == ["source-writers-unknown"]


def test_missing_consent_is_named_code_by_code(stricken: Operator) -> None:
    prepared = stricken.prepare()

    assert {finding.code for finding in prepared.missing(frozenset({"data-loss"}))} == {"source-writers-unknown"}
    assert prepared.missing(frozenset(ACCEPTS)) == ()


def test_a_fence_alone_shows_what_it_would_take_away(healthy: Operator) -> None:
    intent = Intent(Operation.FENCE, Mode.EMERGENCY, WEST, EAST)

    prepared = healthy.prepare(intent)

    changed = {change.object for shown in prepared.previews for change in shown.diff.changes}
    assert {"east/stream/ORDERS", "east/deployment/shop/api"} <= changed
    assert not any(place.startswith("west/") for place in changed)


def test_a_fence_that_was_pending_can_be_finished_at_any_time(stricken: Operator) -> None:
    stricken.run()
    stricken.world.bring_back(EAST)

    report = stricken.run(Intent(Operation.FENCE, Mode.EMERGENCY, WEST, EAST), (), "run-2")

    assert report.exit_code is ExitCode.DONE
    assert stricken.world.region(EAST).jetstream.publish("orders.new") == ()


def test_a_rule_that_matches_nothing_moves_nothing(stricken: Operator) -> None:
    stricken.topology = replace(stricken.topology, workloads=(), secrets=(), streams=(), records=())

    assert [finding.code for finding in stricken.prepare().final] == []


def test_looking_is_the_same_on_every_machine() -> None:
    one, other = Operator(make_shop()), Operator(make_shop())

    assert one.prepare().plan.digest == other.prepare().plan.digest


def test_a_target_whose_servers_are_too_few_to_decide_is_called_unpromotable(stricken: Operator) -> None:
    stricken.world.calls.fail("west/datastore/streams", Fault.UNREACHABLE, times=ALWAYS)
    west = stricken.world.region(WEST).datastore
    west.meta = MetaGroup((MetaServer("west", "west", "2.15.1"),), 2, "")

    (finding,) = [finding for finding in stricken.prepare().final if finding.code == "unpromotable"]

    assert "1 of the 2 servers that vote on its streams answer, and 2 must agree" in finding.message
    assert "drctl verify --to west" in finding.remedy
    west.meta = MetaGroup(tuple(MetaServer(name, name, "2.15.1") for name in ("arbiter", "west")), 3, "west")
    assert "unpromotable" not in codes(stricken)
