"""Text on a console: prose is broken at its width, a command never is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from drctl.render.wording import filled, masked, one_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_WIDEST = 100
_LABEL = 17


class Page:
    """Prints words as they are: nothing in them is taken for markup, nothing reaches the terminal as an order."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.width = min(console.width, _WIDEST)

    def heading(self, words: str, style: str = "bold") -> None:
        """Print one line that stands out, behind an empty one."""
        self._console.print()
        self._print(one_line(words), style)

    def prose(self, words: str, indent: int = 0, hanging: int | None = None, style: str = "") -> None:
        """Print words over as many lines as they need."""
        margin = " " * (indent if hanging is None else hanging)
        for line in filled(words, self.width, " " * indent, margin):
            self._print(line, style)

    def labelled(self, label: str, words: str, style: str = "", width: int = _LABEL) -> None:
        """Print a label, `width` columns for it, and beside it words."""
        first, *more = filled(words, self.width - width) or [""]
        self._console.print(Text.assemble((f"{label:<{width}}", "bold"), (first, style)), soft_wrap=True)
        for line in more:
            self._print(" " * width + line, style)

    def command(self, line: str, indent: int = 2) -> None:
        """Print one shell line, whole, so that it can be copied."""
        self._print(" " * indent + masked(line), "cyan")

    def rule(self, words: str) -> None:
        """Print a line across the page with words in it."""
        self._print(f"-- {one_line(words)} ".ljust(self.width, "-"), "bold red")

    def blank(self) -> None:
        """Print an empty line."""
        self._console.print()

    def show(self, renderable: RenderableType) -> None:
        """Print a table."""
        self._console.print(renderable)

    def _print(self, line: str, style: str) -> None:
        self._console.print(Text(line, style=style), soft_wrap=True)
