"""The SDK's client, with nothing left to a default that was not chosen for an emergency (dns.md 3.3)."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from drctl import __version__
from drctl.core.errors import DeniedError

if TYPE_CHECKING:
    from cloudflare import Cloudflare

_API = "https://api.cloudflare.com/client/v4"
_TIMEOUT = timedelta(seconds=10)
_CONNECT_SECONDS_MAX = 3.0


class Client:
    """One client, made when first asked for; safe for threads. It sends a request once, whatever becomes of it.

    `timeout` is what each wait of a write may take, and of a read with its second try.
    """

    def __init__(self, token: str, endpoint: str = "", timeout: timedelta = _TIMEOUT) -> None:
        self.endpoint = (endpoint or _API).rstrip("/")
        self.seconds = timeout.total_seconds()
        self._token = token
        self._turn = Lock()
        self._made: Cloudflare | None = None

    def sdk(self) -> Cloudflare:
        """Return the SDK's client.

        Raises:
            DeniedError: What is configured cannot be a token.
        """
        with self._turn:
            if self._made is None:
                self._made = self._make()
            return self._made

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._turn:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _make(self) -> Cloudflare:
        import httpx  # noqa: PLC0415 - lazy SDK
        from cloudflare import Cloudflare, DefaultHttpxClient  # noqa: PLC0415 - lazy SDK

        if not self._token or not self._token.isascii() or not self._token.isprintable() or " " in self._token:
            raise DeniedError(
                "the API token for Cloudflare is none: it is empty, or has characters that no header can carry",
                remedy="Put the token alone, on one line, where `api_token` in drctl.yaml says.",
            )
        timeout = httpx.Timeout(self.seconds, connect=min(_CONNECT_SECONDS_MAX, self.seconds))
        client = Cloudflare(
            api_token=self._token,
            base_url=self.endpoint,
            timeout=timeout,
            # By default it sends a PATCH or a batch up to three times (dns.md 3.3).
            max_retries=0,
            # Said here, they go before those of the environment's CLOUDFLARE_CUSTOM_HEADERS.
            default_headers={"Authorization": f"Bearer {self._token}", "User-Agent": f"drctl/{__version__}"},
            http_client=DefaultHttpxClient(
                timeout=timeout,
                # Nobody but Cloudflare shall answer: followed, a redirect turns a write into a page.
                follow_redirects=False,
                # A proxy from the environment is never asked for a loopback address.
                trust_env=not _is_loopback(self.endpoint),
            ),
        )
        # From this shell's environment; with CLOUDFLARE_EMAIL set, the SDK sends that instead of a token (measured
        # with 5.9.0: `auth_headers` returns the first that is there).
        client.api_email = client.api_key = client.user_service_key = None
        return client


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
