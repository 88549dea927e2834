"""One mistake in drctl.yaml: where, what is wrong, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel

from drctl.config.fields import EXPECTED_BY_PATTERN, LITERAL_SECRET
from drctl.config.schema import API_VERSION, VENDORS, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Where = tuple[str | int, ...]

_ASK_SCHEMA = "Compare it with `drctl config init --stdout`, or ask `drctl config schema`."
_SHOWN_MAX = 40
_NUMBER = ("must be a number", "Write it without quotes and without a unit.")
_SWITCH = ("must be true or false", "Write it without quotes.")
_KEYS = ("must be keys with values", _ASK_SCHEMA)
_WRONG_TYPE = {
    "tuple_type": ("must be a list", "Begin each entry with `- `, or leave the key out."),
    "model_type": _KEYS,
    "dict_type": _KEYS,
    "int_type": _NUMBER,
    "float_type": _NUMBER,
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
}
# Their values are never shown, whatever was written there.
_SECRET_KEYS = frozenset({"password", "creds", "access_key_id", "secret_access_key", "api_token", "key"})


@dataclass(frozen=True, slots=True)
class Mistake:
    """Where it is, what is wrong there, and an imperative sentence."""

    where: Where
    what: str
    remedy: str

    def told(self, line: int) -> str:
        """Return it as one line of text."""
        return f"{path_text(self.where)} (line {line}): {self.what}. {self.remedy}"


def path_text(where: Where) -> str:
    """Return a place as people write it: `regions[0].nats.url`."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or "the file"


def mistakes_of(error: ValidationError) -> tuple[Mistake, ...]:
    """Return pydantic's errors in drctl's words, without any value that may be a secret."""
    return tuple(_translated(details) for details in error.errors(include_url=False))


def _translated(details: ErrorDetails) -> Mistake:
    tagged, kind = details["loc"], details["type"]
    where = tuple(part for number, part in enumerate(tagged) if not _is_vendor_tag(tagged, number))
    match kind:
        case "extra_forbidden":
            return Mistake(where, "unknown key", _nearest(tagged))
        case "missing":
            return Mistake(where, "is missing", f"Add it: {_purpose(tagged)}")
        case "union_tag_invalid" | "union_tag_not_found":
            where = (*where, "vendor")
            return Mistake(where, "is no vendor that drctl knows", f"Give one of {', '.join(VENDORS)}.")
        case "string_too_short" | "too_short":
            return Mistake(where, "is empty", f"Fill it: {_purpose(tagged)}")
        case _:
            what, remedy = _of_value(details)
            return Mistake(where, f"{what}{_found(where, kind, details['input'])}", remedy)


def _of_value(details: ErrorDetails) -> tuple[str, str]:
    """Return what is wrong with a value, and the remedy."""
    context: dict[str, Any] = details.get("ctx", {})
    if "remedy" in context:
        return context["message"], context["remedy"]
    if details["loc"] == ("apiVersion",):
        return "is no version that this drctl reads", f"Write {API_VERSION}."
    if details["type"] == "string_type":
        return "must be text", _quoting(details["input"])
    if "pattern" in context:
        return f"must be {EXPECTED_BY_PATTERN[context['pattern']]}", "Write it in that form."
    if "expected" in context:
        return f"must be {context['expected']}", "Choose one of these."
    return _WRONG_TYPE.get(details["type"], (details["msg"].removeprefix("Input "), _ASK_SCHEMA))


def _is_vendor_tag(where: Where, number: int) -> bool:
    """Say whether a part of a place is pydantic's name of the zone's kind, which no reader wrote."""
    return number == 2 and where[0] == "dns" and where[2] in VENDORS


def _found(where: Where, kind: str, value: object) -> str:
    if kind == LITERAL_SECRET or _SECRET_KEYS & set(where) or "://" in str(value):
        return ""
    if value is None:
        return " (nothing is there)"
    if isinstance(value, str | int | float):
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        return f" (found {shown[:_SHOWN_MAX]!r})"
    return ""


def _quoting(value: object) -> str:
    if isinstance(value, bool):
        return "Put it into quotes: YAML reads yes, no, on and off as true and false."
    if value is None or isinstance(value, list | dict):
        return "Give a text."
    return f'Put it into quotes: "{value}".'


def _nearest(where: Where) -> str:
    known = sorted({key for model in _models(where[:-1]) for key in model.model_fields})
    near = get_close_matches(str(where[-1]), known, n=1)
    if near:
        return f"The nearest known key is `{near[0]}`: rename it, or take it out."
    return f"Take it out; known here: {', '.join(known)}."


def _purpose(where: Where) -> str:
    key = where[-1]
    for model in _models(where[:-1]):
        if key in model.model_fields:
            return f"{model.model_fields[str(key)].description}"
    return _ASK_SCHEMA


def _models(where: Where) -> tuple[type[BaseModel], ...]:
    """Return the models whose keys may stand at a place."""
    found: tuple[type[BaseModel], ...] = (Settings,)
    for part in where:
        if part in VENDORS:
            found = tuple(model for model in found if part in get_args(model.model_fields["vendor"].annotation))
        elif isinstance(part, str):
            kinds = [model.model_fields[part].annotation for model in found if part in model.model_fields]
            found = tuple(inner for kind in kinds for inner in _models_in(kind))
    return found


def _models_in(kind: object) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    elif get_origin(kind) is not Literal:
        for part in get_args(kind):
            yield from _models_in(part)
