"""How a wrong setting is explained to the person who has to mend it.

One line a setting: its name in both spellings, what was given, what is
allowed. Secrets and passwords inside addresses never reach the message, so it
may go to a log or a ticket as it is.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from typing import get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

ENV_PREFIX = "PEREZVON_"
ENV_DELIMITER = "__"
HIDDEN = "(hidden)"

_SECRET_NAME = re.compile(r"secret|token|pass|pwd|(?<!site_)key|pbx|mailbox|telegram|webchat", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(r"([?&][^=&]*(?:secret|token|passw|key)[^=&]*=)[^&]*", re.IGNORECASE)
_LONGEST_SHOWN = 200


class SettingsError(Exception):
    """The settings are wrong; the text names each wrong one and what is allowed. Nothing was started."""

    def __init__(self, complaints: Sequence[str]) -> None:
        super().__init__("\n".join(complaints))


def shown(name: str, value: object) -> str:
    """The value as it may be printed beside its name."""
    if _SECRET_NAME.search(name) or isinstance(value, SecretStr | dict | list | tuple):
        return HIDDEN
    if not isinstance(value, str):
        return json.dumps(value, default=str)
    head, at, rest = value.rpartition("@")
    if at:
        scheme, separator, _ = head.partition("://")
        value = f"{scheme}://***@{rest}" if separator else f"***@{rest}"
    value = _SECRET_PARAMETER.sub(r"\1***", value)
    if len(value) > _LONGEST_SHOWN:
        value = f"{value[:_LONGEST_SHOWN]}…"
    return json.dumps(value, ensure_ascii=False)


def did_you_mean(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def complaints(model: type[BaseModel], error: ValidationError) -> Iterator[str]:
    """One sentence for each wrong setting, in the order of the model."""
    told = set()
    for detail in error.errors(include_url=False):
        place = _Place(model, detail["loc"])
        # A default made from another setting that is itself wrong; and a union complains once a member.
        if detail["type"] == "default_factory_not_called" or place.name in told:
            continue
        told.add(place.name)
        yield _sentence(place, detail)


def _sentence(place: _Place, detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        suggestion = did_you_mean(place.key, place.siblings)
        given = HIDDEN if place.secret else shown(place.key, detail["input"])
        return f"{place.name} = {given} is not a setting{suggestion}; allowed: {', '.join(place.siblings)}"
    if detail["type"] == "missing":
        return f"{place.name} is missing; allowed: {place.allowed}"
    reason = f": {detail['ctx']['error']}" if detail["type"] == "value_error" else ""
    given = HIDDEN if place.secret else shown(place.key, detail["input"])
    return f"{place.name} = {given} is wrong{reason}; allowed: {place.allowed}"


class _Place:
    """Where in the settings something is wrong, found by walking the model along pydantic's location."""

    def __init__(self, model: type[BaseModel], location: tuple[int | str, ...]) -> None:
        self.allowed = ""
        self.key = ""
        self.secret = False
        self.siblings: list[str] = []
        toml, env = "", ENV_PREFIX
        inside: type[BaseModel] | None = model
        for step in location:
            if isinstance(step, int):
                toml, env = f"{toml}[{step}]", f"{env}[{step}]"
                continue
            if inside is None:  # a member of a union, or a key inside a value: no setting of its own
                break
            self.key, self.siblings = step, list(inside.model_fields)
            in_list = "[" in env
            joint = "." if in_list else ENV_DELIMITER if toml else ""
            toml = f"{toml}.{step}" if toml else step
            env = f"{env}{joint}{step if in_list else step.upper()}"
            field = inside.model_fields.get(step)
            if field is None:
                self.secret = _may_be_a_misspelt_secret(step, inside)
                break
            self.allowed = field.description or ""
            self.secret = SecretStr in _types(field)
            inside = next((kind for kind in _types(field) if issubclass(kind, BaseModel)), None)
        self.name = f"{toml} ({env})"


def _may_be_a_misspelt_secret(key: str, model: type[BaseModel]) -> bool:
    secrets = {name for name, field in model.model_fields.items() if SecretStr in _types(field)}
    close = difflib.get_close_matches(key, list(model.model_fields), n=1)
    return bool(secrets) and (not close or close[0] in secrets)


def _types(field: FieldInfo) -> list[type]:
    """The classes a field's annotation is made of: ``tuple[PbxSettings, ...]`` gives ``PbxSettings`` too."""
    found: list[type] = []
    waiting: list[object] = [field.annotation]
    while waiting:
        annotation = waiting.pop()
        if isinstance(annotation, type):
            found.append(annotation)
        waiting.extend(get_args(annotation))
    return found
