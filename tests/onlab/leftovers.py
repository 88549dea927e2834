"""What a lab holds on to: processes, open files, memory, files. Compared before and after many moves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from drctl.lab import supervisor

if TYPE_CHECKING:
    from drctl.lab.layout import Layout


def processes_of(layout: Layout) -> Counter[tuple[str, str]]:
    """Return how many processes there are of each component and of each workload, by (name, region)."""
    return Counter(
        (part.name.rsplit("-", 2)[0] if part.name.startswith("pod/") else part.name, part.region)
        for part in supervisor.status(layout)
        if part.alive
    )


def open_files_of(layout: Layout) -> dict[str, int]:
    """Return how many files each component has open that has lived on; pods come and go."""
    return {
        part.name: len(list(Path(f"/proc/{part.pid}/fd").iterdir()))
        for part in supervisor.status(layout)
        if part.alive and not part.name.startswith("pod/")
    }


def memory_of(layout: Layout) -> dict[str, int]:
    """Return how many KiB of memory each component has resident."""
    return {
        part.name: int(line.split()[1])
        for part in supervisor.status(layout)
        if part.alive and not part.name.startswith("pod/")
        for line in Path(f"/proc/{part.pid}/status").read_text().splitlines()
        if line.startswith("VmRSS:")
    }


def files_of(root: Path) -> dict[str, int]:
    """Return every file's size, by its path in the lab's folder. A file that goes away meanwhile is left out."""
    sizes = {}
    for path in root.rglob("*"):
        try:
            if path.is_file():
                sizes[str(path.relative_to(root))] = path.stat().st_size
        except FileNotFoundError:
            continue
    return sizes
