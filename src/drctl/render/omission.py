"""What is said before a run goes on without an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.render.page import Page

if TYPE_CHECKING:
    from rich.console import Console

    from drctl.core.item import ItemRef


def print_left_out(console: Console, ref: ItemRef, breaks: tuple[str, ...]) -> None:
    """Print what is not so while an item is left out; it stays open until somebody finishes it."""
    page = Page(console)
    page.prose(f"Left out: {ref}. Until it is finished:")
    for words in breaks:
        page.prose(f"- {words}", 2, 4)
