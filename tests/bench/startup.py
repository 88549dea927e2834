"""How long `drctl --help` takes, as a multiple of an empty Python on the same machine."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

RATIO_MAX = 13.0
ROUNDS = 21

EMPTY = (sys.executable, "-c", "pass")
HELP = (str(Path(sys.executable).with_name("drctl")), "--help")


def main() -> int:
    """Print both medians and their ratio. Interleaved, so that a busy machine slows both."""
    seconds: dict[tuple[str, ...], list[float]] = {EMPTY: [], HELP: []}
    for command in seconds:
        _seconds(command)  # the first one fills the disk's cache
    for _ in range(ROUNDS):
        for command, taken in seconds.items():
            taken.append(_seconds(command))
    empty, shown = (median(taken) for taken in seconds.values())
    ratio = shown / empty
    sys.stdout.write(
        f"python -c pass {empty * 1000:.1f} ms, drctl --help {shown * 1000:.1f} ms (medians of {ROUNDS}): "
        f"{ratio:.1f} times, at most {RATIO_MAX:g}\n"
    )
    return int(ratio > RATIO_MAX)


def _seconds(command: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
