"""A real BIND (Debian package bind9) with one zone, as a plain user on a high port."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from base64 import b64encode
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import dns.exception
import dns.message
import dns.query

from contract.dns.relay import Faults, Relay
from contract.dns.waiting import eventually
from drctl.adapters.rfc2136.zone import Rfc2136Zone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from contract.dns.providers import Requests, Zone

ZONE = "own.test"
KEY_NAME, ALGORITHM = "drctl", "hmac-sha256"
_SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
_STARTS_MAX = 5

_CONF = """\
key "{key_name}" {{ algorithm {algorithm}; secret "{secret}"; }};
controls {{ inet 127.0.0.1 port {control} allow {{ 127.0.0.1; }} keys {{ "{key_name}"; }}; }};
options {{
  directory "{folder}"; pid-file none; session-keyfile none; managed-keys-directory "{folder}";
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; allow-transfer {{ none; }}; notify no; allow-query {{ {readers}; }};
}};
zone "{zone}" {{ type primary; file "{folder}/zones/db"; update-policy {{ grant {writer} zonesub ANY; }}; }};
"""
_DB = """\
$TTL 60
@ IN SOA ns hostmaster 1 60 60 3600 2
@ IN NS ns
ns IN A 127.0.0.1
"""


class NotInstalledError(Exception):
    """There is no BIND on this machine."""


class Bind:
    """The server, and the wire to it."""

    zone = ZONE
    compares = True

    def __init__(self, folder: Path, patience: timedelta) -> None:
        self.folder, self.secret = folder, b64encode(secrets.token_bytes(32)).decode()
        self._patience = patience
        self.port, self._control = _free_ports()
        (folder / "zones").mkdir()
        (folder / "zones" / "db").write_text(_DB)
        self._configure()
        self._user = None if os.geteuid() else pwd.getpwnam("nobody")
        if self._user is not None:
            for path in (folder, folder / "zones", folder / "zones" / "db", folder / "named.conf"):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [_program("named"), "-g", "-c", str(folder / "named.conf")],
                stderr=log,
                user=self._user.pw_uid if self._user else None,
                extra_groups=() if self._user else None,
            )
        self.relay = Relay(("127.0.0.1", self.port))

    def connect(self, *, expects_rivals: bool = False) -> Zone:  # noqa: ARG002 - its updates compare by themselves
        key = (KEY_NAME, ALGORITHM, self.secret)
        return Rfc2136Zone(ZONE, self.relay.place, key, self._patience)

    def has_started(self) -> bool:
        """Say whether it answers.

        Raises:
            OSError: It ended: another process was faster with its port.
        """
        if self._process.poll() is not None:
            raise OSError((self.folder / "log").read_text())
        try:
            dns.query.tcp(dns.message.make_query(ZONE, "SOA"), "127.0.0.1", port=self.port, timeout=1)
        except (OSError, EOFError, dns.exception.DNSException):
            return False
        return True

    def let_spread(self, zone: Zone) -> None:
        """It is one server."""

    def lose_next_answer(self) -> None:
        self.relay.faults = Faults(lose_answers=1)

    def fall_silent(self, to: Requests) -> None:
        self.relay.faults = Faults(silent_to=to)

    def throttle_writes(self) -> None:
        """Let it fail to write its journal: SERVFAIL, and nothing is changed."""
        (self.folder / "zones").chmod(0o555)
        for journal in (self.folder / "zones").glob("*.jnl"):
            journal.chmod(0o444)

    def deny(self) -> None:
        self._configure(readers="none", writer="somebody-else")
        self.rndc("reconfig")

    def recover(self) -> None:
        self.relay.faults = Faults()
        (self.folder / "zones").chmod(0o755)
        for journal in (self.folder / "zones").glob("*.jnl"):
            journal.chmod(0o644)
        self._configure()
        self.rndc("reconfig")

    def rndc(self, *words: str) -> None:
        """Tell the server something."""
        line = [_program("rndc"), "-c", str(self.folder / "rndc.conf"), *words]
        subprocess.run(line, check=True, capture_output=True, timeout=10)

    def close(self) -> None:
        self.relay.close()
        self._process.terminate()
        self._process.wait(10)

    def _configure(self, readers: str = "any", writer: str = KEY_NAME) -> None:
        values = {"folder": self.folder, "port": self.port, "control": self._control, "zone": ZONE}
        values |= {"key_name": KEY_NAME, "algorithm": ALGORITHM, "secret": self.secret}
        text = _CONF.format(**values, readers=readers, writer=writer)
        (self.folder / "named.conf").write_text(text)
        key = text.partition("\n")[0]
        default = f'options {{ default-key "{KEY_NAME}"; default-server 127.0.0.1; default-port {self._control}; }};\n'
        (self.folder / "rndc.conf").write_text(f"{key}\n{default}")


@contextmanager
def bind(patience: timedelta) -> Iterator[Bind]:
    """Run one.

    Raises:
        NotInstalledError: There is none on this machine.
    """
    folder = Path(tempfile.mkdtemp(prefix="drctl-bind-"))
    try:
        server = _started(folder, patience)
        try:
            yield server
        finally:
            server.close()
    finally:
        shutil.rmtree(folder)


def _started(folder: Path, patience: timedelta) -> Bind:
    here = folder
    for number in range(_STARTS_MAX):
        (here := folder / str(number)).mkdir()
        folder.chmod(0o755)
        server = Bind(here, patience)
        try:
            eventually(server.has_started)
        except OSError:
            server.close()
            continue
        return server
    raise OSError(f"BIND does not start: {(here / 'log').read_text()}")


def _program(name: str) -> str:
    found = shutil.which(name, path=_SBIN)
    if found is None:
        raise NotInstalledError(name)
    return found


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        one.bind(("127.0.0.1", 0))
        datagrams.bind(one.getsockname())
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
