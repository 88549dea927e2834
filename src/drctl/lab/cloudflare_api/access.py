"""Who may ask, for what, and how often."""

from __future__ import annotations

import re
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drctl.lab.cloudflare_api.model import ApiError
from drctl.lab.credentials import CLOUDFLARE_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

READ_TOKEN = "lab0read0lab0read0lab0read0lab0read0lab0"  # noqa: S105 - opens nothing but this stand-in
_TOKEN = re.compile(r"Bearer ([A-Za-z0-9_-]{40,})")
REQUESTS_MAX, WINDOW_SECONDS = 1200, 300.0


@dataclass(frozen=True, slots=True)
class Token:
    """What an API token may do in the lab's one zone."""

    id: str
    rights: frozenset[str]


TOKENS: Mapping[str, Token] = {
    CLOUDFLARE_TOKEN: Token("a" * 32, frozenset({"zone:read", "dns_records:read", "dns_records:edit"})),
    READ_TOKEN: Token("b" * 32, frozenset({"zone:read", "dns_records:read", "load_balancers:read"})),
}


def bearer(authorization: str) -> str:
    """Return the token that a request carries.

    Raises:
        ApiError: 6003, the header has not the form of one.
    """
    found = _TOKEN.fullmatch(authorization)
    if found is None:
        raise ApiError(400, 6003, "Invalid request headers", ((6111, "Invalid format for Authorization header"),))
    return found[1]


def identified(token: str) -> Token:
    """Return what a token may do.

    Raises:
        ApiError: 9109, it is no token of anybody (status and text are unverified).
    """
    if token not in TOKENS:
        raise ApiError(403, 9109, "Invalid access token")
    return TOKENS[token]


def require(token: Token, right: str) -> None:
    """Refuse what a token may not do.

    Raises:
        ApiError: 10000 (the status is unverified).
    """
    if right not in token.rights:
        raise ApiError(403, 10000, "Authentication error")


@dataclass
class RateLimit:
    """1,200 requests in five minutes for each token; more, and it is shut out for the next five (dns.md 3.3)."""

    requests_max: int = REQUESTS_MAX
    clock: Callable[[], float] = time.monotonic
    _asked: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _shut_until: dict[str, float] = field(default_factory=dict)

    def admit(self, token: str) -> dict[str, str]:
        """Count a request; return the headers that tell how many are left.

        Raises:
            TooManyRequests: The token is shut out.
        """
        now, asked = self.clock(), self._asked[token]
        while asked and asked[0] <= now - WINDOW_SECONDS:
            asked.popleft()
        if len(asked) >= self.requests_max and now >= self._shut_until.get(token, 0.0):
            self._shut_until[token] = now + WINDOW_SECONDS
        if now < (until := self._shut_until.get(token, 0.0)):
            raise TooManyRequestsError(self.requests_max, round(until - now))
        asked.append(now)
        left, reset = self.requests_max - len(asked), round(asked[0] + WINDOW_SECONDS - now)
        return {
            "Ratelimit": f'"default";r={left};t={reset}',
            "Ratelimit-Policy": f'"default";q={self.requests_max};w={WINDOW_SECONDS:g}',
        }


class TooManyRequestsError(ApiError):
    """429, with the seconds after which a token may ask again."""

    def __init__(self, requests_max: int, retry_after_seconds: int) -> None:
        message = (
            f"More than {requests_max} requests per {WINDOW_SECONDS:g} seconds reached. "
            "Please wait and consider throttling your request speed"
        )
        super().__init__(429, 10100, message)
        self.retry_after_seconds = retry_after_seconds
