"""Ports for one lab that no other lab of this user takes, also while a region is dead and its ports look free."""

from __future__ import annotations

import os
import random
import socket
import tempfile
import time
from pathlib import Path

# Below Linux' ephemeral range (32768 and up), so that no outgoing connection ever sits on one of these.
_RANGE = range(20000, 32000)
_BLOCK = 32
# A lab that lives longer keeps its ports by using them; only those of a dead region are then up for the taking.
_CLAIM_SECONDS = 3600.0


def claim_ports(count: int, folder: Path | None = None) -> list[int]:
    """Return that many ports, free now in every address of this machine, out of a block claimed for an hour.

    A claim is a file in the system's folder for temporary files. Blocks without a claim come first, in random
    order, then those with the oldest: a full folder never keeps a lab from starting.

    Raises:
        RuntimeError: No block has so many free ports.
    """
    claims = folder or Path(tempfile.gettempdir()) / f"drctl-lab-ports-{os.getuid()}"
    claims.mkdir(mode=0o700, exist_ok=True)
    starts = random.sample(_RANGE[::_BLOCK], len(_RANGE[::_BLOCK]))
    for start in sorted(starts, key=lambda start: _claimed_at(claims / str(start))):
        free = [port for port in range(start, start + _BLOCK) if _is_free(port)]
        if len(free) >= count and _claim(claims / str(start)):
            return free[:count]
    raise RuntimeError(f"no {count} free ports between {_RANGE.start} and {_RANGE.stop}")


def _claimed_at(file: Path) -> float:
    """Return when a block was claimed; 0 where no claim holds any more."""
    try:
        at = file.stat().st_mtime
    except FileNotFoundError:
        return 0.0
    return at if time.time() - at < _CLAIM_SECONDS else 0.0


def _claim(file: Path) -> bool:
    """Claim a block; False where somebody did so a moment ago."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if _claimed_at(file) > time.time() - 1:
            return False
        os.utime(file)
    return True


def _is_free(port: int) -> bool:
    """Say whether a port is free in every address of this machine: the lab has many."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True
