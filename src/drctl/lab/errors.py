"""What goes wrong with a lab, in words for the one who started it."""

from __future__ import annotations

from drctl.core.errors import DrctlError


class LabError(DrctlError):
    """The lab cannot be started, reached or changed; shown without a traceback."""

    code = "lab"
