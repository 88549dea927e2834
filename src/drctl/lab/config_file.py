"""The files that point drctl at a lab: drctl.yaml, and a kubeconfig per region."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

import yaml

from drctl.lab.credentials import write_private
from drctl.lab.layout import (
    ADDRESSES,
    CLOUDFLARE_NAME,
    CLOUDFLARE_ZONE,
    CLOUDFLARE_ZONE_ID,
    NAMESPACE,
    OUTSIDE,
    PUBLIC_NAME,
    REGIONS,
    ZONE,
    ZONE_ID,
)

if TYPE_CHECKING:
    from drctl.lab.layout import Layout

_REGION = Template("""\
  - name: $region
    addresses: ["$address"]
    https_port: $https
    kubernetes: {kubeconfig: "$root/kube/$region.kubeconfig", context: $region}
    nats: {url: "$nats_urls", $joined, user: drctl, password: {file: "$root/secrets/nats-drctl"},
      system: {user: sys, password: {file: "$root/secrets/nats-sys"}}}
""")

_CONFIG = Template("""\
apiVersion: drctl/v1
service: shop
environment: lab
public_name: $public_name
state_dir: "$root/state"
resolvers: ["$outside:$resolver"]
ca_file: "$root/tls/ca.pem"
home: east
regions:
${regions}dns:
  - zone: $zone
    vendor: route53
    zone_id: $zone_id
    endpoint: "http://$outside:$route53"
    access_key_id: {file: "$root/secrets/route53-key-id"}
    secret_access_key: {file: "$root/secrets/route53-secret"}
    nameservers: ["$outside:$dns_a", "$outside:$dns_b"]
    records: [{name: $public_name, type: A}]
  - zone: $cloudflare_zone
    vendor: cloudflare
    zone_id: $cloudflare_zone_id
    endpoint: "http://$outside:$cloudflare/client/v4"
    api_token: {file: "$root/secrets/cloudflare-token"}
    nameservers: ["$outside:$dns_c", "$outside:$dns_d"]
    records: [{name: $cloudflare_name, type: A, awaited: false}]
workloads:
  - {select: {namespace: $namespace, names: [api]}, tier: critical}
  - {select: {namespace: $namespace, names: [worker]}, tier: important, after: promote}
  - {select: {namespace: $namespace}, tier: rest}
secrets:
  - select: {namespace: $namespace}
streams:
  - names: ["*"]
probes:
  - {name: home, path: /}
  - name: order
    kind: write
    method: POST
    path: /orders
    body: '{"id": "drctl-smoke"}'
    expect_status: [201]
    marker_header: X-Drctl-Smoke
timing: {stability_seconds: 1, settle_seconds: 3, revert_reread_seconds: 3,
         client_retry_seconds: 1, dns_change_seconds: 5}
""")


def write_config(layout: Layout) -> None:
    """Write drctl.yaml and the kubeconfigs that it names."""
    values = {
        # Inside double quotes of YAML, where a backslash or a quote would speak for itself.
        "root": str(layout.root).replace("\\", "\\\\").replace('"', '\\"'),
        "outside": OUTSIDE,
        "public_name": PUBLIC_NAME,
        "namespace": NAMESPACE,
        "zone": ZONE,
        "zone_id": ZONE_ID,
        "cloudflare_zone": CLOUDFLARE_ZONE,
        "cloudflare_zone_id": CLOUDFLARE_ZONE_ID,
        "cloudflare_name": CLOUDFLARE_NAME,
        **{name: str(getattr(layout.ports, name)) for name in type(layout.ports).__dataclass_fields__},
    }
    regions = "".join(_region(layout, values, name) for name in REGIONS)
    layout.config_file.write_text(_CONFIG.substitute(values, regions=regions))
    for region in REGIONS:
        _write_kubeconfig(layout, region)


def _region(layout: Layout, values: dict[str, str], region: str) -> str:
    arrangement = layout.arrangement
    joined = f"domain: {region}"
    if not arrangement.has_domains:
        joined = f'cluster: {region}, stream_suffix: "{arrangement.suffix_of(region)}"'
    urls = ",".join(layout.nats_urls(region))
    return _REGION.substitute(values, region=region, address=ADDRESSES[region], nats_urls=urls, joined=joined)


def _write_kubeconfig(layout: Layout, region: str) -> None:
    cluster = {"server": layout.kube_url(region), "certificate-authority": str(layout.ca_file)}
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": region,
        "clusters": [{"name": region, "cluster": cluster}],
        "users": [{"name": "drctl", "user": {"token": layout.secret_file(f"kube-{region}").read_text()}}],
        "contexts": [{"name": region, "context": {"cluster": region, "user": "drctl", "namespace": NAMESPACE}}],
    }
    write_private(layout.kubeconfig(region), yaml.safe_dump(body, sort_keys=False))
