"""The listing of records: filters, order, pages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drctl.lab.cloudflare_api.model import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from drctl.lab.cloudflare_api.model import Record

_PER_PAGE, _PER_PAGE_MAX = 100, 5000
_ORDERS = ("type", "name", "content", "ttl", "proxied")
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "exact": lambda found, wanted: found == wanted,
    "contains": lambda found, wanted: wanted in found,
    "startswith": lambda found, wanted: found.startswith(wanted),
    "endswith": lambda found, wanted: found.endswith(wanted),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page, and what the envelope says of it."""

    shown: tuple[Record, ...]
    info: dict[str, int]


def listed(records: tuple[Record, ...], query: Mapping[str, str]) -> Page:
    """Return the page that a query asks for. Past the end it is empty, which is how the SDK finds the end.

    Raises:
        ApiError: The page or the order cannot be.
    """
    found = [record for record in records if _matches(record, query)]
    order = query.get("order", "name")
    if order not in _ORDERS:
        raise ApiError(400, 9207, "Request parameters are invalid: order")
    found.sort(
        key=lambda record: (getattr(record, order), record.name, record.type, record.content),
        reverse=query.get("direction") == "desc",
    )
    number, size = _number(query, "page", 1), min(_number(query, "per_page", _PER_PAGE), _PER_PAGE_MAX)
    shown = tuple(found[(number - 1) * size : number * size])
    info = {
        "page": number,
        "per_page": size,
        "count": len(shown),
        "total_count": len(found),
        "total_pages": math.ceil(len(found) / size),
    }
    return Page(shown, info)


def _matches(record: Record, query: Mapping[str, str]) -> bool:
    answers = list(_answers(record, query))
    if query.get("match", "all") == "any":
        return any(answers) or not answers
    return all(answers)


def _answers(record: Record, query: Mapping[str, str]) -> Iterator[bool]:
    """Yield what each filter says. Filters do not care for capitals."""
    for key, wanted in query.items():
        field, _, test = key.partition(".")
        if field in {"name", "content", "comment"} and (test or "exact") in _TESTS:
            found: Any = getattr(record, field) or ""
            yield _TESTS[test or "exact"](found.lower(), wanted.lower())
        elif key == "type":
            yield record.type == wanted.upper()
        elif key == "proxied":
            yield record.proxied == (wanted == "true")


def _number(query: Mapping[str, str], key: str, usual: int) -> int:
    try:
        number = int(float(query.get(key, usual)))
    except ValueError:
        number = 0
    if number < 1:
        raise ApiError(400, 9207, f"Request parameters are invalid: {key}")
    return number
