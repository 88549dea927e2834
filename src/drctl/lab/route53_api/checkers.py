"""Health checkers: they ask what checks name, so that answers follow the world, control plane or not."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from drctl.lab.route53_api.health import HealthCheck, HealthChecks

    IsOn = Callable[[str], bool]

# The service's are 10 or 30 s (dns.md 2.6): a lab has less time.
_ROUND_SECONDS = 0.1
_PROBE_SECONDS = 1.0
_DEFAULT_THRESHOLD = 3


@asynccontextmanager
async def checking(health: HealthChecks, is_on: IsOn) -> AsyncIterator[None]:
    """Check until the context ends. `is_on` says whether a routing control is on."""
    task = asyncio.create_task(_check_for_ever(health, is_on))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _check_for_ever(health: HealthChecks, is_on: IsOn) -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    timeout = aiohttp.ClientTimeout(total=_PROBE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            await asyncio.gather(*(_check(health, one, is_on, session, seen) for one in health.followed()))
            await asyncio.sleep(_ROUND_SECONDS)


async def _check(
    health: HealthChecks,
    check: HealthCheck,
    is_on: IsOn,
    session: aiohttp.ClientSession,
    seen: Counter[tuple[str, bool]],
) -> None:
    settings = dict(check.settings)
    if check.type == "RECOVERY_CONTROL":
        health.set_endpoint(check.id, ok=is_on(settings.get("RoutingControlArn", "")))
        return
    ok = await _answers(session, settings)
    seen[check.id, ok] += 1
    seen[check.id, not ok] = 0
    if seen[check.id, ok] >= int(settings.get("FailureThreshold", _DEFAULT_THRESHOLD)):
        health.set_endpoint(check.id, ok=ok)


async def _answers(session: aiohttp.ClientSession, settings: dict[str, str]) -> bool:
    """Say whether an endpoint answers with 2xx or 3xx. The lab's have no certificate: HTTPS is asked by HTTP."""
    place = f"http://{settings['IPAddress']}:{settings['Port']}{settings.get('ResourcePath', '/')}"
    try:
        async with session.get(place, allow_redirects=False) as answer:
            return 200 <= answer.status < 400
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False
