"""`python -m drctl.lab.kube_api --root LABROOT --region R`: one region's Kubernetes, until it is told to stop."""

from __future__ import annotations

import argparse
import ssl
from pathlib import Path

from drctl.lab.dns.hosting import until_signalled
from drctl.lab.kube_actors.node import Node
from drctl.lab.kube_api.auth import Gatekeeper
from drctl.lab.kube_api.server import Listen, serving
from drctl.lab.layout import ADDRESSES, REGIONS, Layout
from drctl.lab.processes import LAB_ID


def main() -> None:
    """Read the lab's layout and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the lab's folder, with lab.json in it")
    parser.add_argument("--region", choices=REGIONS, required=True)
    args = parser.parse_args()
    layout, region = Layout.load(args.root), args.region
    gatekeeper = Gatekeeper(
        layout.secret_file(f"kube-{region}").read_text().strip(),
        layout.secret_file(f"kube-admin-{region}").read_text().strip(),
    )
    certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.load_cert_chain(layout.cert_file(f"kube-{region}"), layout.key_file(f"kube-{region}"))
    admin_port = getattr(layout.ports, f"admin_kube_{region}")
    listen = Listen(ADDRESSES[region], certificate, layout.ports.kube, admin_port)
    node = Node(region, layout.root / "logs", {LAB_ID: layout.lab_id})
    until_signalled(lambda: serving(listen, gatekeeper, node))


if __name__ == "__main__":
    main()
