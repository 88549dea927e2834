"""Short errors: nothing was begun, or nothing more is known than the error itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drctl.core.errors import ConfigError
from drctl.render.wording import masked

if TYPE_CHECKING:
    from drctl.core.errors import DrctlError

# A whole command that the remedy leads to. `drctl resume RUN` still wants a name put in and stays in its sentence;
# so does a command in the middle, which may be what should have been done before.
_COMMAND = re.compile(r"`(drctl (?:[^`A-Z]|\"[^\"`]*\")+)`\.?$")


def runbook_page(code: str) -> str:
    """Return where the page of an error code is."""
    return f"runbooks/errors.md#{code}"


def error_text(error: DrctlError, width: int = 0) -> str:
    """Return what is wrong, every problem, the code with its page, what to do, and at the end the command for it.

    A command wider than the terminal (`width` columns, 0: none) is continued before an option, as a shell takes it.
    """
    lines = [f"error: {masked(error.message)}"]
    if isinstance(error, ConfigError):
        lines += [f"  - {masked(problem)}" for problem in error.problems]
    lines.append(f"({error.code}, exit code {int(error.exit_code)}; see {runbook_page(error.code)})")
    command = _COMMAND.search(error.remedy)
    if remedy := masked(error.remedy[: command.start()] if command else error.remedy).rstrip():
        lines.append(remedy)
    if command:
        lines += _continued(masked(command[1]), width)
    return "\n".join(lines)


def _continued(command: str, width: int) -> list[str]:
    words = [word for word in re.split(r" (?=--)", command) if word]
    lines = [f"  {words[0]}"]
    for word in words[1:]:
        # Two columns for what continues the line.
        if not width or len(lines[-1]) + len(word) + 3 <= width:
            lines[-1] += f" {word}"
        else:
            lines[-1] += " \\"
            lines.append(f"    {word}")
    return lines
