"""`python -m drctl.lab.route53_api --root LABROOT`: the lab's Route 53, until it is told to stop."""

from __future__ import annotations

import argparse
from pathlib import Path

from drctl.lab.dns.hosting import until_signalled
from drctl.lab.layout import Layout
from drctl.lab.route53_api.server import ListenPorts, serving


def main() -> None:
    """Read the lab's layout and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the lab's folder, with lab.json in it")
    ports = Layout.load(parser.parse_args().root).ports
    chosen = ListenPorts(ports.route53, ports.admin_route53, ports.dns_a, ports.dns_b)
    until_signalled(lambda: serving(chosen))


if __name__ == "__main__":
    main()
