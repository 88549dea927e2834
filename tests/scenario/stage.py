"""Where a scenario is played: the real command line and configuration, over the world in memory.

Only what speaks to vendors is exchanged, at the one place that makes it. Runs and the lock are real files.
"""

from __future__ import annotations

import getpass
import re
import shlex
import socket
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.adapters.journal.file_lock import FileLock
from drctl.cli.main import main
from drctl.core.lock import LockRecord
from fakes.calls import ALWAYS, Crashed, Fault
from fakes.shop import EAST, WEST, ZONE, lose_east, make_shop, order, shop_topology, watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    import pytest

    from fakes.clock import FakeClock
    from fakes.cluster import FakeCluster
    from fakes.datastore import FakeDatastore
    from fakes.dns import FakeNames, FakeZone
    from fakes.http import FakeHttp
    from fakes.keeping import FakeEvidence, FakeSamples
    from fakes.secrets import FakeSecrets
    from fakes.world import World

_RUN_ID = re.compile(r"\b\d{8}-\d{6}-(failover|failback|fence|undo)-[0-9a-f]{4}\b")
# A plan file is stamped by this machine's own clock.
_TODAY = re.compile(r"\b(?!2026-03-01)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
# A digest covers the whole plan: a new key of drctl.yaml moves it, and is no news to who reads a story.
_DIGEST = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{16}\b")
_OPERATOR = f"{getpass.getuser()}@{socket.gethostname()}"


_KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{{name: {region}, cluster: {{server: "https://127.0.0.1:1"}}}}]
users: [{{name: {region}, user: {{token: nobody}}}}]
contexts: [{{name: {region}, context: {{cluster: {region}, user: {region}}}}}]
"""


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(0o600)


class Adapters:
    """What `cli.connections.Connections` is, over the fake world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Keep the world as it is."""

    @property
    def clock(self) -> FakeClock:
        return self._world.clock

    @property
    def names(self) -> FakeNames:
        return self._world.names

    @property
    def http(self) -> FakeHttp:
        return self._world.http

    @property
    def samples(self) -> FakeSamples:
        return self._world.samples

    def evidence(self, _run_id: str) -> FakeEvidence:
        return self._world.evidence

    def workloads(self, region: str) -> FakeCluster:
        return self._world.region(region).cluster

    def external_secrets(self, region: str) -> FakeSecrets:
        return self._world.region(region).secrets

    def datastore(self, region: str) -> FakeDatastore:
        return self._world.region(region).datastore

    def zone(self, name: str) -> FakeZone:
        return self._world.zones[name]


@dataclass
class Stage:
    """One folder with a drctl.yaml, one world, and a person who types."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    world: World = field(default_factory=make_shop)

    def __post_init__(self) -> None:
        self.patch.setattr("drctl.cli.session.Connections", lambda *_: Adapters(self.world))
        self.patch.chdir(self.folder)
        for secret in ("nats", "key-id", "key"):
            _write(self.folder / "secrets" / secret, "a secret of nobody's\n")
        for region in (EAST, WEST):
            _write(self.folder / f"{region}.kubeconfig", _KUBECONFIG.format(region=region))
        for name, value in {"COLUMNS": "80", "LINES": "50", "NO_COLOR": "1", "TERM": "dumb"}.items():
            self.patch.setenv(name, value)

    def given(self, what: str) -> None:
        """Let something happen to the world."""
        GIVEN[what](self)

    def type(self, line: str) -> str:
        """Run one command; return its exit code, what it printed, and what it said on stderr."""
        runs = self.folder / "state" / "runs"
        made = sorted(folder.name for folder in runs.glob("*")) or [""]
        self.patch.setattr(sys, "argv", shlex.split(line.replace("FIRST-RUN", made[0]).replace("RUN", made[-1])))
        ended = self._run()
        said = self.capture.readouterr()
        parts = [f"exit {ended}\n", said.out, f"stderr:\n{said.err}" if said.err else ""]
        return self._without_what_differs("".join(parts))

    def _run(self) -> str:
        try:
            main()
        except SystemExit as end:
            return str(end.code or 0)
        except Crashed:
            self.world.start_new_process()
            return "killed"
        return "0"

    def _without_what_differs(self, text: str) -> str:
        text = text.replace(str(self.folder), "FOLDER").replace(_OPERATOR, "ann@desk")
        text = _DIGEST.sub("digest-of-a-plan", _TODAY.sub("NOW", _RUN_ID.sub("RUN", text)))
        return "".join(f"{line.rstrip()}\n" for line in text.splitlines())

    def take_lock(self) -> None:
        """Let a colleague's run hold the lock."""
        believes = "failover east -> west, emergency"
        record = LockRecord(
            "20260301-025900-failover-0bee", "bob@desk", believes, "smoke:west", self.world.clock.now(), 0
        )
        self._colleague = FileLock(self.folder / "state" / "lock")
        assert self._colleague.take(record)

    def free_lock(self) -> None:
        self._colleague.release("20260301-025900-failover-0bee")


