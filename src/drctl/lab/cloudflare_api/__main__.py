"""`python -m drctl.lab.cloudflare_api --root LABROOT`: the lab's Cloudflare, until it is told to stop."""

from __future__ import annotations

import argparse
from pathlib import Path

from drctl.lab.cloudflare_api.server import ListenPorts, serving
from drctl.lab.dns.hosting import until_signalled
from drctl.lab.layout import Layout


def main() -> None:
    """Read the lab's layout and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the lab's folder, with lab.json in it")
    ports = Layout.load(parser.parse_args().root).ports
    chosen = ListenPorts(ports.cloudflare, ports.admin_cloudflare, ports.dns_c, ports.dns_d)
    until_signalled(lambda: serving(chosen))


if __name__ == "__main__":
    main()
