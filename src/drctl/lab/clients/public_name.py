"""The public name, as every client looks it up: at the lab's caching resolver."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.asyncresolver

from drctl.lab.layout import OUTSIDE, PUBLIC_NAME

if TYPE_CHECKING:
    from drctl.lab.layout import Layout

_LOOK_UP_SECONDS = 1.0


class PublicName:
    """Keeps no answer: how long one may be believed is the caching resolver's business."""

    def __init__(self, layout: Layout) -> None:
        self.address = ""
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.nameservers = [OUTSIDE]
        self._resolver.port = layout.ports.resolver
        self._resolver.cache = None

    async def look_up(self) -> str:
        """Return the name's address now, and remember it as the one that was last heard; empty while that fails.

        Raises:
            dns.exception.DNSException: There was no answer, or none with an address.
        """
        self.address = ""
        answer = await self._resolver.resolve(PUBLIC_NAME, "A", lifetime=_LOOK_UP_SECONDS)
        self.address = str(answer[0])
        return self.address
