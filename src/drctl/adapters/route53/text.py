"""TXT values as Route 53 writes them: quoted strings of at most 255 bytes each, with escapes in octal.

In the ports a TXT value is its text: the strings joined, one character per byte.
"""

from __future__ import annotations

import re

_STRING_BYTES_MAX = 255
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
# What must not stand plain between the quotes (Route 53 developer guide, "TXT record type"). A space may.
_ESCAPED = re.compile(r'[\x00-\x1f\x7f-\xff"\\]')


def quoted(text: str) -> str:
    """Return a text as one TXT value.

    Raises:
        ValueError: A character that is no single byte.
    """
    text.encode("latin-1")
    starts = range(0, max(len(text), 1), _STRING_BYTES_MAX)
    return " ".join(f'"{_ESCAPED.sub(_octal, text[start : start + _STRING_BYTES_MAX])}"' for start in starts)


def unquoted(value: str) -> str:
    """Return the text of one TXT value. Its strings are joined without a space, as their readers do (RFC 7208, 3.3)."""
    strings = _QUOTED.findall(value)
    return "".join(_ESCAPE.sub(_meant, string) for string in strings) if strings else value


def _octal(found: re.Match[str]) -> str:
    character = found[0]
    return f"\\{character}" if character in {'"', "\\"} else f"\\{ord(character):03o}"


def _meant(found: re.Match[str]) -> str:
    said = found[1]
    return chr(int(said, 8) & 0xFF) if len(said) == 3 else said
