"""YAML with the line of every key, and without keys that stand twice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from drctl.config.mistakes import Mistake, Where
from drctl.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


_MERGE = "tag:yaml.org,2002:merge"
_QUOTED = re.compile(r"'[^']{2,}'")


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, on which lines, and the keys that it says twice."""

    data: object
    lines: Mapping[Where, int]
    twice: tuple[Mistake, ...]

    def line(self, where: Where) -> int:
        """Return the line of a key, or of the nearest thing around it that is there."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)


def read_document(path: Path) -> Document:
    """Read one YAML file by the safe loader.

    Raises:
        ConfigError: It cannot be read, or is no YAML. The error never quotes the file: a secret may stand there.
    """
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"there is no configuration at {path}.",
            remedy="Write one with `drctl config init`, or name yours with --config FILE or DRCTL_CONFIG.",
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}.", remedy=f"Look at it: `ls -ld {path}`."
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError):
        raise ConfigError(
            f"{path} is no text in UTF-8.", remedy="Save it as UTF-8 without control characters."
        ) from None
    try:
        node = loader.get_single_node()
        if node is None:
            raise ConfigError(f"{path} is empty.", remedy="Write one with `drctl config init --config OTHER_FILE`.")
        # Before construction, which resolves merge keys in place.
        lines, twice = _walk(node)
        return Document(loader.construct_document(node), lines, twice)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(
            f"{path} is no YAML{_place(error)}: {_problem(error)}.",
            remedy="Mend that line; mind its indentation, and put values with `: ` or ` #` in them into quotes.",
        ) from None
    except ValueError:
        raise ConfigError(
            f"{path} has a value that looks like a date or a number and is none.", remedy="Put it into quotes."
        ) from None
    finally:
        loader.dispose()


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _problem(error: yaml.MarkedYAMLError) -> str:
    """Return YAML's own words without what it quotes: `password: *hunter2` is an unknown alias to it."""
    return _QUOTED.sub("'...'", error.problem or error.context or "it cannot be read")


def _walk(root: yaml.Node) -> tuple[dict[Where, int], tuple[Mistake, ...]]:
    lines: dict[Where, int] = {}
    twice = []
    for where, node in _keys((), root, set()):
        line = node.start_mark.line + 1
        if where in lines:
            what = f"stands twice, on lines {lines[where]} and {line}"
            twice.append(Mistake(where, what, "Keep one of the two."))
        else:
            lines[where] = line
    return lines, tuple(twice)


def _keys(where: Where, node: yaml.Node, entered: set[int]) -> Iterator[tuple[Where, yaml.Node]]:
    """Yield every key and list entry with its place. What an alias repeats is entered once."""
    if id(node) in entered:
        return
    entered.add(id(node))
    inside: list[tuple[str | int, yaml.Node, yaml.Node]]
    if isinstance(node, yaml.MappingNode):
        inside = [(str(key.value), key, value) for key, value in node.value if key.tag != _MERGE]
    elif isinstance(node, yaml.SequenceNode):
        inside = [(number, value, value) for number, value in enumerate(node.value)]
    else:
        return
    for part, marked, value in inside:
        here = (*where, part)
        yield here, marked
        yield from _keys(here, value, entered)
