"""A right configuration: what it becomes, with every default."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from drctl.config.load import load
from drctl.config.schema import CloudflareZone, Route53Zone
from drctl.config.secrets import references
from drctl.config.template import TEMPLATE
from drctl.core.topology import DEFAULT_CONTRACTS, ContractRule, Plane, ReplicasFrom, RtoFrom, Selector, Timing
from drctl.core.verdict import Tier
from drctl.steps.dns_lines import lines

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from drctl.config.load import LoadedConfig

    Load = Callable[..., LoadedConfig]


def test_the_labs_configuration_is_short_and_loads(lab_config: Path) -> None:
    config = load(lab_config)

    assert len(lab_config.read_text().splitlines()) < 60
    assert config.topology.title == "shop-lab"
    assert (config.topology.home, config.topology.standby) == ("east", "west")
    assert config.state_dir == lab_config.parent / "state"
    assert config.public_port == config.topology.regions[0].port
    assert config.topology.timing.settle == timedelta(seconds=3)
    assert [rule.tier for rule in config.topology.workloads] == [Tier.CRITICAL, Tier.IMPORTANT, Tier.REST]
    assert [rule.after_promote for rule in config.topology.workloads] == [False, True, False]
    assert config.topology.probes[1].marker_header == "X-Drctl-Smoke"


def test_the_lab_is_reached_by_the_labs_own_addresses(lab_config: Path) -> None:
    config = load(lab_config)
    west = config.region("west")

    assert west.kubernetes.kubeconfig == lab_config.parent / "kube" / "west.kubeconfig"
    assert west.nats.url.startswith("nats://127.0.0.12:")
    assert west.nats.domain == "west"
    assert config.settings.ca_file == lab_config.parent / "tls" / "ca.pem"
    zone = config.zone("lab.test")
    assert isinstance(zone, Route53Zone)
    assert str(zone.endpoint).startswith("http://127.0.0.1:")


def test_two_loads_of_one_file_are_equal(lab_config: Path) -> None:
    assert load(lab_config) == load(lab_config)


def test_what_is_left_out_has_the_products_defaults(loaded: Load) -> None:
    config = loaded(more="workloads: [{select: {namespace: shop}}]\n")

    assert config.topology.timing == Timing()
    assert config.topology.regions[0].port == 443
    (workload,) = config.topology.workloads
    assert workload.select == Selector("shop")
    assert (workload.tier, workload.replicas) == (Tier.CRITICAL, ReplicasFrom.SOURCE_MAX)


def test_a_cloudflare_zone_is_read_with_its_token_as_a_reference(loaded: Load, tmp_path: Path) -> None:
    zone = loaded().zone("example.net")

    assert isinstance(zone, CloudflareZone)
    assert zone.api_token.file == tmp_path / "secrets" / "cloudflare"
    assert zone.nameservers == ("192.0.2.53:53",)
    assert not zone.records[0].awaited


def test_a_component_that_no_rule_names_has_no_contract(loaded: Load) -> None:
    assert loaded().topology.contracts == ()
    named = loaded(more="streams: [{names: ['*']}]\nsecrets: [{select: {namespace: shop}}]\n").topology.contracts
    assert named == tuple(rule for rule in DEFAULT_CONTRACTS if rule.component in {"nats", "secrets"})


def test_contracts_that_are_set_outrank_the_defaults(loaded: Load) -> None:
    more = "contracts: {rto_from: declared, api: {rto_minutes: 2}, nats: {rpo_minutes: 0.5}, observability: {}}\n"

    topology = loaded(more=more).topology

    assert topology.contracts == (
        ContractRule("api", timedelta(minutes=2), None),
        ContractRule("nats", timedelta(minutes=15), timedelta(seconds=30)),
        ContractRule("observability", timedelta(hours=1), None),
    )
    assert topology.timing.rto_from is RtoFrom.DECLARED


def test_labels_and_patterns_become_selectors(loaded: Load) -> None:
    select = "{namespace: shop, names: ['api-*'], labels: {tier: web, app: api}}"

    (rule,) = loaded(more=f"secrets: [{{select: {select}, tier: rest}}]\n").topology.secrets

    assert rule.select.matches("shop", "api-db", (("app", "api"), ("tier", "web"), ("x", "y")))
    assert not rule.select.matches("shop", "api-db", (("app", "api"),))


def test_paths_start_at_the_files_folder(loaded: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/op")

    config = loaded(("kube/west", "~/west.kubeconfig"), more="ca_file: /etc/ca.pem\nstate_dir: state\n")

    assert config.region("east").kubernetes.kubeconfig == tmp_path / "kube" / "east"
    assert config.region("west").kubernetes.kubeconfig == Path("/home/op/west.kubeconfig")
    assert config.settings.ca_file == Path("/etc/ca.pem")
    assert config.state_dir == tmp_path / "state"


def test_the_state_directory_is_the_option_then_the_files_then_xdg(
    loaded: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/op")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    path = loaded().path

    assert load(path).state_dir == Path("/home/op/.local/state/drctl/shop/prod")
    monkeypatch.setenv("XDG_STATE_HOME", "/var/lib/op")
    assert load(path).state_dir == Path("/var/lib/op/drctl/shop/prod")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert load(path).state_dir == Path("/home/op/.local/state/drctl/shop/prod")
    assert loaded(more="state_dir: /srv/state\n").state_dir == Path("/srv/state")
    assert load(path, tmp_path / "given").state_dir == tmp_path / "given"


def test_the_template_loads_as_it_is_and_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "drctl.yaml"
    path.write_text(TEMPLATE)
    assert load(path).topology.title == "shop-prod"

    path.write_text(TEMPLATE.replace("service: shop", "service: bank").replace("example.com", "bank.example"))
    config = load(path)

    assert config.topology.title == "bank-prod"
    assert config.topology.public_name == "shop.bank.example"
    assert [rule.component for rule in config.topology.contracts] == ["api", "nats", "secrets"]


def test_every_commented_line_of_the_template_loads_too(tmp_path: Path) -> None:
    path = tmp_path / "drctl.yaml"
    lines = [
        line.replace("# ", "", 1) if line.lstrip().startswith(("# - ", "#   ")) or _is_key(line) else line
        for line in TEMPLATE.splitlines()
    ]
    path.write_text("\n".join(lines))

    config = load(path)

    assert len(config.settings.dns) == 3
    assert config.settings.resolvers == ("192.0.2.53:53",)


def _is_key(line: str) -> bool:
    return line.startswith(("# contracts", "# timing", "# resolvers", "# ca_file", "# state_dir", "# switches"))


def test_an_anchor_may_be_shared(loaded: Load) -> None:
    config = loaded(
        ("{file: secrets/nats}", "&nats {file: secrets/nats}"),
        ("{env: WEST_PASSWORD}", "*nats"),
    )

    assert config.region("east").nats.password == config.region("west").nats.password


LADDER = """\
switches:
  - {name: marker, kind: stop_object, leads_to: west, bucket: stop, aws_region: eu-west-1}
  - name: arc
    kind: routing_controls
    controls: {east: "arn:east", west: "arn:west"}
    endpoints: [{url: "https://one.example.com", aws_region: us-west-2}]
