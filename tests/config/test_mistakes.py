"""A wrong configuration: every mistake at once, with its place and what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.config.load import load
from drctl.core.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Mistakes = Callable[..., str]


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(mistakes: Mistakes) -> None:
    told = mistakes(
        ("drctl/v1", "drctl/v9"),
        ("service: shop", "service: 7"),
        ("home: east", "home: north"),
        ("url:", "uri:"),
        ("zone_id: Z1\n", "zoneid: Z1\n"),
        more="timing: {settle_seconds: fast}\nprobes: [{name: home, path: /, kind: look}]\n",
    ).splitlines()

    assert told[0].endswith("9 mistakes.")
    assert [line.split(" (line")[0] for line in told[1:]] == [
        "apiVersion",
        "service",
        "home",
        "regions[0].nats.url",
        "regions[0].nats.uri",
        "dns[0].zone_id",
        "dns[0].zoneid",
        "timing.settle_seconds",
        "probes[0].kind",
    ]
    assert all(line.endswith(".") for line in told)


def test_mistakes_end_with_exit_code_2_and_a_command(tmp_path: Path) -> None:
    (tmp_path / "drctl.yaml").write_text("apiVersion: drctl/v1\n")

    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "drctl.yaml")

    assert caught.value.exit_code is ExitCode.USAGE
    assert "drctl config check --config" in caught.value.remedy


@pytest.mark.parametrize(
    ("before", "after", "nearest"),
    [
        ("public_name:", "publicName:", "public_name"),
        ("kubeconfig:", "kubconfig:", "kubeconfig"),
        ("api_token:", "apitoken:", "api_token"),
        ("records:", "record:", "records"),
        ("awaited:", "await:", "awaited"),
    ],
)
def test_an_unknown_key_names_the_nearest_one_that_may_stand_there(
    mistakes: Mistakes, before: str, after: str, nearest: str
) -> None:
    assert f"The nearest known key is `{nearest}`" in mistakes((before, after))


def test_a_key_of_another_vendor_is_not_suggested(mistakes: Mistakes) -> None:
    told = mistakes(("zone_id: Z1", "zone_id: Z1\n    api_tokn: {file: x}"))

    assert "dns[0].api_tokn" in told
    assert "`api_token`" not in told


def test_an_unknown_key_like_no_other_gets_the_list(mistakes: Mistakes) -> None:
    assert "known here: awaited, ladder, mode, name, type, values." in mistakes(("awaited: false", "zzz: 1"))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("environment: prod", "environment: no", "environment (line 3): must be text (found 'false'). Put it"),
        ("service: shop", "service: Shop", "lower-case letters, digits and hyphens"),
        ("shop.example.com\nhome", "https://shop.example.com/\nhome", "public_name (line 4): must be a full host name"),
        ("192.0.2.10", "east.example.com", "regions[0].addresses[0] (line 8): is no IP address"),
        ("vendor: route53", "vendor: bind", "dns[0].vendor (line 17): is no vendor that drctl knows"),
        ("    vendor: route53\n", "", "dns[0].vendor (line 16): is no vendor that drctl knows"),
        ('"192.0.2.53"', '"ns.example.net"', "dns[1].nameservers[0] (line 24): is no address:port"),
        ("nats://192.0.2.10:4222", "https://192.0.2.10", "is no nats or tls address"),
        ('addresses: ["192.0.2.10"]', "addresses: []", "regions[0].addresses (line 8): is empty"),
        ('addresses: ["192.0.2.10"]', "addresses:", "must be a list (nothing is there)"),
        ("kubernetes: {kubeconfig: kube/east, context: east}", "kubernetes: east", "must be keys with values"),
        ("kubeconfig: kube/east, ", "", "regions[0].kubernetes.kubeconfig (line 9): is missing. Add it: "),
        ("awaited: false", "awaited: perhaps", "must be true or false (found 'perhaps')"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_its_place_and_a_remedy(
    mistakes: Mistakes, before: str, after: str, told: str
) -> None:
    assert told in mistakes((before, after))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("name: west", "name: east", "'east' is the name of regions[0] too"),
        ("home: east", "home: east\nstandby: east", "standby (line 6): is the home region itself"),
        ("home: east", "home: east\nstandby: south", "there is no region 'south'. Name one of: east, west."),
        ("198.51.100.10:4222", "192.0.2.10:4222", "is the address of regions[0] too"),
        ("zone: example.net", "zone: example.com", "'example.com' is the zone of dns[0] too"),
        ("- name: west", "- name: west\n    https_port: 8443", "https_port differs between the regions: 443, 8443"),
        ("name: shop.example.net", "name: shop.example.org", "is not in the zone example.net"),
        ("[{name: shop.example.com}]", "[{name: shop.example.com}, {name: shop.example.com}]", "stands twice"),
        ('["198.51.100.10"]', '["2001:db8::1"]', "west has no address for a record of type A"),
        ("awaited: false", "type: AAAA", "east has no address for a record of type AAAA"),
        ("awaited: false", "mode: failover", "cloudflare has no mode failover. Choose one of values."),
        ("awaited: false", "ladder: [vendor, marker]", "there is no switch 'marker'"),
        ("awaited: false", "ladder: [vendor, vendor]", "names a way twice"),
        ("awaited: false", "type: CNAME", "east has none, and CNAME holds no addresses. Give east's values"),
        ("awaited: false", "values: {south: [192.0.2.1]}", "there is no region 'south'"),
        ("user: drctl, password: {file: secrets/nats}", "user: drctl", "user and password belong together"),
        ("{file: secrets/nats}", "{file: secrets/nats}, creds: {file: x}", "stands beside user or password"),
        ("zone_id: Z1", "zone_id: Z1\n    access_key_id: {env: ID}", "access_key_id and secret_access_key belong"),
    ],
)
def test_keys_that_disagree_are_told(mistakes: Mistakes, before: str, after: str, told: str) -> None:
    assert told in mistakes((before, after))


def test_one_region_is_too_few_and_three_are_too_many(mistakes: Mistakes, tmp_path: Path) -> None:
    third = "  - name: north\n    addresses: [192.0.2.99]\n    kubernetes: {kubeconfig: k, context: n}\n"
    third += '    nats: {url: "nats://192.0.2.99:4222"}\n'

    assert "two regions are needed, 3 stand here" in mistakes(("dns:", f"{third}dns:"))
    (tmp_path / "one.yaml").write_text("apiVersion: drctl/v1\nregions: [{name: east}]\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "one.yaml")
    assert any("two regions are needed, 1 stand here" in line for line in caught.value.problems)


def test_rules_of_probes_are_told(mistakes: Mistakes) -> None:
    told = mistakes(
        more="""probes:
  - {name: home, path: home}
  - {name: home, path: /, method: POST}
  - {name: order, path: /, kind: write}
