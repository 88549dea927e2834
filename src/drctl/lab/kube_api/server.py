"""The whole API server on one event loop: the API over TLS, the admin door, and the actors if they are wanted."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from drctl.lab.dns.hosting import in_background
from drctl.lab.kube_actors.acting import acting
from drctl.lab.kube_actors.node import Node
from drctl.lab.kube_api.admin import admin_app
from drctl.lab.kube_api.api import Api
from drctl.lab.kube_api.audit import Audit
from drctl.lab.kube_api.auth import DRCTL, Gatekeeper
from drctl.lab.kube_api.cluster import Cluster
from drctl.lab.kube_api.faults import FaultGate
from drctl.lab.layout import ADDRESSES, OUTSIDE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

# Long enough to end a request that is being written, short enough not to wait for one that hangs.
_SHUTDOWN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to serve; a port of 0 takes a free one."""

    address: str
    certificate: ssl.SSLContext
    port: int = 0
    admin_port: int = 0


@dataclass(frozen=True, slots=True)
class Serving:
    """What is being served, from inside the event loop. `url` is the API's, `admin_url` the simulator's own door."""

    url: str
    admin_url: str
    cluster: Cluster


@dataclass(frozen=True, slots=True)
class Running:
    """A server in a thread of this process. `folder` is its own, and goes with it."""

    url: str
    admin_url: str
    token: str
    admin_token: str
    ca_file: Path
    folder: Path

    def kubeconfig(self, *, admin: bool = False, namespace: str = "default") -> Path:
        """Write a kubeconfig with one context, `lab`, for the user drctl or for the administrator."""
        import yaml  # noqa: PLC0415 - tests only

        user, token = ("admin", self.admin_token) if admin else (DRCTL, self.token)
        cluster = {"server": self.url, "certificate-authority": str(self.ca_file)}
        body = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user, "namespace": namespace}}],
        }
        file = self.folder / f"{user}.kubeconfig"
        file.write_text(yaml.safe_dump(body, sort_keys=False))
        return file


@asynccontextmanager
async def serving(listen: Listen, gatekeeper: Gatekeeper, node: Node | None = None) -> AsyncIterator[Serving]:
    """Serve an empty cluster until the context ends, with controllers if there is a node for them."""
    api = Api(Cluster(), gatekeeper, FaultGate(), Audit())
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.handle)
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(_site(app, listen.address, listen.port, listen.certificate))
        admin_port = await stack.enter_async_context(_site(admin_app(api), OUTSIDE, listen.admin_port))
        if node is not None:
            await stack.enter_async_context(acting(api.cluster, node))
        yield Serving(f"https://{listen.address}:{port}", f"http://{OUTSIDE}:{admin_port}", api.cluster)


@contextmanager
def running(*, actors: bool = False, region: str = "east") -> Iterator[Running]:
    """Run a server in a background thread for as long as the context lasts, with a certificate made for it.

    Without actors nobody sets a status or makes a pod but the test; with them pods are processes.
    """
    import trustme  # noqa: PLC0415 - tests only, and slow to load: a lab starts two of these

    token, admin_token = secrets.token_hex(16), secrets.token_hex(16)
    address = ADDRESSES[region]
    authority = trustme.CA(organization_name="drctl lab")
    certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(address).configure_cert(certificate)
    with tempfile.TemporaryDirectory(prefix="drctl-kube-") as name:
        folder = Path(name)
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        listen, gatekeeper = Listen(address, certificate), Gatekeeper(token, admin_token)
        node = Node(region, folder / "logs") if actors else None
        with in_background(lambda: serving(listen, gatekeeper, node)) as there:
            yield Running(there.url, there.admin_url, token, admin_token, folder / "ca.pem", folder)


@asynccontextmanager
async def _site(
    app: web.Application, address: str, port: int, certificate: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, address, port, ssl_context=certificate).start()
        yield runner.addresses[0][1]
    finally:
        open_now = [] if runner.server is None else [one.transport for one in runner.server.connections]
        await runner.cleanup()
        # Closing TLS waits half a minute for the client's goodbye; a client that keeps its connections says none.
        for transport in open_now:
            # A TLS transport whose connection is gone raises this when it is aborted (Python before 3.11.4).
            with suppress(AttributeError):
                if transport is not None:
                    transport.abort()
        await asyncio.sleep(0)
