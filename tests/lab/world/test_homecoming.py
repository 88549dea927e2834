"""The way home as the demo drives it: a failback that falls silent does not keep it for ever."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from drctl.lab.errors import LabError
from drctl.lab.homecoming import come_home

if TYPE_CHECKING:
    from drctl.lab.layout import Layout


def test_a_failback_that_says_nothing_is_given_up_at_the_deadline(layout: Layout) -> None:
    silent = (sys.executable, "-c", "import threading; threading.Event().wait()")

    with pytest.raises(LabError, match="did not end"):
        come_home(layout, lambda *_: silent, lambda _: None, deadline_seconds=0.2)


def test_a_failback_that_ends_is_told_with_its_own_code(layout: Layout) -> None:
    code, opened_at = come_home(layout, lambda *_: (sys.executable, "-c", "raise SystemExit(4)"), lambda _: None)

    assert (code, opened_at) == (4, None)
