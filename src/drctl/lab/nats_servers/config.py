"""The configuration file of each server, and the command that runs it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drctl.lab.credentials import write_private
from drctl.lab.nats_servers import users

if TYPE_CHECKING:
    from drctl.lab.arrangement import NatsServer
    from drctl.lab.layout import Layout

# Gossip must not go round the link: nothing listens there, so that only the wires of the configuration are dialled.
_ADVERTISED = "127.0.0.1:1"


def write_configs(layout: Layout) -> None:
    """Write every server's configuration file, and a password for each user that has none yet."""
    for server in layout.arrangement.servers:
        # The configuration language of nats-server contains JSON.
        write_private(config_file(layout, server.name), json.dumps(_config(layout, server), indent=2) + "\n")


def rotate(layout: Layout, user: str) -> None:
    """Give a user a new password in its secret file and in every configuration; in force after SIGHUP."""
    users.rotate_password(layout, user)
    write_configs(layout)


def config_file(layout: Layout, server: str) -> Path:
    """Return where a server's configuration is."""
    return layout.root / "nats" / f"{server}.conf"


def argv(layout: Layout, server: str, binary: str = "") -> list[str]:
    """Return the command that runs a server in the foreground; it logs to stderr.

    Raises:
        FileNotFoundError: There is no nats-server beside the interpreter or on the PATH.
    """
    return [binary or find_server(), "-c", str(config_file(layout, server))]


def find_server() -> str:
    """Return the nats-server beside the interpreter, else on the PATH.

    Raises:
        FileNotFoundError: There is none.
    """
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise FileNotFoundError("no nats-server: install drctl[lab]")
    return found


def _config(layout: Layout, server: NatsServer) -> dict[str, Any]:
    arrangement = layout.arrangement
    jetstream = {
        "store_dir": str(layout.root / "nats" / server.name),
        "max_memory_store": 64 * 1024**2,
        "max_file_store": 1024**3,
    }
    if arrangement.has_domains:
        jetstream["domain"] = server.site
    config = {
        "server_name": server.name,
        "listen": f"{server.address}:{layout.ports.nats}",
        "jetstream": jetstream,
        "system_account": "$SYS",
        "accounts": users.accounts(layout),
    }
    if arrangement.is_clustered:
        config["cluster"] = _cluster(layout, server)
    if arrangement.has_gateways:
        config["gateway"] = _gateway(layout, server)
    else:
        config["leafnodes"] = _hub(layout, server) if server.site == arrangement.hub else _remotes(layout, server)
    return config


def _cluster(layout: Layout, server: NatsServer) -> dict[str, Any]:
    port = layout.ports.route
    routes = [f"nats-route://{peer.address}:{port}" for peer in layout.arrangement.of(server.site)]
    return {"name": server.site, "listen": f"{server.address}:{port}", "routes": routes}


def _gateway(layout: Layout, server: NatsServer) -> dict[str, Any]:
    wires = layout.arrangement.wires_from(server.site)
    return {
        "name": server.site,
        "listen": f"{server.address}:{layout.ports.gateway}",
        "advertise": _ADVERTISED,
        "gateways": [
            {
                "name": site,
                "urls": [f"nats://{wire.address}:{layout.ports.link}" for wire in wires if wire.server.site == site],
            }
            for site in layout.arrangement.sites
            if site != server.site
        ],
    }


def _hub(layout: Layout, server: NatsServer) -> dict[str, Any]:
    return {"listen": f"{server.address}:{layout.ports.leaf}", "no_advertise": True}


def _remotes(layout: Layout, server: NatsServer) -> dict[str, Any]:
    """Return the leaf link's dialling side. One side's deny lists are enough for both directions."""
    denied = list(users.DENIED_ON_LINK) if layout.arrangement.has_domains else []
    remotes = [{"urls": _leaf_urls(layout, server, "leaf"), "account": "APP"}]
    remotes[0] |= {"deny_imports": denied, "deny_exports": denied}
    if not layout.arrangement.has_domains:
        remotes.append({"urls": _leaf_urls(layout, server, users.SYSTEM), "account": "$SYS"})
    return {"reconnect": "1s", "remotes": remotes}


def _leaf_urls(layout: Layout, server: NatsServer, user: str) -> list[str]:
    login = f"{user}:{users.password(layout, user)}"
    wires = layout.arrangement.wires_from(server.site)
    return [f"nats-leaf://{login}@{wire.address}:{layout.ports.link}" for wire in wires]
