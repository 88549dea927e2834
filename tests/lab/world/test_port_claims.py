"""Labs side by side never share a port, not even one that a dead region has left free."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

from drctl.lab.port_claims import claim_ports

if TYPE_CHECKING:
    from pathlib import Path


def test_two_labs_share_no_port_although_nobody_listens(tmp_path: Path) -> None:
    taken = [port for _ in range(20) for port in claim_ports(19, tmp_path)]

    assert len(set(taken)) == len(taken) == 380


def test_a_port_that_somebody_uses_is_not_given_out(tmp_path: Path) -> None:
    (free, *_) = claim_ports(1, tmp_path / "first")
    with socket.socket() as used:
        used.bind(("127.0.0.1", free))
        given = {port for _ in range(300) for port in claim_ports(12, tmp_path / "second")}

    assert free not in given


def test_when_every_block_is_claimed_the_oldest_claim_gives_way(tmp_path: Path) -> None:
    now = time.time()
    for place, start in enumerate(range(20000, 32000, 32)):
        (tmp_path / str(start)).touch()
        os.utime(tmp_path / str(start), (now - 1000 + place, now - 1000 + place))

    assert claim_ports(3, tmp_path)[0] // 32 == 20000 // 32


def test_a_claim_of_yesterday_holds_nothing(tmp_path: Path) -> None:
    for start in range(20000, 32000, 32):
        (tmp_path / str(start)).touch()
        if start == 25600:
            os.utime(tmp_path / str(start), (0, 0))

    assert claim_ports(3, tmp_path)[0] // 32 == 25600 // 32
