"""HTTPS requests as a user sends them: the public name's certificate, Host and SNI, a fresh connection each time."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from drctl.core.errors import DrctlError, RefusedError, UnreachableError
from drctl.core.observed import HttpAnswer

if TYPE_CHECKING:
    from drctl.core.topology import ProbeRule, Region
    from drctl.ports.clock import Clock

# Names are another adapter's. Returns the addresses of a name; raises UnreachableError.
Resolve = Callable[[str], tuple[str, ...]]

_BODY_BYTES_MAX = 64 * 1024
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class PublicName:
    """What a user types. Certificates are verified against `name`, whichever address is asked."""

    name: str
    port: int = 443
    ca_file: str = ""

    @property
    def host(self) -> str:
        """Return the Host header, with the port where it is not HTTPS' own."""
        return self.name if self.port == 443 else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Limits:
    """`connect` counts per address, `total` for the whole attempt with all its addresses."""

    connect: timedelta = timedelta(seconds=2)
    total: timedelta = timedelta(seconds=5)


class HttpProbes:
    """Reads and the marked write. An attempt that fails is an answer with its error; nothing is ever raised."""

    def __init__(self, public: PublicName, resolve: Resolve, clock: Clock, limits: Limits | None = None) -> None:
        """Load the trust store.

        Raises:
            RefusedError: `ca_file` cannot be read as certificates.
        """
        self._public = public
        self._resolve = resolve
        self._clock = clock
        self._limits = limits or Limits()
        self._trust = _trust(public.ca_file)

    def public(self, rule: ProbeRule) -> HttpAnswer:
        """Ask the public name, resolved on each call; several addresses are tried in order, as a browser does."""
        started = self._clock.elapsed()
        try:
            addresses = self._resolve(self._public.name)
        except DrctlError as error:
            return self._failed(error.message, started)
        if not addresses:
            return self._failed(f"{self._public.name} has no address", started)
        return self._ask(rule, addresses, self._public.port, started)

    def pinned(self, rule: ProbeRule, region: Region) -> HttpAnswer:
        """Ask one region's address with the public name's Host and SNI."""
        return self._ask(rule, region.addresses, region.port, self._clock.elapsed())

    def write(self, rule: ProbeRule, region: Region, marker: str) -> HttpAnswer:
        """Send a write probe to one region's address, with the marker in the header that the rule names.

        The same marker on each try: the service may treat repeated ones as one. A second address is tried only
        where the first took no connection, so that nothing is sent twice here.
        """
        marked = {rule.marker_header: marker} if rule.marker_header else {}
        return self._ask(rule, region.addresses, region.port, self._clock.elapsed(), marked)

    def _ask(
        self,
        rule: ProbeRule,
        addresses: tuple[str, ...],
        port: int,
        started: timedelta,
        marked: dict[str, str] | None = None,
    ) -> HttpAnswer:
        answer = self._failed("no address to ask", started)
        for address in addresses:
            left = self._limits.total - (self._clock.elapsed() - started)
            if left <= timedelta(0):
                break
            try:
                return self._send(rule, _url(address, port, rule.path), marked or {}, started)
            except _NOTHING_SENT as error:
                answer = self._failed(f"{address}: {_reason(error)}", started)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, UnreachableError) as error:
                return self._failed(f"{address}: {_reason(error)}", started)
        return answer

    def _send(self, rule: ProbeRule, url: str, marked: dict[str, str], started: timedelta) -> HttpAnswer:
        left = (self._limits.total - (self._clock.elapsed() - started)).total_seconds()
        timeout = httpx.Timeout(left, connect=min(left, self._limits.connect.total_seconds()))
        headers = {"Host": self._public.host, **({"Content-Type": "application/json"} if rule.body else {}), **marked}
        # A client for each attempt: a kept connection would prove nothing about new users. trust_env=False: a
        # proxy of this shell is not on the user's way.
        with (
            httpx.Client(verify=self._trust, timeout=timeout, follow_redirects=False, trust_env=False) as client,
            client.stream(
                rule.method,
                url,
                headers=headers,
                content=rule.body.encode() or None,
                extensions={"sni_hostname": self._public.name},
            ) as response,
        ):
            body = self._read(response, started)
            return HttpAnswer(
                status=response.status_code,
                region=response.headers.get(rule.region_header, "") if rule.region_header else "",
                error="",
                elapsed=self._clock.elapsed() - started,
                observed_at=self._clock.now(),
                body=body,
            )

    def _read(self, response: httpx.Response, started: timedelta) -> str:
        """Return the body's beginning; httpx limits each chunk's wait, this limits the whole."""
        body = b""
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) >= _BODY_BYTES_MAX:
                break
            if self._clock.elapsed() - started > self._limits.total:
                raise UnreachableError(f"the body did not end within {self._limits.total.total_seconds():g} s")
        return body[:_BODY_BYTES_MAX].decode(errors="replace")

    def _failed(self, error: str, started: timedelta) -> HttpAnswer:
        return HttpAnswer(
            status=0,
            region="",
            error=error,
            elapsed=self._clock.elapsed() - started,
            observed_at=self._clock.now(),
        )


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:  # ssl.SSLError is one
        raise RefusedError(
            f"ca_file {ca_file} cannot be read as certificates: {error}",
            remedy="Put PEM certificates there, or leave ca_file out to trust this system's store.",
        ) from error


def _url(address: str, port: int, path: str) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"https://{host}:{port}{path}"


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