"""


def test_a_ladder_says_of_each_way_what_must_be_alive(loaded: Load) -> None:
    record = "{name: shop.example.com, mode: failover, ladder: [arc, vendor, marker]}"
    config = loaded(("{name: shop.example.com}", record), more=LADDER)

    ladder = config.topology.records[0].ladder

    assert [(rung.name, rung.plane, rung.needs) for rung in ladder] == [
        ("arc", Plane.DATA, ""),
        ("vendor", Plane.GLOBAL_CONTROL, "us-east-1"),
        ("marker", Plane.DATA, "west"),
    ]
    assert {rung.budget for rung in ladder} == {timedelta(seconds=15)}


def test_a_switch_is_turned_by_hand_with_the_services_own_command(loaded: Load) -> None:
    access = loaded(more=LADDER).access

    assert [command.line for command in access.switch("marker").lines("west")] == [
        "aws --region eu-west-1 s3api head-object --bucket stop --key drctl-stop",
        "aws --region eu-west-1 s3api put-object --bucket stop --key drctl-stop --if-none-match '*'",
    ]
    assert access.switch("marker").lines("east")[1].line.endswith("delete-object --bucket stop --key drctl-stop")
    assert '"RoutingControlState": "On"' in access.switch("arc").lines("west")[1].line


def test_a_vendor_from_outside_has_its_options_its_secrets_and_the_operators_own_line(loaded: Load) -> None:
    outside = """vendor: outside
    provider: acme
    options: {url: "https://dns.acme.test"}
    secrets: {token: {file: secrets/acme}}
    by_hand: "acme set {name} {type} {values}"
"""
    config = loaded(
        ('vendor: cloudflare\n    zone_id: "0123"\n    api_token: {file: secrets/cloudflare}\n', outside),
    )

    assert config.topology.records[1].ladder[0].name == "vendor"
    assert [where for where, _ in references(config.settings) if "dns" in where] == ["dns[1].secrets.token"]
    _, switch = lines(config.access.dns_of("example.net"), "shop.example.net", "A", ("192.0.2.1", "192.0.2.2"))
    assert switch.line == "acme set shop.example.net A 192.0.2.1 192.0.2.2"
