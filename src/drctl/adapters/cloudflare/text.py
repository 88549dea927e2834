r"""TXT contents: quoted strings of at most 255 bytes each, with the escapes of zone files (RFC 1035, 5.1).

In the ports a TXT value is its text: the strings joined, one character per byte. Cloudflare also keeps contents that
were sent without quotation marks (recorded, dns.md 13). How it treats `\DDD` is not documented: drctl's own notes
need none.
"""

from __future__ import annotations

import re

_STRING_BYTES_MAX = 255
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\([0-9]{3}|.)", re.DOTALL)
_ESCAPED = re.compile(r'[\x00-\x1f\x7f-\xff"\\]')


def quoted(text: str) -> str:
    """Return a text as one TXT content.

    Raises:
        ValueError: A character that is no single byte.
    """
    text.encode("latin-1")
    starts = range(0, max(len(text), 1), _STRING_BYTES_MAX)
    return " ".join(f'"{_ESCAPED.sub(_decimal, text[start : start + _STRING_BYTES_MAX])}"' for start in starts)


def unquoted(content: str) -> str:
    """Return the text of a TXT content. Its strings are joined without a space, as readers do (RFC 7208, 3.3)."""
    if not content.startswith('"'):
        return content
    return "".join(_ESCAPE.sub(_meant, string) for string in _QUOTED.findall(content))


def _decimal(found: re.Match[str]) -> str:
    character = found[0]
    return f"\\{character}" if character in {'"', "\\"} else f"\\{ord(character):03d}"


def _meant(found: re.Match[str]) -> str:
    said = found[1]
    return chr(int(said) & 0xFF) if len(said) == 3 else said
