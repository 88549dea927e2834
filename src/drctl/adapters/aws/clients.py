"""boto3 clients, with nothing left to a default that was not chosen for an emergency (dns.md 11)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from drctl import __version__

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from mypy_boto3_route53 import Route53Client

_TIMEOUT = timedelta(seconds=10)
_CONNECT_SECONDS_MAX = 3.0
_READ_ATTEMPTS = 3
# More than the executor's threads, so that botocore throws no connection away.
_CONNECTIONS_MAX = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key; both empty means AWS' own chain of credentials."""

    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Service:
    """One of AWS' services, and the region in which it is asked."""

    name: str
    region: str


# Its control plane is there, wherever this runs (dns.md 2.1).
ROUTE53 = Service("route53", "us-east-1")


class Clients:
    """One client that reads, tried thrice, and one that writes, once. Made when first asked for; safe for threads.

    `timeout` is what one call may take: a write as a whole, after the connection is made; a read with its tries,
    plus at most 3 s of botocore's pauses between them.
    """

    def __init__(
        self, keys: Keys, endpoint: str = "", timeout: timedelta = _TIMEOUT, service: Service = ROUTE53
    ) -> None:
        self._service = service
        self._keys = keys
        self._endpoint = endpoint
        self._seconds = timeout.total_seconds()
        self._turn = Lock()
        self._session: boto3.session.Session | None = None
        self._made: dict[bool, Any] = {}

    def reading(self) -> Route53Client:
        """Return the client for reads.

        Raises:
            botocore.exceptions.BotoCoreError: The credentials or the profile cannot be used.
        """
        found: Route53Client = self.client(writing=False)
        return found

    def writing(self) -> Route53Client:
        """Return the client for writes: a second try inside the SDK would meet its own first one (dns.md 2.4).

        Raises:
            botocore.exceptions.BotoCoreError: The credentials or the profile cannot be used.
        """
        found: Route53Client = self.client(writing=True)
        return found

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._turn:
            made, self._made = self._made, {}
        for client in made.values():
            client.close()

    def client(self, *, writing: bool) -> Any:  # noqa: ANN401 - a client of the service that this is for
        """Return the client for writes, or the one for reads, of whatever service this is for.

        Raises:
            botocore.exceptions.BotoCoreError: The credentials or the profile cannot be used.
        """
        with self._turn:
            if writing not in self._made:
                # The session is shared: the second client then takes a tenth of the first one's time.
                self._session = self._session or self._open_session()
                open_client: Any = self._session.client
                self._made[writing] = open_client(
                    self._service.name, config=self._config(writing=writing), endpoint_url=self._endpoint or None
                )
            return self._made[writing]

    def _open_session(self) -> boto3.session.Session:
        import boto3  # noqa: PLC0415 - lazy SDK
        import botocore.session  # noqa: PLC0415 - lazy SDK

        # With keys of drctl's own, a profile of this shell has no say (a wrong one would be an error).
        detached = {"profile": (None, None, None, None)} if self._keys.access_key_id else None
        core = botocore.session.Session(session_vars=detached)
        # Calls that fetch credentials (STS, SSO) are made with this too; by default one waits up to a minute.
        core.set_default_client_config(self._config(writing=False))
        core.set_config_variable("sts_regional_endpoints", "regional")
        core.set_config_variable("defaults_mode", "legacy")  # `auto` asks EC2's metadata where it runs
        # An address that answers inside EC2 only. Elsewhere it costs seconds; roles there have other ways (IRSA,
        # Pod Identity), and a machine's role can be named as a profile's credential_source.
        core.get_component("credential_provider").remove("iam-role")
        return boto3.session.Session(
            aws_access_key_id=self._keys.access_key_id or None,
            aws_secret_access_key=self._keys.secret_access_key or None,
            region_name=self._service.region,
            botocore_session=core,
        )

    def _config(self, *, writing: bool) -> Config:
        from botocore.config import Config  # noqa: PLC0415 - lazy SDK

        attempts = 1 if writing else _READ_ATTEMPTS
        return Config(
            connect_timeout=min(_CONNECT_SECONDS_MAX, self._seconds / attempts),
            read_timeout=self._seconds / attempts,
            retries={"mode": "standard", "total_max_attempts": attempts},
            tcp_keepalive=True,
            max_pool_connections=_CONNECTIONS_MAX,
            # As curl and kubectl do: a proxy from the environment is never asked for a loopback address.
            proxies={} if _is_loopback(self._endpoint) else None,
            user_agent_extra=f"drctl/{__version__}",
            # By path, so that a bucket's name is no part of a host that must be found first.
            s3={"addressing_style": "path"} if self._endpoint else None,
        )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
