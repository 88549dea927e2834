"""`python -m drctl.lab.clients --root LABROOT --client NAME --interval SECONDS`: one client, until a signal ends it."""

from __future__ import annotations

import argparse
import asyncio
import signal
import ssl
from pathlib import Path

from drctl.lab.clients.pace import keep_ordering
from drctl.lab.layout import CLIENTS, KEEP_ALIVE, PUBLISHER, Layout


async def run(layout: Layout, client: str, interval_seconds: float) -> None:
    """Order until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with layout.client_record(client).open("a", buffering=1) as record:
        if client == PUBLISHER:
            # Imported here, as below: each client loads what it orders with.
            from drctl.lab.clients.publisher import Publisher  # noqa: PLC0415

            async with Publisher(layout) as publisher:
                await keep_ordering(publisher, record.write, interval_seconds, stopped, open_max=1)
            return
        from drctl.lab.clients.customer import Customer, Newcomers  # noqa: PLC0415

        trust = ssl.create_default_context(cafile=str(layout.ca_file))
        if client == KEEP_ALIVE:
            async with Customer(layout, trust) as customer:
                await keep_ordering(customer, record.write, interval_seconds, stopped, open_max=1)
            return
        await keep_ordering(Newcomers(layout, trust), record.write, interval_seconds, stopped)


def main() -> None:
    """Read the lab's layout and order."""
    parser = argparse.ArgumentParser(prog="drctl.lab.clients")
    parser.add_argument("--root", type=Path, required=True, help="the lab's folder")
    parser.add_argument("--client", choices=CLIENTS, required=True)
    parser.add_argument("--interval", type=float, required=True, help="seconds from one order to the next")
    args = parser.parse_args()
    asyncio.run(run(Layout.load(args.root), args.client, args.interval))


if __name__ == "__main__":
    main()
