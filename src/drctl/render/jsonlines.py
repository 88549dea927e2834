"""The journal's own records on a stream, line by line, as they become durable."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from drctl.core.verdict import Verdict
    from drctl.ports.journal import Record


class JsonLines:
    """Writes each record as `encode` gives it. A reader that went away is not missed: the journal has everything."""

    def __init__(self, stream: TextIO, encode: Callable[[Record], str | bytes]) -> None:
        self._stream = stream
        self._encode = encode
        self._is_read = True

    def recorded(self, record: Record) -> None:
        """Write one record."""
        if not self._is_read:
            return
        line = self._encode(record)
        text = line.decode() if isinstance(line, bytes) else line
        try:
            self._stream.write(text.rstrip("\n") + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._is_read = False

    def waiting(self, step_id: str, verdict: Verdict, waited: timedelta) -> None:
        """Write nothing: waits are not recorded."""
