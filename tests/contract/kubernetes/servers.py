"""The API servers under the suite, and whom one can be there."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from drctl.lab.http_json import JsonCaller
from drctl.lab.kube_api.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTEXT = "here"


@dataclass(frozen=True, slots=True)
class Server:
    """One server, with drctl's own user and an administrator.

    `log` is what a real one prints; `faults_url` is the simulator's own door. Each has one of the two.
    """

    url: str
    token: str
    admin_token: str
    ca_file: Path
    log: Path | None = None
    faults_url: str = ""

    @property
    def admin(self) -> JsonCaller:
        """Return the administrator's calls: what controllers and other people do."""
        return self.as_user(self.admin_token)

    def as_user(self, token: str) -> JsonCaller:
        """Return somebody's calls."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        return JsonCaller(self.url, {"Authorization": f"Bearer {token}"}, context, timeout_seconds=10)

    def kubeconfig(
        self, folder: Path, user: dict[str, Any] | None = None, *, url: str = "", ca_file: Path | None = None
    ) -> Path:
        """Write a kubeconfig with the context `here`: as drctl, at this server, trusting it, unless told otherwise."""
        cluster = {"server": url or self.url, "certificate-authority": str(ca_file or self.ca_file)}
        body = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "drctl", "user": user or {"token": self.token}}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": "it", "user": "drctl"}}],
        }
        file = folder / "kubeconfig"
        file.write_text(yaml.safe_dump(body))
        return file

    def break_(self, **faults: Any) -> None:  # noqa: ANN401 - as the simulator's door takes them
        """Inject faults into the simulator, and end those before."""
        JsonCaller(self.faults_url).must("POST", "/faults", faults)


@contextmanager
def simulator() -> Iterator[Server]:
    """Run the lab's simulator, without actors: the test is the controller."""
    with running() as it:
        yield Server(it.url, it.token, it.admin_token, it.ca_file, faults_url=it.admin_url)
