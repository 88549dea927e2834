"""Frozen dataclasses as canonical JSON, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Generic

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from drctl.core.errors import RefusedError
from drctl.ports.codec import Frozen

# The one place where a text and a moment may stand side by side: `Fact.value`. JSON has no moments, so that one
# is marked; every other moment is known by its field's type and stays a plain RFC 3339 text.
_TEXT_OR_MOMENT = "value"
_MARK = "moment"


def canonical(tree: object) -> bytes:
    """Return JSON with sorted keys and no spaces: equal trees give equal bytes.

    Raises:
        ValueError: A number is not finite.
    """
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


class DataclassCodec(Generic[Frozen]):
    """Writes and reads one type; members of a union are told apart by their Literal fields.

    Moments must be aware and are written in UTC. Keys that a type does not know are ignored, so that a release
    reads what its predecessor wrote.
    """

    def __init__(self, type_: Any) -> None:  # noqa: ANN401  # a union or an Annotated is no `type`
        self._adapter: TypeAdapter[Frozen] = TypeAdapter(type_)
        self._name: str = getattr(type_, "__name__", "value of the expected kind")

    def encode(self, value: Frozen) -> bytes:
        """Return the value as canonical JSON.

        Raises:
            ValueError: A moment is naive, a number is not finite, or the value is not of this codec's type.
        """
        try:
            tree = self._adapter.dump_python(value, warnings="error")
        except PydanticSerializationError as error:
            raise ValueError(f"{type(value).__name__} does not fit this codec: {error}") from error
        return canonical(to_jsonable_python(_mark_moments(tree)))

    def decode(self, payload: bytes) -> Frozen:
        """Return the value.

        Raises:
            RefusedError: The bytes are not such a value.
        """
        try:
            return self._adapter.validate_python(json.loads(payload, object_hook=_read_moment))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the value"
            message = f"{where}: {first['msg']} ({error.error_count()} mistakes)"
        except ValueError as error:
            message = f"not readable: {error}"
        raise RefusedError(
            f"these bytes are no {self._name}: {message}",
            remedy="Read them with the drctl version that wrote them.",
        )


def _mark_moments(tree: object) -> object:
    match tree:
        case dict():
            return {key: _mark(key, value) for key, value in tree.items()}
        case list() | tuple():
            return [_mark_moments(value) for value in tree]
        case datetime():
            return _in_utc(tree)
        case _:
            return tree


def _mark(key: object, value: object) -> object:
    if key == _TEXT_OR_MOMENT and isinstance(value, datetime):
        return {_MARK: _in_utc(value)}
    return _mark_moments(value)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)


def _read_moment(tree: dict[str, object]) -> object:
    match tree:
        case {"moment": str(text)} if len(tree) == 1:
            return datetime.fromisoformat(text)
        case _:
            return tree
