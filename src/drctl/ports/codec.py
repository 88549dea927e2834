"""A frozen value as bytes, and back."""

from __future__ import annotations

from typing import Protocol, TypeVar

Frozen = TypeVar("Frozen")


class Codec(Protocol[Frozen]):
    """Writes and reads one type of value as JSON."""

    def encode(self, value: Frozen) -> bytes:
        """Return the value as canonical JSON."""
        ...

    def decode(self, payload: bytes) -> Frozen:
        """Return the value.

        Raises:
            RefusedError: The bytes are not such a value.
        """
        ...
