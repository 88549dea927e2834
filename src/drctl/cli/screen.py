"""Where text goes: the result to stdout, everything else to stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from rich.console import Console

from drctl.cli.options import Output

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

_SECRET_KEYS = ("password", "token", "secret", "authorization", "credential", "access_key")


class _Paper(Console):
    """A console whose reader may leave: what was done is done, and the exit code says so."""

    def on_broken_pipe(self) -> None:
        """Write to nobody from here on."""
        self.quiet = True
        _write_to_nobody()


def _write_to_nobody() -> None:
    nobody = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nobody, sys.stdout.fileno())
    os.close(nobody)


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _write_to_nobody()


@dataclass(frozen=True, slots=True)
class Screen:
    """One command's two streams, and what its stdout carries."""

    out: Console
    err: Console
    output: Output
    quiet: bool

    def result(self, document: object) -> None:
        """Print a JSON document as the command's result; with `jsonl` it is one line."""
        indent = None if self.output is Output.JSONL else 2
        _write(json.dumps(document, indent=indent, default=str) + "\n")

    def text(self, document: str) -> None:
        """Print a document as the command's result, as it is."""
        _write(document.rstrip("\n") + "\n")

    def line(self, text: str) -> None:
        """Print one line of a stream of JSON documents."""
        _write(text.rstrip("\n") + "\n")

    @property
    def can_ask(self) -> bool:
        """Say whether there is a person to ask."""
        return sys.stdin.isatty() and self.err.is_terminal


def open_screen(
    *, output: Output = Output.TEXT, quiet: bool = False, no_color: bool = False, verbose: bool = False
) -> Screen:
    """Return the streams as the options want them, and set logging up."""
    plain = no_color or bool(os.environ.get("NO_COLOR"))
    out = _Paper(no_color=plain, highlight=False, soft_wrap=False)
    err = Console(stderr=True, no_color=plain, highlight=False)
    _set_logging(verbose=verbose)
    return Screen(out, err, output, quiet)


def _set_logging(*, verbose: bool) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.LogfmtRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if verbose else logging.ERROR),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def redact(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ARG001
    """Blank every field whose name says that it may hold a secret."""
    for key in event:
        if any(word in key.lower() for word in _SECRET_KEYS):
            event[key] = "[redacted]"
    return event
