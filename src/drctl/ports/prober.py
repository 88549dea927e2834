"""HTTP as a user does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from drctl.core.observed import HttpAnswer
    from drctl.core.topology import ProbeRule, Region


class HttpReader(Protocol):
    """Sends GET requests only. An attempt that fails is an answer too, with its error."""

    def public(self, rule: ProbeRule) -> HttpAnswer:
        """Ask the public name, resolved through the configured resolvers on each call."""
        ...

    def pinned(self, rule: ProbeRule, region: Region) -> HttpAnswer:
        """Ask one region's address with the public name's Host and SNI."""
        ...


class HttpProber(Protocol):
    """Sends the marked write."""

    def write(self, rule: ProbeRule, region: Region, marker: str) -> HttpAnswer:
        """Send a write probe to one region's address, with the marker in the header that the rule names.

        The same marker on each try: the service may treat repeated ones as one.
        """
        ...