"""
    )

    assert "probes[0].path (line 27): must be a path of the public name that begins with /" in told
    assert "'home' is the name of probes[0] too" in told
    assert "POST is no method of a probe that only reads" in told
    assert "GET writes nothing" in told


def test_a_key_that_stands_twice_is_refused_with_both_lines(mistakes: Mistakes) -> None:
    assert "service (line 2): stands twice, on lines 2 and 26. Keep one" in mistakes(more="service: other\n")


@pytest.mark.parametrize("value", [0, -1, "yes", "source", "2.5", "[1]"])
def test_replicas_are_a_number_from_one_on_or_a_word(mistakes: Mistakes, value: object) -> None:
    more = f"workloads: [{{select: {{namespace: shop}}, replicas: {value}}}]\n"

    assert "workloads[0].replicas (line 26): is no number of replicas" in mistakes(more=more)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("# only words\n", "is empty"),
        ("a: [1", "is no YAML at line 1"),
        ("a: 1\n---\nb: 2\n", "is no YAML"),
        ("a: !!python/object:os.system {}\n", "is no YAML"),
        ("a: 2024-99-99\n", "looks like a date or a number"),
        ("a: \x00", "is no text in UTF-8"),
        ("- drctl/v1\n", "cannot be used"),
        ("just words", "cannot be used"),
        ("&a [*a]", "cannot be used"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "drctl.yaml").write_text(text)

    with pytest.raises(ConfigError, match=told):
        load(tmp_path / "drctl.yaml")


def test_a_file_that_is_not_there_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no configuration at") as caught:
        load(tmp_path / "drctl.yaml")

    assert "drctl config init" in caught.value.remedy


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{file: secrets/nats}", "hunter2"),
        ("{file: secrets/nats}", "[hunter2]"),
        ("{file: secrets/nats}", "{value: hunter2}"),
        ("{file: secrets/nats}", "{env: 'hunter2!'}"),
        ("{file: secrets/nats}", "*hunter2"),
        ("{file: secrets/nats}", "!hunter2 x"),
        ("password: {file: secrets/nats}", "pasword: hunter2"),
        ("nats://192.0.2.10", "nats://drctl:hunter2@192.0.2.10"),
        ("nats://192.0.2.10", "htps://drctl:hunter2@192.0.2.10"),
        ("{file: secrets/cloudflare}", "hunter2"),
    ],
)
def test_a_literal_secret_is_refused_and_never_repeated(mistakes: Mistakes, before: str, after: str) -> None:
    assert "hunter2" not in mistakes((before, after))


def test_a_literal_secret_is_told_how_to_become_a_reference(mistakes: Mistakes) -> None:
    told = mistakes(("{file: secrets/nats}", "hunter2"))

    assert "regions[0].nats.password" in told
    assert "write {file: PATH}, or write {env: NAME}" in told
