from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

_GOLDEN = Path(__file__).parent / "golden"
_UPDATE = "DRCTL_UPDATE_GOLDEN"


@pytest.fixture
def console() -> Console:
    """A terminal of 80 columns without colours; `console.file` has what was printed."""
    return Console(file=io.StringIO(), width=80, height=60, no_color=True, highlight=False, force_terminal=False)


# A digest covers the whole plan: a new key of drctl.yaml moves it, and no screen looks other for it.
_DIGEST = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{16}\b")


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a screen with the one that was looked at and kept; DRCTL_UPDATE_GOLDEN=1 keeps a new one."""

    def compare(name: str, text: str) -> None:
        file, text = _GOLDEN / name, _DIGEST.sub("digest-of-a-plan", text)
        if os.environ.get(_UPDATE) == "1":
            file.write_text(text)
        assert text == file.read_text(), f"{name} looks other now: {_UPDATE}=1 keeps it, once you have looked"

    return compare
