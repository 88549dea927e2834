"""Passwords, tokens and keys of one lab, and the secret store that ExternalSecrets read."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from drctl.lab.layout import REGIONS

if TYPE_CHECKING:
    from pathlib import Path

    from drctl.lab.layout import Layout

STORE_KEY = "shop-nats"
STORE_PROPERTY = "password"
ROUTE53_KEY_ID = "AKIDLAB"
CLOUDFLARE_TOKEN = "lab0edit0lab0edit0lab0edit0lab0edit0lab0"  # noqa: S105 - opens nothing but a stand-in on loopback


def issue_secrets(layout: Layout) -> None:
    """Write a new random token for every user of the Kubernetes APIs, and what opens both DNS vendors.

    The passwords of NATS are made with its configuration (`nats_servers.config`).
    """
    kube = [f"kube-{region}" for region in REGIONS] + [f"kube-admin-{region}" for region in REGIONS]
    for name in (*kube, "route53-secret"):
        write_private(layout.secret_file(name), secrets.token_hex(16))
    write_private(layout.secret_file("route53-key-id"), ROUTE53_KEY_ID)
    write_private(layout.secret_file("cloudflare-token"), CLOUDFLARE_TOKEN)


def store_password(layout: Layout) -> str:
    """Put the password that the servers now know for `shop` into the secret store, and return it."""
    password = layout.secret_file("nats-shop").read_text().strip()
    write_private(layout.store_file(STORE_KEY), json.dumps({STORE_PROPERTY: password}))
    return password


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)
