"""The file that `drctl config init` writes."""

from __future__ import annotations

TEMPLATE = """\
# drctl.yaml: one service, its two regions, and the rules that say what moves.
# Replace every example value, then run `drctl config check`. Paths start at this file's folder.
# All keys with their meaning: `drctl config schema`. What drctl makes of this file: `drctl config show`.
apiVersion: drctl/v1
service: shop
environment: prod # consents are typed as SERVICE-ENVIRONMENT REGION: shop-prod west
public_name: shop.example.com # what users type
home: east # where the service lives when all is well; the other region is its standby

regions:
  - name: east
    addresses: ["192.0.2.10"] # what the public name's records hold while this region is active
    kubernetes: {kubeconfig: ~/.kube/config, context: shop-east}
    # The region's own address, and secrets by reference only: {file: PATH} (mode 600) or {env: NAME}.
    nats: {url: "tls://nats.east.example.com:4222", domain: east, user: drctl, password: {env: DRCTL_NATS_PASSWORD}}
    # With a credentials file: nats: {url: "tls://connect.ngs.global", creds: {file: secrets/east.creds}}
  - name: west
    addresses: ["198.51.100.10"]
    kubernetes: {kubeconfig: ~/.kube/config, context: shop-west}
    nats: {url: "tls://nats.west.example.com:4222", domain: west, user: drctl, password: {env: DRCTL_NATS_PASSWORD}}

dns:
  - zone: example.com
    vendor: route53 # without keys: AWS' own chain (environment, profile, role)
    zone_id: Z0123456789EXAMPLE
    records: [{name: shop.example.com, type: A}]
  # - zone: example.net
  #   vendor: cloudflare
  #   zone_id: 0123456789abcdef0123456789abcdef
  #   api_token: {file: secrets/cloudflare-token}
  #   records: [{name: shop.example.net, type: A}]
  # - zone: internal.example.com
  #   vendor: rfc2136
  #   server: "192.0.2.53:53"
  #   key_name: drctl
  #   key: {file: secrets/tsig}
  #   records: [{name: shop.internal.example.com, type: A}]

# switches: [{name: marker, kind: stop_object, leads_to: west, bucket: shop-stop-west, aws_region: eu-west-1}]

workloads: # the first rule that matches decides; `replicas` defaults to what the source had at most
  - {select: {namespace: shop, names: ["api"]}, tier: critical}
  - {select: {namespace: shop, labels: {role: worker}}, tier: important, after: promote}
  - {select: {namespace: shop}, tier: rest}

secrets: # ExternalSecrets whose sync is forced in the standby before anything starts there
  - select: {namespace: shop}

streams: # mirrors of the source to promote; KV buckets and object stores are streams too
  - names: ["*"]

probes: # as a user would; answers name their region in X-Region (`region_header` sets another)
  - {name: home, path: /}
  - name: order # without a write probe the api contract stays unknown
    kind: write
    method: POST
    path: /orders
    body: '{"id": "drctl-smoke"}'
    expect_status: [201]
    marker_header: X-Drctl-Smoke # carries drctl-smoke-<run>, so that no test is taken for a customer's order

# contracts: {api: {rto_minutes: 5}, nats: {rto_minutes: 15, rpo_minutes: 5}}
# timing: {stability_seconds: 15, settle_seconds: 30}
# resolvers: ["192.0.2.53:53"] # that probes ask as users would
# ca_file: tls/ca.pem # for a private certificate authority
# state_dir: state # runs and the lock; by default ~/.local/state/drctl/SERVICE/ENVIRONMENT
"""
