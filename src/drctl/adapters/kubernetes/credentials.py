"""Bearer tokens: from the kubeconfig, from a file, or from an exec plugin that drctl runs itself.

The official client runs exec plugins without a timeout and goes on as `system:anonymous` when one fails
(kubernetes.md 1.4), so it is never given one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from drctl.adapters.kubernetes.times import parse_time
from drctl.core.errors import DeniedError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN_TIMEOUT = timedelta(seconds=15)
_RENEW_BEFORE_END = timedelta(seconds=60)
# Anything long without a space or a slash may be a token; what follows a telling name is one.
_SECRETIVE = re.compile(r"(?i)\b(token|secret|password|authorization|bearer)\b\W+\S+|[\w+=.~-]{32,}")


class Credentials(Protocol):
    """Who drctl is at one API server."""

    def token(self) -> str:
        """Return the bearer token, or nothing where a client certificate speaks for the user.

        Raises:
            DeniedError: There is none to be had.
            UnreachableError: The plugin did not answer in time.
        """
        ...

    def forget(self) -> None:
        """Drop what is cached: the server refused it."""
        ...


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A token written in the kubeconfig; empty beside a client certificate."""

    value: str

    def token(self) -> str:
        """Return it."""
        return self.value

    def forget(self) -> None:
        """Nothing is cached."""


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A file that somebody keeps fresh, read anew for each call: it is small, and tokens in it rotate."""

    path: Path

    def token(self) -> str:
        """Return what the file holds now.

        Raises:
            DeniedError: The file cannot be read, or is empty.
        """
        try:
            found = self.path.read_text().strip()
        except OSError as exc:
            raise DeniedError(
                f"Token file {self.path} cannot be read: {exc.strerror}",
                remedy=f"Run `ls -l {self.path}` and make it readable for this user.",
            ) from exc
        if not found:
            raise DeniedError(f"Token file {self.path} is empty", remedy="Write a token into it, then run again.")
        return found

    def forget(self) -> None:
        """Nothing is cached."""


class ExecPlugin:
    """A kubeconfig user's `exec` section (client.authentication.k8s.io): run when a token is needed, never earlier."""

    def __init__(self, section: dict[str, Any], folder: Path, timeout: timedelta = PLUGIN_TIMEOUT) -> None:
        self._section = section
        self._folder = folder
        self._timeout = timeout
        self._lock = Lock()
        self._token = ""
        self._ends: datetime | None = None

    def token(self) -> str:
        """Return a token with at least a minute left, from the plugin if the last one has not.

        Raises:
            DeniedError: The plugin is missing, failed, or gave no token.
            UnreachableError: It took longer than the timeout.
        """
        with self._lock:
            if not self._token or (self._ends and datetime.now(UTC) >= self._ends - _RENEW_BEFORE_END):
                self._token, self._ends = self._parse(self._run())
            return self._token

    def forget(self) -> None:
        """Run the plugin again for the next call."""
        with self._lock:
            self._token = ""

    def _run(self) -> str:
        command = self._command()
        try:
            ended = subprocess.run(  # noqa: S603 - the operator's own kubeconfig names it, as it does for kubectl
                [command, *(self._section.get("args") or ())],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                text=True,
                timeout=self._timeout.total_seconds(),
                env=self._environment(),
            )
        except subprocess.TimeoutExpired:
            # Not chained: the exception carries the arguments and what the plugin had printed so far.
            raise UnreachableError(
                f"Credential plugin {command} did not end within {self._timeout.total_seconds():g} s",
                remedy=self._remedy(),
                code="credential-plugin-silent",
            ) from None
        except OSError as exc:
            raise DeniedError(
                f"Credential plugin {command} cannot be started: {exc.strerror}", remedy=self._remedy()
            ) from exc
        if ended.returncode:
            raise DeniedError(
                f"Credential plugin {command} failed with exit code {ended.returncode}: {redacted(ended.stderr)}",
                remedy=self._remedy(),
            )
        return ended.stdout

    def _parse(self, printed: str) -> tuple[str, datetime | None]:
        try:
            status = json.loads(printed)["status"]
            token, ends = status["token"], status.get("expirationTimestamp")
        except (ValueError, KeyError, TypeError, AttributeError):
            token, ends = "", None
        if not token or not isinstance(token, str):
            # What it printed is not shown: it may be half a credential.
            raise DeniedError(
                f"Credential plugin {self._command()} printed no ExecCredential with a token", remedy=self._remedy()
            )
        return token, parse_time(ends)

    def _command(self) -> str:
        named = str(self._section.get("command", ""))
        return str(self._folder / named) if os.sep in named else named

    def _environment(self) -> dict[str, str]:
        added = {entry["name"]: entry["value"] for entry in self._section.get("env") or ()}
        asked = {
            "apiVersion": self._section.get("apiVersion", "client.authentication.k8s.io/v1"),
            "kind": "ExecCredential",
            "spec": {"interactive": False},
        }
        return os.environ | added | {"KUBERNETES_EXEC_INFO": json.dumps(asked)}

    def _remedy(self) -> str:
        line = " ".join((self._command(), *(self._section.get("args") or ())))
        return f"Run `{line}` by hand and log in again where it asks for it."


def redacted(text: str, limit: int = 300) -> str:
    """Return one short line of a program's own words, without what may be a credential."""
    return _SECRETIVE.sub("[redacted]", " ".join(text.split()))[:limit]
