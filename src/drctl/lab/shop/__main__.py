"""`python -m drctl.lab.shop --role api|worker|mailer`: one pod, told by its environment where and who it is."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import signal

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run one pod until a signal ends it. SIGTERM keeps its default action: the pod is gone at once."""
    _die_with_the_actor()
    parser = argparse.ArgumentParser(prog="drctl.lab.shop")
    parser.add_argument("--role", choices=("api", "worker", "mailer"), required=True)
    role = parser.parse_args().role
    # After the call above: a pod must not outlive an actor that is killed while the pod still imports.
    from drctl.lab.shop import api, mailer, worker  # noqa: PLC0415

    run = {"api": api.run, "worker": worker.run, "mailer": mailer.run}[role]
    asyncio.run(run())


def _die_with_the_actor() -> None:
    """Ask the kernel to SIGKILL this process when the thread that started it ends (prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    main()