def _east_dies(stage: Stage) -> None:
    lose_east(stage.world, shop_topology())


def _east_is_back(stage: Stage) -> None:
    order(stage.world, 2, WEST)
    stage.world.bring_back(EAST)
    stage.world.heal_link()


def _east_dies_unwatched(stage: Stage) -> None:
    stage.world.kill(EAST)
    stage.world.clock.wait(timedelta(minutes=1))


def _somebody_scales(stage: Stage) -> None:
    stage.world.region(WEST).cluster.named("api").set_replicas(1, "kubectl-scale")


def _settings_are_important(stage: Stage) -> None:
    file = stage.folder / "drctl.yaml"
    both = '  - {names: ["KV_*"], tier: important}\n  - names: ["*"]\n'
    text = file.read_text()
    assert '  - names: ["*"]\n' in text
    file.write_text(text.replace('  - names: ["*"]\n', both))


def _refuse_settings(stage: Stage) -> None:
    stage.world.calls.fail(f"{WEST}/datastore/promote KV_SETTINGS", Fault.REFUSED, ALWAYS)


def _refuse_mailer(stage: Stage) -> None:
    stage.world.calls.fail(f"{WEST}/cluster/scale deployment/shop/mailer", Fault.REFUSED, ALWAYS)


GIVEN: dict[str, Callable[[Stage], None]] = {
    "watch has looked for some seconds": lambda stage: watch(stage.world, shop_topology(), 2),
    "the link is cut, three orders come, and east dies": _east_dies,
    "east dies and nobody watched": _east_dies_unwatched,
    "east is back, and so is the link": _east_is_back,
    "Route 53 refuses every change": lambda stage: stage.world.calls.fail(f"{ZONE}/dns/swap", Fault.REFUSED, ALWAYS),
    "Route 53 does not say what became of the next change": lambda stage: stage.world.calls.fail(
        f"{ZONE}/dns/swap", Fault.UNANSWERED
    ),
    "drctl is killed before its next promotion": lambda stage: stage.world.calls.fail(
        f"{WEST}/datastore/promote*", Fault.CRASH_BEFORE
    ),
    "west's shop stores each order and answers nobody": lambda stage: stage.world.calls.fail(
        f"{WEST}/http/write *", Fault.UNANSWERED, ALWAYS
    ),
    "a customer orders in west right before its fence": lambda stage: stage.world.calls.before(
        f"{WEST}/datastore/fence ORDERS", lambda: order(stage.world, 1, WEST)
    ),
    "a customer orders in west": lambda stage: order(stage.world, 1, WEST),
    "the bucket KV_SETTINGS is important, not critical": _settings_are_important,
    "west refuses to promote KV_SETTINGS": _refuse_settings,
    "west refuses to scale the mailer": _refuse_mailer,
    "all vendors are well again": lambda stage: stage.world.calls.heal(),
    "somebody scales west's api to 1": _somebody_scales,
    "bob runs a failover": Stage.take_lock,
    "bob's run has ended": Stage.free_lock,
}
