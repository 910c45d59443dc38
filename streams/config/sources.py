"""Where settings come from beside the plain environment, and what is said when they are wrong.

No value of a secret is repeated in an error. Knows `Settings` only by its fields, so that `streams.config.settings` can
build on this module.
"""

import os
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

PREFIX: Final = "CLIENTWARD_"
CONFIG_VARIABLE: Final = "CLIENTWARD_CONFIG"
DEFAULT_CONFIG: Final = Path("clientward.toml")


class SettingsError(ValueError):
    """Settings that cannot be used. `lines`: one mistake each, and what to do about it."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def config_file() -> Path | None:
    """Return the TOML file to read, or None. Raises SettingsError where CLIENTWARD_CONFIG names no file."""
    named = os.environ.get(CONFIG_VARIABLE)
    if not named:
        return DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None
    if not Path(named).is_file():
        raise SettingsError([f"{CONFIG_VARIABLE}: there is no file {named}; correct the path or unset the variable"])
    return Path(named)


def is_secret(field: FieldInfo) -> bool:
    """Return whether a field's value must not be shown."""
    return "SecretStr" in str(field.annotation)


def variable(name: str) -> str:
    """Return the environment variable of the setting `name`."""
    return PREFIX + name.upper()


def file_variable(name: str) -> str:
    """Return the environment variable that names a file with the secret `name`."""
    return variable(name) + "_FILE"


def read_secret(name: str) -> SecretStr | None:
    """Return the secret in the file that its `_FILE` variable names, or None. One trailing line end is dropped."""
    path = os.environ.get(file_variable(name))
    if not path:
        return None
    if os.environ.get(variable(name)):
        raise SettingsError([f"{file_variable(name)}: {variable(name)} is set too; keep one of the two"])
    try:
        return SecretStr(Path(path).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r"))
    except (OSError, UnicodeDecodeError) as error:
        why = f"cannot read {path} ({type(error).__name__}); make it a text file that this user may read"
        raise SettingsError([f"{file_variable(name)}: {why}"]) from None


class SecretFilesSource(PydanticBaseSettingsSource):
    """Secrets from files, as container engines hand them over: `CLIENTWARD_KAFKA_PASSWORD_FILE=/run/secrets/…`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the secret, its name and that it is not JSON; None for what is no secret or not given."""
        return (read_secret(field_name) if is_secret(field) else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the secrets that came from files."""
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}
