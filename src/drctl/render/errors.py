"""Short errors: nothing was begun, or nothing more is known than the error itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.core.errors import ConfigError
from drctl.render.wording import masked

if TYPE_CHECKING:
    from drctl.core.errors import DrctlError


def runbook_page(code: str) -> str:
    """Return where the page of an error code is."""
    return f"runbooks/errors.md#{code}"


def error_text(error: DrctlError) -> str:
    """Return what is wrong, every problem, the code with its page, and at the end what to do."""
    lines = [f"error: {masked(error.message)}"]
    if isinstance(error, ConfigError):
        lines += [f"  - {masked(problem)}" for problem in error.problems]
    lines.append(f"({error.code}, exit code {int(error.exit_code)}; see {runbook_page(error.code)})")
    if error.remedy:
        lines.append(masked(error.remedy))
    return "\n".join(lines)
