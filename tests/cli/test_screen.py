"""stdout carries the result; who reads it may leave before its end."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PRINTS = {
    "text": "screen.out.print('done')",
    "a document": "screen.result({'done': True})",
    "a line": "screen.line('done')",
}


@pytest.mark.parametrize("prints", _PRINTS.values(), ids=_PRINTS.keys())
def test_a_reader_that_left_changes_no_exit_code(prints: str) -> None:
    told = (
        "import sys\n"
        "from drctl.cli.screen import open_screen\n"
        "screen = open_screen()\n"
        "sys.stdin.read()\n"
        f"for _ in range(3): {prints}\n"
        "sys.exit(10)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", told], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.close()

    _, said = child.communicate(timeout=60)

    assert (child.returncode, said) == (10, b"")
