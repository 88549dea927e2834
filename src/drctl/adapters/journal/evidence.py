"""Files that a run keeps beside its journal."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from drctl.adapters.journal import durable
from drctl.core.errors import RefusedError
from drctl.ports.evidence import KeptFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class FileEvidence:
    """`EvidenceWriter` in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def kept(self, name: str) -> KeptFile | None:
        """Return a file as it is now, or None if there is none.

        Raises:
            RefusedError: The file cannot be read.
        """
        path = self._folder / name
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RefusedError(
                f"{path} cannot be read: {error.strerror}.", remedy=f"Look at it: `ls -l {path}`."
            ) from error
        return KeptFile(str(path), content.count(b"\n"), hashlib.sha256(content).hexdigest())

    def keep(self, name: str, lines: Iterable[str]) -> KeptFile:
        """Write lines to a file of that name, durably; the same lines again give the same file.

        Raises:
            RefusedError: The file cannot be written.
        """
        path = self._folder / name
        held = [f"{line}\n".encode() for line in lines]
        content = b"".join(held)
        try:
            durable.make_folder(self._folder)
            durable.replace(path, content)
        except OSError as error:
            raise RefusedError(
                f"{path} cannot be written: {error.strerror}.",
                remedy=f"Make room for it, or look at it: `ls -ld {self._folder}`.",
            ) from error
        return KeptFile(str(path), len(held), hashlib.sha256(content).hexdigest())
