"""The vendors' own commands for this configuration. Secrets stay references: the shell reads them."""

from __future__ import annotations

import json
from shlex import quote
from typing import TYPE_CHECKING, assert_never

from drctl.config import schema
from drctl.core.access import Access, DnsAccess, DnsVendor, SwitchAccess

if TYPE_CHECKING:
    from drctl.config.schema import SecretReference, Settings

_CLOUDFLARE = "https://api.cloudflare.com/client/v4"


def access_of(settings: Settings) -> Access:
    """Return every command's beginning, ready for a POSIX shell."""
    trust = f" --cacert {quote(str(settings.ca_file))}" if settings.ca_file else ""
    return Access(
        kubectl=tuple((region.name, _kubectl(region.kubernetes)) for region in settings.regions),
        nats=tuple((region.name, _nats(region.nats.url, region.nats)) for region in settings.regions),
        dns=tuple(DnsAccess(zone.zone, DnsVendor(zone.vendor), _dns(zone), _look(zone)) for zone in settings.dns),
        switches=tuple(_switch(switch, settings) for switch in settings.switches),
        curl=f"curl{trust}",
        public_name=settings.public_name,
        domains=tuple((region.name, region.nats.domain) for region in settings.regions),
        stream_suffixes=tuple((region.name, region.nats.stream_suffix) for region in settings.regions),
        system_nats=tuple(
            (region.name, _nats(region.nats.url, region.nats.system))
            for region in settings.regions
            if region.nats.system
        ),
    )


def _kubectl(access: schema.Kubernetes) -> str:
    return f"kubectl --kubeconfig {quote(str(access.kubeconfig))} --context {quote(access.context)}"


def _nats(url: str, access: schema.Nats | schema.SystemAccount) -> str:
    server = f"nats --server {quote(url)}"
    if access.creds is not None:
        return f"{server} --creds {quote(str(access.creds.file))}"
    if access.password is None:
        return server
    # By the environment, because every user of a machine can read the arguments of its processes.
    return f"NATS_PASSWORD={_shell(access.password)} {server} --user {quote(access.user)}"


def _dns(zone: schema.Zone) -> str:
    match zone:
        case schema.Route53Zone():
            return _aws(zone)
        case schema.CloudflareZone():
            base = (zone.endpoint or _CLOUDFLARE).rstrip("/")
            # The header comes from the shell's own printf: the arguments of curl can be read by every user.
            header = f"printf 'Authorization: Bearer %s\\n' {_shell(zone.api_token)}"
            return f"{header} | curl -sS --fail-with-body -H @- {quote(f'{base}/zones/{zone.zone_id}')}"
        case schema.Rfc2136Zone():
            host, port = _host_and_port(zone.server)
            begin = f"server {host} {port}\\nzone {zone.zone}\\nkey {zone.key_algorithm}:{zone.key_name} %s\\n"
            # On nsupdate's standard input, because every user of a machine can read the arguments of its processes.
            return f"printf {quote(begin)} {_shell(zone.key)}"
        case schema.OutsideZone():
            return zone.by_hand or f"echo 'Give {{name}} {{type}} the values {{values}} at {zone.provider}'"
        case _:
            assert_never(zone)


def _look(zone: schema.Zone) -> str:
    if isinstance(zone, schema.OutsideZone):
        return "dig +noall +answer"
    if not isinstance(zone, schema.Rfc2136Zone):
        return ""
    host, port = _host_and_port(zone.server)
    return f"dig +tcp +noall +answer @{host} -p {port}"


def _host_and_port(server: str) -> tuple[str, str]:
    host, _, port = server.rpartition(":")
    return host.strip("[]"), port


def _switch(switch: schema.Switch, settings: Settings) -> SwitchAccess:
    regions = [region.name for region in settings.regions]
    match switch:
        case schema.StopObject():
            place = f"--bucket {quote(switch.bucket)} --key {quote(switch.key)}"
            s3 = f"{_keys(switch)}aws --region {switch.aws_region}{_endpoint(switch.endpoint)} s3api"
            # An object that is there already is as good.
            put = f"{s3} put-object {place} --if-none-match '*'"
            turns = tuple((one, put if one == switch.leads_to else f"{s3} delete-object {place}") for one in regions)
            return SwitchAccess(switch.name, f"{s3} head-object {place}", turns)
        case schema.RoutingControls():
            first = switch.endpoints[0]
            arc = f"{_keys(switch)}aws --region {first.aws_region}{_endpoint(first.url)} route53-recovery-cluster"
            update = f"{arc} update-routing-control-states --update-routing-control-state-entries"
            turns = tuple((one, f"{update} {quote(_entries(switch, one))}") for one in regions)
            return SwitchAccess(switch.name, f"{arc} list-routing-controls", turns)
        case _:
            assert_never(switch)


def _entries(switch: schema.RoutingControls, region: str) -> str:
    states = {arn: "On" if name == region else "Off" for name, arn in switch.controls.items()}
    return json.dumps([{"RoutingControlArn": arn, "RoutingControlState": state} for arn, state in states.items()])


def _keys(of: schema.Route53Zone | schema.Switch) -> str:
    if of.access_key_id is None or of.secret_access_key is None:
        return ""
    return f"AWS_ACCESS_KEY_ID={_shell(of.access_key_id)} AWS_SECRET_ACCESS_KEY={_shell(of.secret_access_key)} "


def _endpoint(url: str | None) -> str:
    return f" --endpoint-url {quote(url)}" if url else ""


def _aws(zone: schema.Route53Zone) -> str:
    keys, endpoint = _keys(zone), _endpoint(zone.endpoint)
    # `--hosted-zone-id=` with `=` may stand before the operation (aws-cli 1.4x, measured), so that a step needs to
    # know the zone's name only. Route 53 is served from us-east-1.
    return f"{keys}aws --region us-east-1{endpoint} route53 --hosted-zone-id={quote(zone.zone_id)}"


def _shell(reference: SecretReference) -> str:
    """Return what makes a POSIX shell read a secret."""
    if reference.env is not None:
        return f'"${reference.env}"'
    return f'"$(cat {quote(str(reference.file))})"'
