"""Load `Settings` for a command: every mistake told in one line, misspelt names found, and the origin of each value.

`Settings()` alone ignores a variable that it does not know; a person who misspelt one deserves to hear of it.
"""

import difflib
import os
import tomllib
from typing import Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from streams.config.settings import Settings
from streams.config.sources import (
    CONFIG_VARIABLE,
    PREFIX,
    SettingsError,
    config_file,
    file_variable,
    is_secret,
    variable,
)

MASK: Final = "********"
# Variables with our prefix that are no settings: the embedded servers of the demo and the tests read two (streams/embedded),
# `relationship/__init__.py` the third.
READ_ELSEWHERE: Final = {"CLIENTWARD_CACHE_DIR", "CLIENTWARD_MAVEN_URL", "CLIENTWARD_CORE"}


class InForce(NamedTuple):
    """One setting as it is: its value as text (secrets masked), where it came from, and what it is for."""

    name: str
    value: str
    origin: str
    description: str


def load_settings() -> Settings:
    """Return the settings in force. Raises SettingsError with one line for every mistake."""
    unknown = unknown_variables()
    if unknown:
        raise SettingsError(unknown)
    try:
        return Settings()
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{config_file()}: not TOML: {error}; correct it"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{config_file()}: not UTF-8; save it as UTF-8"]) from None
    except ValidationError as error:
        raise SettingsError([_mistake(each) for each in error.errors()]) from None


def unknown_variables() -> list[str]:
    """Return a line for each CLIENTWARD_ variable that nothing reads."""
    known = {CONFIG_VARIABLE, *READ_ELSEWHERE}
    for name, field in Settings.model_fields.items():
        known |= {variable(name), file_variable(name)} if is_secret(field) else {variable(name)}
    unknown = (name for name in sorted(os.environ) if name.startswith(PREFIX) and name not in known)
    return [f"{name}: no such setting; {_nearest(name, known)}" for name in unknown]


def in_force(settings: Settings) -> list[InForce]:
    """Return every setting with its value and origin, secrets masked, in the order of their declaration."""
    return [
        InForce(name, shown(getattr(settings, name)), _origin(name), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def shown(value: object) -> str:
    """Return a setting's value as it may be shown: a secret masked, of a URL only its password."""
    if not isinstance(value, SecretStr):
        return "" if value is None else str(value)
    text = value.get_secret_value()
    return _masked_url(text) if "://" in text else MASK


def _masked_url(url: str) -> str:
    parts = urlsplit(url)
    user, has_user, host = parts.netloc.rpartition("@")
    if has_user:
        host = f"{user.split(':')[0]}:{MASK}@{host}"
    # A query may carry a password too (redis-py reads ?password=).
    return urlunsplit((parts.scheme, host, parts.path, MASK if parts.query else "", ""))


def _origin(name: str) -> str:
    if os.environ.get(variable(name)):
        return variable(name)
    if is_secret(Settings.model_fields[name]) and os.environ.get(file_variable(name)):
        return file_variable(name)
    path = config_file()
    if path is not None and name in tomllib.loads(path.read_text(encoding="utf-8")):
        return str(path)
    return "default"


def _mistake(error: ErrorDetails) -> str:
    """Return one mistake as a line: where, what, and what to do. The value itself may be a secret and stays out."""
    message = error["msg"].removeprefix("Value error, ")
    name = str(error["loc"][0]) if error["loc"] else ""
    field = Settings.model_fields.get(name)
    if field is not None:
        return f"{_where(name)}: {message[0].lower() + message[1:]}; {field.description}"
    if name:
        return f"{config_file()}: no such setting {name!r}; {_nearest(name, set(Settings.model_fields))}"
    return f"settings: {message}"


def _where(name: str) -> str:
    origin = _origin(name)
    return f"{origin}: {name}" if origin == str(config_file()) else origin


def _nearest(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else "`clientward settings` lists them all"
