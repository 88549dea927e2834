"""TXT values as Route 53 writes them: quoted strings of at most 255 characters, with escapes."""

from __future__ import annotations

import re

_PIECE_MAX = 255
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")


def quoted(text: str) -> str:
    """Return a text as one TXT value."""
    pieces = [text[start : start + _PIECE_MAX] for start in range(0, len(text), _PIECE_MAX)] or [""]
    return " ".join(f'"{_escaped(piece)}"' for piece in pieces)


def unquoted(value: str) -> str:
    """Return the text of one TXT value; pieces are joined without a space, as resolvers do."""
    pieces = _QUOTED.findall(value)
    return "".join(_ESCAPE.sub(_meant, piece) for piece in pieces) if pieces else value


def _escaped(piece: str) -> str:
    return piece.replace("\\", "\\\\").replace('"', '\\"')


def _meant(found: re.Match[str]) -> str:
    said = found.group(1)
    return chr(int(said, 8)) if len(said) == 3 else said
