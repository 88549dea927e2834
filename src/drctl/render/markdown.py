"""Text inside Markdown: shown as it is, whatever stands in it."""

from __future__ import annotations

import re

from drctl.render.wording import one_line

# What would begin a tag, an emphasis or an escape. An underscore inside a word is none (CommonMark, section 6.2).
_MARKUP = re.compile(r"<(?=\S)|\*|(?<!\w)_|_(?!\w)|\\(?=[!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """Return prose in which nothing but code between backticks is Markdown: `<epoch>` is no HTML tag."""
    parts = one_line(text).split("`")
    # An odd number of backticks closes nothing: all of it is prose then.
    code = parts[1::2] if len(parts) % 2 else []
    if not code:
        return _escaped(one_line(text).replace("`", "'"))
    return "".join(f"`{part}`" if place % 2 else _escaped(part) for place, part in enumerate(parts))


def code(text: str) -> str:
    """Return a value between backticks."""
    return f"`{one_line(text).replace('`', chr(39))}`"


def row(*cells: str) -> str:
    """Return one line of a table; cells are Markdown already."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def head(*names: str) -> tuple[str, str]:
    """Return a table's first two lines."""
    return row(*names), "|" + "---|" * len(names)


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text)
