"""The API servers under the suite, and whom one can be there."""

from __future__ import annotations

import json
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from drctl.lab.http_json import JsonCaller
from drctl.lab.kube_api.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Json = dict[str, Any]

CONTEXT = "here"
_METHODS = {
    **dict.fromkeys(("get", "list", "watch"), "GET"),
    **dict.fromkeys(("delete", "deletecollection"), "DELETE"),
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
}
MERGE = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Server:
    """One server, with drctl's own user and an administrator.

    `audit_log` is a real one's; `door` is the simulator's own address for faults and its audit. Each has one.
    """

    url: str
    token: str
    admin_token: str
    ca_file: Path
    audit_log: Path | None = None
    door: str = ""

    @property
    def admin(self) -> JsonCaller:
        """Return the administrator's calls: what controllers and other people do."""
        return self.as_user(self.admin_token)

    def as_user(self, token: str) -> JsonCaller:
        """Return somebody's calls."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        return JsonCaller(self.url, {"Authorization": f"Bearer {token}"}, context, timeout_seconds=10)

    def kubeconfig(
        self, folder: Path, user: Json | None = None, cluster: Json | None = None, name: str = "kubeconfig"
    ) -> Path:
        """Write a kubeconfig with the context `here`: as drctl, at this server, trusting it, unless told otherwise."""
        reached = {"server": self.url, "certificate-authority": str(self.ca_file)} | (cluster or {})
        body = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": reached}],
            "users": [{"name": "drctl", "user": user or {"token": self.token}}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": "it", "user": "drctl"}}],
        }
        file = folder / name
        file.write_text(yaml.safe_dump(body))
        return file

    def asked_by_drctl(self, namespace: str) -> list[tuple[str, str]]:
        """Return verb and path of what drctl's user asked for in a namespace, as the server itself has noted it."""
        if self.audit_log is None:
            noted = JsonCaller(self.door).must("GET", "/audit")
            asked = [(one["method"], one["path"]) for one in noted if one["user"] == "drctl"]
        else:
            events = [json.loads(line) for line in self.audit_log.read_text().splitlines()]
            asked = [(_METHODS[event["verb"]], urlsplit(event["requestURI"]).path) for event in events]
        return [(method, path) for method, path in asked if f"/namespaces/{namespace}/" in f"{path}/"]

    def break_(self, **faults: Any) -> None:  # noqa: ANN401 - as the simulator's door takes them
        """Inject faults into the simulator, and end those before."""
        JsonCaller(self.door).must("POST", "/faults", faults)


@contextmanager
def simulator() -> Iterator[Server]:
    """Run the lab's simulator, without actors: the test is the controller."""
    with running() as it:
        yield Server(it.url, it.token, it.admin_token, it.ca_file, door=it.admin_url)
