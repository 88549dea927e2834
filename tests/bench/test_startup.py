"""What `drctl --help` loads. How long it takes is `make bench`'s question: a busy machine must not fail a test."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_LOOK = """
import contextlib, io, json, sys
from drctl.cli.main import app
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    app({arguments})
print(json.dumps(sorted(sys.modules)))
"""

VENDORS = {"kubernetes", "nats", "boto3", "botocore", "cloudflare", "dns", "httpx", "aiohttp", "trustme"}
HEAVY = {"pydantic", "yaml", "structlog", "stamina", "rich", "asyncio", "ssl"}


def test_help_loads_no_vendor_sdk_and_nothing_heavy() -> None:
    assert not _loaded_by("--help") & (VENDORS | HEAVY)


@pytest.mark.parametrize("command", ["failover", "status", "verify", "watch", "runs", "config", "lab"])
def test_a_commands_help_loads_no_vendor_sdk(command: str) -> None:
    # typer itself loads pydantic, where it is installed, for a command with parameters.
    assert not _loaded_by(command, "--help") & (VENDORS | HEAVY - {"pydantic"})


def _loaded_by(*arguments: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", _LOOK.format(arguments=list(arguments))], capture_output=True, text=True, check=True
    )
    return {module.partition(".")[0] for module in json.loads(ended.stdout.splitlines()[-1])}


def test_the_lock_has_every_sdk_that_help_must_not_load() -> None:
    # Else the test above would hold for the wrong reason.
    for module in sorted(VENDORS - {"cloudflare"}):
        subprocess.run(
            [sys.executable, "-c", f"import importlib.util as u; assert u.find_spec('{module}')"], check=True
        )
