"""Everything that can be set, in one typed object: `Settings`.

Where a value comes from, first match wins: an argument of `Settings(...)`; the environment variable
`CLIENTWARD_<NAME>`; for a secret, the file that `CLIENTWARD_<NAME>_FILE` names; the TOML file `clientward.toml` of the
working directory, or the one that `CLIENTWARD_CONFIG` names; the default here. An empty variable counts as not set.

`streams.config.load.load_settings` is what a command calls: it also finds misspelt names, tells every mistake in
one line, and says where each value came from. Secrets are `SecretStr`: their text shows in no repr, log or error.
"""

import os
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, FilePath, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from streams.config.kafka import MAX_PORT, KafkaSettings
from streams.config.sources import PREFIX, SecretFilesSource, config_file

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LogFormat = Literal["console", "json"]
MINUTE_US: Final = 60_000_000  # microseconds


def _state_home() -> Path:
    """Return the folder for state that a user may lose: the XDG one, which is never the working directory."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "clientward"


def _is_redis_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its text may repeat the password
        return False


#: The name of the one table: what is kept of every account.
TABLE: Final = "relationships"


class Settings(KafkaSettings):
    """What the worker and every command go by. Frozen: a change means a restart."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    redis_url: Annotated[
        SecretStr,
        Field(
            description="redis:// or rediss:// (TLS) address of the tables, with user, password and database number."
        ),
    ] = SecretStr("redis://127.0.0.1:6379/0")
    group: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$",
            description="This deployment's name: consumer group, and prefix of the changelog topic and the Redis keys.",
        ),
    ] = "clientward"
    instance: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
            description="This worker's own name, the same after a restart: it then has its partitions back at once.",
        ),
    ] = None
    partitions: Annotated[
        int,
        Field(
            ge=1,
            le=1000,
            description="Partitions of every topic; chosen once, since a change moves keys. Caps workers.",
        ),
    ] = 12
    replication: Annotated[
        int,
        Field(ge=1, le=9, description="Copies of every partition; 3 outlives the loss of a broker, 1 outlives none."),
    ] = 1
    intake_retention_days: Annotated[
        int,
        Field(
            ge=1,
            le=36_500,
            description="Days that intake topics keep a record; longer than lateness_days, for replays.",
        ),
    ] = 90
    rejected_retention_days: Annotated[
        int,
        Field(
            ge=1, le=36_500, description="Days that refused records can be redriven; at least intake_retention_days."
        ),
    ] = 180
    decisions_retention_days: Annotated[
        int, Field(ge=1, le=36_500, description="Days of reclassifications that a new subscriber can read back.")
    ] = 1_825
    audit_retention_days: Annotated[
        int, Field(ge=1, le=36_500, description="Days that the audit trail is kept; ten years, as account books are.")
    ] = 3_653
    fetch_max_wait_ms: Annotated[
        int,
        Field(ge=1, le=30_000, description="Milliseconds a fetch may wait for more; it bounds the latency at rest."),
    ] = 50
    fetch_distance_ms: Annotated[
        int,
        Field(
            ge=0,
            le=1_000,
            description="Milliseconds from one fetch to the next at least; where little comes, more of them cost less "
            "processor, and add half of themselves to the latency.",
        ),
    ] = 15
    max_poll_records: Annotated[
        int, Field(ge=1, le=1_000_000, description="Events in one batch at most; it bounds the memory of a batch.")
    ] = 10_000
    cache_accounts: Annotated[
        int,
        Field(
            ge=0,
            le=100_000_000,
            description="Accounts whose record one worker keeps in memory, as bytes; about 2 kB each. 0: none.",
        ),
    ] = 100_000
    lateness_days: Annotated[
        int,
        Field(
            ge=0, le=3_650, description="Days an event may be older than its account's newest; an older one is LATE."
        ),
    ] = 30
    future_minutes: Annotated[
        int,
        Field(ge=0, le=1_440, description="Minutes an event may be ahead of the clock; beyond it is refused as TIME."),
    ] = 5
    max_record_bytes: Annotated[
        int,
        Field(
            ge=1_024, le=10_000_000, description="Bytes of an intake record's value; a longer one is refused as SIZE."
        ),
    ] = 1_000_000
    max_depth: Annotated[
        int, Field(ge=4, le=200, description="Levels that JSON may nest; a deeper record is refused as SIZE.")
    ] = 32
    web_host: Annotated[
        str,
        Field(min_length=1, description="Address of the worker's metrics and probes; 0.0.0.0 opens it to the network."),
    ] = "127.0.0.1"
    web_port: Annotated[
        int, Field(ge=0, le=MAX_PORT, description="Port of the worker's metrics and probes; 0 serves none.")
    ] = 6066
    deliveries_redis_url: Annotated[
        SecretStr | None,
        Field(
            description="Redis that `clientward deliver` keeps its state in, as the console and `clientward deliveries` "
            "log in to it; redis_url if not set."
        ),
    ] = None
    readmodel_url: Annotated[
        SecretStr | None,
        Field(
            description="Database of the console's read model, as postgresql://user:password@host/db; "
            "if not set, a SQLite file in data_dir."
        ),
    ] = None
    data_dir: Path = Field(default_factory=_state_home, description="Folder for what Faust keeps on disk; may be lost.")
    policy_file: Annotated[
        FilePath | None, Field(description="TOML file of the policy that decides; the built-in policy if not set.")
    ] = None
    log_level: Annotated[LogLevel, Field(description="The least urgent log lines to write.")] = "INFO"
    log_format: Annotated[LogFormat, Field(description="console for a person to read, json for a collector.")] = (
        "console"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a folder of secrets: *_FILE serves instead
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Say where values come from, the strongest first."""
        toml = TomlConfigSettingsSource(settings_cls, config_file())
        return init_settings, env_settings, SecretFilesSource(settings_cls), toml

    @field_validator("redis_url", "deliveries_redis_url")
    @classmethod
    def _redis_url_is_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_redis_url(value.get_secret_value()):
            raise ValueError("it must look like redis://host:6379/0 (rediss:// for TLS)")
        return value

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.intake_retention_days <= self.lateness_days:
            raise ValueError(
                "intake_retention_days must be more than lateness_days, or late events are gone before a replay"
            )
        if self.rejected_retention_days < self.intake_retention_days:
            raise ValueError("rejected_retention_days must be at least intake_retention_days")
        return self

    @property
    def changelog_topic(self) -> str:
        """The compacted topic behind the table, named as Faust names it."""
        return f"{self.table}-changelog"

    @property
    def table(self) -> str:
        """What the table's keys in Redis and its changelog begin with, as Faust joins them."""
        return f"{self.group}-{TABLE}"

    def record_limits(self) -> dict[str, int]:
        """Return the keyword arguments of the codec's limits (`streams.wire.codecs.Limits`)."""
        return {
            "max_record_bytes": self.max_record_bytes,
            "max_depth": self.max_depth,
            "future_us": self.future_minutes * MINUTE_US,
        }
