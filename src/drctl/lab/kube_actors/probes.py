"""Readiness, asked over HTTP or by a connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from drctl.lab.kube_api.objects import JsonObject

# Until a container has been ready once it is asked this often in a period, so that a lab starts no slower than
# its programs. (A real kubelet waits for whole periods.)
_TRIES_IN_FIRST_PERIODS = 5


@dataclass(frozen=True, slots=True)
class Probe:
    """A container's readiness probe. An empty `path` asks for a connection only."""

    port: int
    path: str = ""
    scheme: str = "http"
    initial_delay_seconds: float = 0.0
    period_seconds: float = 10.0
    timeout_seconds: float = 1.0
    failures: int = 3
    successes: int = 1

    @classmethod
    def of(cls, container: JsonObject) -> Probe | None:
        """Read a container's probe; None when it has none.

        Raises:
            ValueError: It is of a kind that is not simulated (exec, grpc).
        """
        found = container.get("readinessProbe")
        if not found:
            return None
        action = found.get("httpGet") or found.get("tcpSocket")
        if action is None:
            raise ValueError("the lab's kubelet knows httpGet and tcpSocket probes only")
        named = {port.get("name"): port["containerPort"] for port in container.get("ports") or ()}
        return cls(
            port=int(named.get(action["port"], action["port"])),
            path=action.get("path", "/") if "httpGet" in found else "",
            scheme=action.get("scheme", "HTTP").lower(),
            initial_delay_seconds=found.get("initialDelaySeconds", 0),
            period_seconds=found.get("periodSeconds", 10),
            timeout_seconds=found.get("timeoutSeconds", 1),
            failures=found.get("failureThreshold", 3),
            successes=found.get("successThreshold", 1),
        )

    def pause_seconds(self, *, was_ready: bool) -> float:
        """Return how long to wait before asking again."""
        return self.period_seconds if was_ready else self.period_seconds / _TRIES_IN_FIRST_PERIODS

    async def ask(self, address: str) -> str:
        """Ask once; return why the answer is no, in the kubelet's words, or nothing."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return await (self._get(address) if self.path else self._connect(address))
        except TimeoutError:
            return f"Readiness probe failed: no answer within {self.timeout_seconds:g} s"
        except (OSError, aiohttp.ClientError) as problem:
            return f"Readiness probe failed: {problem}"

    async def _get(self, address: str) -> str:
        url = f"{self.scheme}://{address}:{self.port}{self.path}"
        async with aiohttp.ClientSession() as session, session.get(url, ssl=False, allow_redirects=False) as answer:
            if 200 <= answer.status < 400:
                return ""
            return f"Readiness probe failed: HTTP probe failed with statuscode: {answer.status}"

    async def _connect(self, address: str) -> str:
        _, writer = await asyncio.open_connection(address, self.port)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return ""
