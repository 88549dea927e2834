"""A managed NATS as a customer sees it: operator mode, a credentials file, quotas, and no system account."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nkeys

from contract.nats.servers import eventually
from drctl.lab.nats_servers.config import find_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Json = dict[str, Any]

_UNBOUND = {"subs": -1, "data": -1, "payload": -1}
QUOTA = {"mem_storage": -1, "disk_storage": 64 * 1024**2, "streams": 10, "consumer": 5}


@dataclass(frozen=True)
class Cloud:
    """One account of a managed NATS: its address, and its user's credentials file."""

    url: str
    creds: Path


class Key:
    """An nkey: who signs, and who is spoken of."""

    def __init__(self, prefix: int) -> None:
        self.seed = bytes(nkeys.encode_seed(os.urandom(32), prefix))
        self._pair = nkeys.from_seed(self.seed)
        self.name = self._pair.public_key.decode()

    def sign(self, subject: str, name: str, claims: Json) -> str:
        """Return a JWT over a subject's claims, as NATS wants it (its own algorithm name, version 2)."""
        body = {
            "iat": int(time.time()),
            "iss": self.name,
            "name": name,
            "sub": subject,
            "nats": claims | {"version": 2},
        }
        body["jti"] = base64.b32encode(hashlib.sha256(_dumped(body)).digest()).decode().rstrip("=")
        said = f"{_encoded(_dumped({'typ': 'JWT', 'alg': 'ed25519-nkey'}))}.{_encoded(_dumped(body))}"
        return f"{said}.{_encoded(self._pair.sign(said.encode()))}"


@contextmanager
def cloud(root: Path) -> Iterator[Cloud]:
    """Yield a running server in operator mode with one account of a customer; its system account is the operator's."""
    operator, system = Key(nkeys.PREFIX_BYTE_OPERATOR), Key(nkeys.PREFIX_BYTE_ACCOUNT)
    account, user = Key(nkeys.PREFIX_BYTE_ACCOUNT), Key(nkeys.PREFIX_BYTE_USER)
    limits = _UNBOUND | {"imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
    config = {
        "listen": "127.0.0.1:-1",
        "ports_file_dir": str(root),
        "jetstream": {"store_dir": str(root / "js"), "max_file_store": 1024**3, "max_memory_store": 64 * 1024**2},
        "operator": operator.sign(operator.name, "cloud", {"type": "operator"}),
        "system_account": system.name,
        "resolver": "MEMORY",
        "resolver_preload": {
            system.name: operator.sign(system.name, "SYS", {"type": "account", "limits": limits}),
            account.name: operator.sign(account.name, "shop", {"type": "account", "limits": limits | QUOTA}),
        },
    }
    (root / "cloud.conf").write_text(json.dumps(config))
    creds = root / "drctl.creds"
    _write_creds(creds, account.sign(user.name, "drctl", {"type": "user"} | _UNBOUND), user.seed)
    with (root / "cloud.log").open("wb") as log:
        process = subprocess.Popen([find_server(), "-c", str(root / "cloud.conf")], stdout=log, stderr=log)
        try:
            eventually(lambda: any(root.glob("nats-server_*.ports")))
            ports = json.loads(next(root.glob("nats-server_*.ports")).read_text())
            yield Cloud(ports["nats"][0], creds)
        finally:
            process.kill()
            process.wait()


def _write_creds(path: Path, jwt: str, seed: bytes) -> None:
    path.touch(mode=0o600)
    path.write_text(
        f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed.decode()}\n------END USER NKEY SEED------\n"
    )


def _dumped(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
