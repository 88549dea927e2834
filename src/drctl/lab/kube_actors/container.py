"""One container: a process that is started, asked whether it is ready, started again when it ends, and ended."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from drctl.lab.kube_actors.container_environment import ConfigMissingError, resolve
from drctl.lab.kube_actors.probes import Probe
from drctl.lab.kube_api.objects import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.lab.kube_actors.node import Node
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.objects import JsonObject

_ENTER = Path(__file__).with_name("enter_container.py")
_CONFIG_RETRY_SECONDS = 0.5
# A container that ran this long starts its back-off anew, as at a real kubelet after ten minutes.
_FORGIVEN_SECONDS = 60.0


class Container:
    """The life of one container. `grace_seconds` is how long it has to end by itself once it is asked to.

    `tell` is called whenever something changed, `warn` with a reason and a message.
    """

    def __init__(
        self,
        spec: JsonObject,
        environment: dict[str, str],
        node: Node,
        tell: Callable[[], None],
        warn: Callable[[str, str], None],
    ) -> None:
        self.spec = spec
        self.grace_seconds = 30.0
        self.is_ready = False
        self._own_environment = environment
        self._node = node
        self._tell = tell
        self._warn = warn
        self._state: JsonObject = _waiting("ContainerCreating", "")
        self._last_state: JsonObject = {}
        self._restarts = 0
        self._pid = 0

    def status(self) -> JsonObject:
        """Return its entry in `status.containerStatuses`."""
        image = self.spec.get("image", "")
        return {
            "name": self.spec["name"],
            "image": image,
            "imageID": image,
            "containerID": f"lab://{self._pid}" if self._pid else "",
            "ready": self.is_ready,
            "started": "running" in self._state,
            "restartCount": self._restarts,
            "state": self._state,
            "lastState": self._last_state,
        }

    async def run(self, cluster: Cluster, pod: JsonObject) -> None:
        """Keep it running until cancelled; when this returns there is no process any more."""
        crashes = 0
        while True:
            environment, argv, probe = await self._prepared(cluster, pod)
            began = asyncio.get_running_loop().time()
            code = await self._run_once(argv, environment, probe)
            crashes = 1 if asyncio.get_running_loop().time() - began > _FORGIVEN_SECONDS else crashes + 1
            # The first restart is immediate, as at a real kubelet; the next ones wait longer each time.
            if crashes > 1:
                await self._back_off(crashes - 2, pod, code)
            self._restarts += 1

    async def _prepared(self, cluster: Cluster, pod: JsonObject) -> tuple[dict[str, str], list[str], Probe | None]:
        """Return environment, command and probe as soon as all can be had; meanwhile say what is missing."""
        while True:
            try:
                environment = self._own_environment | resolve(cluster, pod, self.spec)
                return environment, _argv(self.spec, environment), Probe.of(self.spec)
            except ConfigMissingError as problem:
                self._wait_for("CreateContainerConfigError", str(problem))
            except (FileNotFoundError, ValueError) as problem:
                self._wait_for("RunContainerError", str(problem))
            await asyncio.sleep(_CONFIG_RETRY_SECONDS)

    def _wait_for(self, reason: str, message: str) -> None:
        self._warn("Failed", f"Error: {message}")
        self._change(_waiting(reason, message))

    async def _run_once(self, argv: list[str], environment: dict[str, str], probe: Probe | None) -> int:
        began = timestamp()
        with self._log().open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-S", str(_ENTER), str(os.getpid())),
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        self._pid = process.pid
        asking = asyncio.create_task(self._ask(probe))
        try:
            self._change({"running": {"startedAt": began}}, ready=probe is None)
            code = await process.wait()
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            await self._end(process)
        ended = {"startedAt": began, "finishedAt": timestamp(), "containerID": f"lab://{self._pid}"} | _exit(code)
        self._change({"terminated": ended})
        self._last_state = {"terminated": ended}
        return code

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        # Not asyncio.timeout: in a task that was cancelled, as this one is, Python 3.11.2 raises no TimeoutError.
        ended = asyncio.create_task(process.wait())
        done, _ = await asyncio.wait({ended}, timeout=self.grace_seconds)
        if not done:
            with suppress(ProcessLookupError):
                process.kill()
        await ended

    async def _ask(self, probe: Probe | None) -> None:
        if probe is None:
            return
        await asyncio.sleep(probe.initial_delay_seconds)
        was_ready, failed, passed = False, 0, 0
        while True:
            problem = await probe.ask(self._own_environment["POD_IP"])
            failed, passed = (failed + 1, 0) if problem else (0, passed + 1)
            if problem:
                self._warn("Unhealthy", problem)
            if self.is_ready and failed >= probe.failures:
                self._change(self._state, ready=False)
            elif not self.is_ready and passed >= probe.successes:
                was_ready = True
                self._change(self._state, ready=True)
            await asyncio.sleep(probe.pause_seconds(was_ready=was_ready))

    async def _back_off(self, steps: int, pod: JsonObject, code: int) -> None:
        seconds = min(self._node.back_off_seconds * 2**steps, self._node.back_off_seconds_max)
        name = f"{pod['metadata']['name']}_{pod['metadata']['namespace']}({pod['metadata']['uid']})"
        message = f"back-off {seconds:g}s restarting failed container={self.spec['name']} pod={name}"
        self._warn("BackOff", f"Back-off restarting failed container {self.spec['name']} in pod {name} (exit {code})")
        self._change(_waiting("CrashLoopBackOff", message))
        await asyncio.sleep(seconds)

    def _change(self, state: JsonObject, *, ready: bool = False) -> None:
        self._state, self.is_ready = state, ready
        self._tell()

    def _log(self) -> Path:
        self._node.logs.mkdir(parents=True, exist_ok=True)
        return self._node.logs / f"pod-{self._node.region}-{self._own_environment['POD_NAME']}.log"


def _waiting(reason: str, message: str) -> JsonObject:
    return {"waiting": {"reason": reason} | ({"message": message} if message else {})}


def _exit(code: int) -> JsonObject:
    """Return how it ended; a signal counts as 128 and its number, as container runtimes do it."""
    if code < 0:
        return {"exitCode": 128 - code, "signal": -code, "reason": "Error"}
    return {"exitCode": code, "reason": "Error" if code else "Completed"}


def _argv(spec: JsonObject, environment: dict[str, str]) -> list[str]:
    """Return the command; `python` in every image is the one that runs the lab.

    Raises:
        FileNotFoundError: There is no such program.
    """
    argv = [*(spec.get("command") or ()), *(spec.get("args") or ())]
    if not argv:
        raise FileNotFoundError("no command specified: the lab's images have none of their own")
    if argv[0] in {"python", "python3"}:
        return [sys.executable, *argv[1:]]
    if shutil.which(argv[0], path=environment.get("PATH")) is None:
        raise FileNotFoundError(f'exec: "{argv[0]}": executable file not found in $PATH')
    return argv
