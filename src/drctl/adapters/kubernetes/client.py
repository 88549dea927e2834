"""The one place where the official client is used: raw calls, dict bodies, every timeout set.

No typed models: they raise on objects that are incomplete in practice (kubernetes.md 2.2). No retries of the
client's own: they take four times the timeout on a silent server (2.4).
"""

from __future__ import annotations

import ipaddress
import json
import shlex
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from drctl import __version__
from drctl.adapters.kubernetes.kubeconfig import KubeContext, load_context
from drctl.adapters.kubernetes.times import parse_http_date
from drctl.adapters.kubernetes.translation import Call, is_passing, refusal, silence
from drctl.core.errors import ConfigError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_TIMEOUT = timedelta(seconds=10)
_CONNECT_SECONDS_MAX = 3.0
_FIELD_MANAGER = "drctl"
_MERGE_PATCH = "application/merge-patch+json"
# Pauses before the second and the third try of a read.
_READ_PAUSES = (0.1, 0.4)
# More than the executor's threads, so that urllib3 throws no connection away.
_CONNECTIONS_MAX = 32

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful read. `server_time` is the server's `Date`: whole seconds, by its own clock."""

    body: JsonObject
    server_time: datetime

    @property
    def items(self) -> tuple[JsonObject, ...]:
        """Return a list's objects; an empty list's `items` may be null."""
        return tuple(self.body.get("items") or ())


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def retry_after(self) -> float:
        """Return the seconds that the server asks to wait; 0 where it does not."""
        asked = self.headers.get("Retry-After", "")
        return float(asked) if asked.isdigit() else 0.0

    def json_object(self) -> JsonObject | None:
        """Return the body if it is a JSON object, else None."""
        try:
            body = json.loads(self.text)
        except ValueError:
            return None
        return body if isinstance(body, dict) else None


@dataclass(frozen=True, slots=True)
class _Session:
    client: Any
    access: KubeContext


class KubernetesApi:
    """One region's API server, as one context of a kubeconfig. Safe to share between threads.

    Nothing is opened, read or started before the first call. `timeout` is what a call may take in all, with
    its retries.
    """

    def __init__(self, kubeconfig: Path, context: str, region: str, timeout: timedelta = DEFAULT_TIMEOUT) -> None:
        self.region = region
        self._kubeconfig = kubeconfig
        self._context = context
        self._timeout = timeout
        self._lock = Lock()
        self._session: _Session | None = None

    def get(self, path: str, action: str, query: Mapping[str, str] | None = None) -> Reply:
        """Read, up to three times within the timeout, while the server is silent, failing or throttling.

        Raises:
            UnreachableError: No useful answer within the timeout.
            DeniedError: 401 or 403, or no credentials to be had.
            NotFoundError: No such object, or no such API group.
            RefusedError: The server does not understand the question.
            ConfigError: The kubeconfig cannot be used.
        """
        call = self._call("GET", path, action)
        ends = time.monotonic() + self._timeout.total_seconds()
        pauses = iter(_READ_PAUSES)
        while True:
            seen = self._try(call, query or {}, ends - time.monotonic())
            pause = next(pauses, None)
            if pause is None or not _may_pass(seen):
                return self._reply(call, seen)
            if isinstance(seen, _Answer):
                pause = max(pause, seen.retry_after)
            if time.monotonic() + pause >= ends:
                return self._reply(call, seen)
            time.sleep(pause)

    def merge_patch(self, path: str, body: JsonObject, action: str) -> None:
        """Write once, as field manager `drctl`.

        Raises:
            ConflictError: The precondition in the body does not hold.
            OutcomeUnknownError: It was, or may have been, sent, and no answer says what became of it.
            UnreachableError: Provably not sent: no connection, or the server is not trusted.
            ThrottledError: 429 or 503.
            NotFoundError, DeniedError, RefusedError: As their names say.
            ConfigError: The kubeconfig cannot be used.
        """
        call = self._call("PATCH", path, action)
        answer = self._send(call, {"fieldManager": _FIELD_MANAGER}, body, self._timeout.total_seconds())
        if not 200 <= answer.status < 300 or answer.json_object() is None:
            raise refusal(call, answer.status, answer.text)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.client.close()

    def _call(self, method: str, path: str, action: str) -> Call:
        kubectl = shlex.join(("kubectl", "--kubeconfig", str(self._kubeconfig), "--context", self._context))
        return Call(method, path, action, self.region, kubectl)

    def _try(self, call: Call, query: Mapping[str, str], seconds: float) -> _Answer | UnreachableError:
        try:
            return self._send(call, query, None, seconds)
        except UnreachableError as error:
            return error

    @staticmethod
    def _reply(call: Call, seen: _Answer | UnreachableError) -> Reply:
        if isinstance(seen, UnreachableError):
            raise seen
        body, at = seen.json_object(), parse_http_date(seen.headers.get("Date"))
        if not 200 <= seen.status < 300 or body is None or at is None:
            raise refusal(call, seen.status, seen.text)
        return Reply(body, at)

    def _send(self, call: Call, query: Mapping[str, str], body: JsonObject | None, seconds: float) -> _Answer:
        from kubernetes.client.exceptions import ApiException  # noqa: PLC0415 - lazy SDK
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - lazy SDK

        session = self._connected()
        headers = {"Accept": "application/json"}
        if token := session.access.credentials.token():
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = _MERGE_PATCH
        request = session.client.param_serialize(
            call.method, call.path, query_params=list(query.items()), header_params=headers, body=body
        )
        seconds = max(seconds, 0.05)
        try:
            response = session.client.call_api(*request, _request_timeout=(min(_CONNECT_SECONDS_MAX, seconds), seconds))
            text = (response.read() or b"").decode("utf-8", "replace")
        except (ApiException, HTTPError, OSError) as exc:
            raise silence(call, exc, self._timeout.total_seconds()) from exc
        if response.status == 401:
            session.access.credentials.forget()
        return _Answer(response.status, text, response.headers)

    def _connected(self) -> _Session:
        with self._lock:
            if self._session is None:
                access = load_context(self._kubeconfig, self._context)
                self._session = _Session(_open(access, self._context), access)
            return self._session


def _may_pass(seen: _Answer | UnreachableError) -> bool:
    if isinstance(seen, UnreachableError):
        # Not a certificate that is not trusted, nor a credential plugin that hangs: those stay as they are.
        return seen.code == UnreachableError.code
    return is_passing(seen.status)


def _open(access: KubeContext, context: str) -> Any:  # noqa: ANN401 - the SDK's ApiClient must not be named before it is loaded
    from kubernetes.client import ApiClient, Configuration  # noqa: PLC0415 - lazy SDK
    from kubernetes.config import ConfigException, load_kube_config_from_dict  # noqa: PLC0415 - lazy SDK

    configuration = Configuration()
    try:
        load_kube_config_from_dict(  # type: ignore[no-untyped-call]
            access.for_client, context=context, client_configuration=configuration, persist_config=False
        )
    except (ConfigException, OSError, ValueError) as exc:
        raise ConfigError(
            f"Context {context} of the kubeconfig cannot be used: {exc}",
            remedy=f"Mend it, then check it: `kubectl --context {context} get --raw /readyz`.",
        ) from exc
    configuration.retries = False
    configuration.connection_pool_maxsize = _CONNECTIONS_MAX
    if _is_loopback(configuration.host) and "proxy-url" not in access.for_client["clusters"][0]["cluster"]:
        # As kubectl does: a proxy from the environment is never asked for a loopback address.
        configuration.proxy = None
    client = ApiClient(configuration)
    client.user_agent = f"drctl/{__version__}"
    return client


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
