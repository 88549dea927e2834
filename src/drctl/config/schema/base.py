"""What every part of drctl.yaml shares: strictness, and secrets by reference only."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator

from drctl.config import fields
from drctl.config.fields import LITERAL_SECRET, mistake

_REFERENCE = "Put it into a file of your own (mode 600) and write {file: PATH}, or write {env: NAME}."


class Strict(BaseModel):
    """Unknown keys are refused; nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class FileReference(Strict):
    """A secret by reference: a file."""

    file: fields.FilePath
    """The file's path, relative to this file."""

    @model_validator(mode="before")
    @classmethod
    def _is_no_literal(cls, value: object) -> object:
        return _refuse_literal(value)


class SecretReference(Strict):
    """A secret by reference: a file or an environment variable. It is read when it is needed, and kept nowhere."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["file"]}, {"required": ["env"]}]})

    file: fields.FilePath | None = None
    """The path of a file that holds the secret and nothing else, relative to this file."""
    env: fields.Variable | None = None
    """The name of an environment variable."""

    @model_validator(mode="before")
    @classmethod
    def _is_no_literal(cls, value: object) -> object:
        return _refuse_literal(value)

    @model_validator(mode="after")
    def _names_one_place(self) -> SecretReference:
        if (self.file is None) == (self.env is None):
            raise mistake("must name a file or an environment variable, one of them", _REFERENCE)
        return self


def _refuse_literal(value: object) -> object:
    if isinstance(value, dict | FileReference | SecretReference):
        return value
    raise mistake("is no reference: secrets never stand in this file", _REFERENCE, kind=LITERAL_SECRET)
