"""Every setting, of `streams.config.settings.Settings`: its variable, what it takes, its default, and what it is for."""

import types
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from streams.config.load import shown
from streams.config.settings import Settings
from streams.config.sources import file_variable, is_secret, variable
from tools.reference.tables import code, page, table

WHERE: Final = """\
A value comes from the first of these that has it: the variable; for a secret, the file that the variable with `_FILE`
at its end names; `clientward.toml` in the working directory, or the file that `CLIENTWARD_CONFIG` names, under the setting's
name in small letters; the default. `clientward settings` shows what is in force, and from where.
[Operations](../operations.md#settings) tells which are chosen once."""
NAMES: Final = {str: "text", int: "whole number", float: "number", bool: "yes or no", Path: "path", SecretStr: "secret"}


def settings() -> str:
    """Return the page."""
    rows = (
        (code(variable(name)), _takes(field), _default(field), field.description or "")
        for name, field in Settings.model_fields.items()
    )
    files = (code(file_variable(name)) for name, field in Settings.model_fields.items() if is_secret(field))
    return page(
        "Settings",
        "`streams/config/settings.py`",
        WHERE,
        table(("variable", "takes", "default", "what it is for"), rows),
        f"Secrets may come from files: {', '.join(files)}.",
    )


def _takes(field: FieldInfo) -> str:
    kind = " or ".join(dict.fromkeys(_kinds(field.annotation)))
    limits = {
        name: getattr(each, name) for each in field.metadata for name in ("ge", "le", "pattern") if hasattr(each, name)
    }
    found = [kind]
    if limits.get("ge") is not None and limits.get("le") is not None:
        found.append(f"{limits['ge']:,} to {limits['le']:,}")
    if limits.get("pattern"):
        found.append(code(limits["pattern"]))
    return ", ".join(found)


def _kinds(annotation: Any) -> Iterator[str]:
    """Yield what an annotation takes, in words; None is what a setting is where it is not set."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        # `FilePath` is a path that must be there.
        yield "path of a file" if typing.get_args(annotation)[0] is Path else from_args(annotation)
    elif origin is typing.Literal:
        yield ", ".join(code(value) for value in typing.get_args(annotation))
    elif origin in {typing.Union, types.UnionType}:
        for each in _without_none(typing.get_args(annotation)):
            yield from _kinds(each)
    else:
        yield NAMES[annotation]


def from_args(annotation: Any) -> str:
    """Return what the first argument of an annotation takes."""
    return " or ".join(_kinds(typing.get_args(annotation)[0]))


def _without_none(kinds: Iterable[Any]) -> Iterator[Any]:
    return (kind for kind in kinds if kind is not type(None))


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "the user's folder for state"
    return code(shown(field.default)) or "not set"
