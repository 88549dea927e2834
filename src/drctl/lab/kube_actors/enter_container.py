"""Becomes a container's program: `python enter_container.py KUBELET_PID PROGRAM ARGUMENTS...`.

Run as a file, without site packages, so that it costs 20 ms and not a whole start of Python.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its kubelet, then become the program."""
    # The kernel kills us when the kubelet ends, however it ends; that holds across exec (prctl(2)).
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)  # it ended before it could be asked for
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - becoming that program is what this is for


if __name__ == "__main__":
    main()
