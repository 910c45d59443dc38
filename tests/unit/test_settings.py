"""Settings: where values come from, what is refused and in which words, and that secrets stay secret."""

import os
import re
from pathlib import Path

import pytest

from streams.config.load import in_force, load_settings, shown
from streams.config.settings import Settings
from streams.config.sources import SettingsError

CANARY = "canary-5d1f"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but the test's own: an empty folder and no CLIENTWARD_ variable."""
    for name in [name for name in os.environ if name.startswith("CLIENTWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def mistakes() -> list[str]:
    """Load the settings, which must fail, and return the lines."""
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return caught.value.lines


def test_defaults_are_valid() -> None:
    """With nothing set, everything has a value that passes its own checks."""
    settings = load_settings()
    assert settings.partitions == 12
    assert settings.bootstrap_servers == ["127.0.0.1:9092"]
    assert settings.changelog_topic == "clientward-relationships-changelog"


def test_every_setting_says_what_it_is_for() -> None:
    """No setting is without a description, and none is longer than a line can hold."""
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_environment_beats_file_beats_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable wins over the TOML file, the file over the default; an empty variable counts as not set."""
    Path("clientward.toml").write_text('partitions = 4\ngroup = "from-file"\nmax_depth = 9\n', encoding="utf-8")
    monkeypatch.setenv("CLIENTWARD_GROUP", "from-env")
    monkeypatch.setenv("CLIENTWARD_MAX_DEPTH", "")
    settings = load_settings()
    assert (settings.partitions, settings.group, settings.max_depth) == (4, "from-env", 9)
    origins = {row.name: row.origin for row in in_force(settings)}
    assert origins["partitions"] == "clientward.toml"
    assert origins["group"] == "CLIENTWARD_GROUP"
    assert origins["web_port"] == "default"


def test_config_variable_names_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CLIENTWARD_CONFIG replaces clientward.toml, and must name a file."""
    other = tmp_path / "other.toml"
    other.write_text("partitions = 3\n", encoding="utf-8")
    monkeypatch.setenv("CLIENTWARD_CONFIG", str(other))
    assert load_settings().partitions == 3
    monkeypatch.setenv("CLIENTWARD_CONFIG", "nowhere.toml")
    assert mistakes() == ["CLIENTWARD_CONFIG: there is no file nowhere.toml; correct the path or unset the variable"]


def test_secret_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`*_FILE` gives a secret, without the line end that editors add."""
    secret = tmp_path / "secret"
    secret.write_text(CANARY + "\n", encoding="utf-8")
    monkeypatch.setenv("CLIENTWARD_KAFKA_PASSWORD_FILE", str(secret))
    settings = load_settings()
    assert settings.kafka_password is not None
    assert settings.kafka_password.get_secret_value() == CANARY
    assert "CLIENTWARD_KAFKA_PASSWORD_FILE" in {row.origin for row in in_force(settings)}


def test_secret_given_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A secret and its file at once is a mistake: nobody knows which was meant."""
    (tmp_path / "secret").write_text("a", encoding="utf-8")
    monkeypatch.setenv("CLIENTWARD_KAFKA_PASSWORD", CANARY)
    monkeypatch.setenv("CLIENTWARD_KAFKA_PASSWORD_FILE", "secret")
    assert mistakes() == ["CLIENTWARD_KAFKA_PASSWORD_FILE: CLIENTWARD_KAFKA_PASSWORD is set too; keep one of the two"]


def test_secret_file_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret's file that cannot be read is told with its path."""
    monkeypatch.setenv("CLIENTWARD_REDIS_URL_FILE", "nowhere")
    [line] = mistakes()
    assert line.startswith("CLIENTWARD_REDIS_URL_FILE: cannot read nowhere (FileNotFoundError)")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CLIENTWARD_PARTITIONS", "twelve", "valid integer"),
        ("CLIENTWARD_PARTITIONS", "0", "greater than or equal to 1"),
        ("CLIENTWARD_KAFKA_BOOTSTRAP", "broker", "'broker' is not host:port"),
        ("CLIENTWARD_KAFKA_BOOTSTRAP", "a:1,b:99999", "'b:99999' is not host:port"),
        ("CLIENTWARD_LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("CLIENTWARD_POLICY_FILE", "nowhere.toml", "does not point to a file"),
        ("CLIENTWARD_REDIS_URL", "localhost", "redis://host:6379/0"),
        ("CLIENTWARD_GROUP", "Not A Group", "pattern"),
    ],
)
def test_bad_value_is_one_line(name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that does not fit is told in one line, with its variable and what the setting is for."""
    monkeypatch.setenv(name, value)
    [line] = mistakes()
    assert line.startswith(f"{name}: ")
    assert told in line
    assert "\n" not in line


def test_every_mistake_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two mistakes give two lines, so that both can be mended at once."""
    monkeypatch.setenv("CLIENTWARD_PARTITIONS", "x")
    monkeypatch.setenv("CLIENTWARD_WEB_PORT", "y")
    assert len(mistakes()) == 2


def test_misspelt_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that nothing reads is told, with the nearest one that exists."""
    monkeypatch.setenv("CLIENTWARD_PARTITION", "3")
    assert mistakes() == ["CLIENTWARD_PARTITION: no such setting; did you mean CLIENTWARD_PARTITIONS?"]


def test_misspelt_key_in_the_file() -> None:
    """So is a key of the TOML file."""
    Path("clientward.toml").write_text("partition = 3\n", encoding="utf-8")
    assert mistakes() == ["clientward.toml: no such setting 'partition'; did you mean partitions?"]


@pytest.mark.parametrize("content", [b"partitions = = 3", b"\xff\xfe"])
def test_file_that_is_no_toml(content: bytes) -> None:
    """A file that is no TOML, or no text, is told by its name."""
    Path("clientward.toml").write_bytes(content)
    [line] = mistakes()
    assert line.startswith("clientward.toml: not ")


def test_parts_must_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """SASL needs a login, and retention must outlive the lateness."""
    monkeypatch.setenv("CLIENTWARD_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    assert mistakes() == ["settings: SASL_SSL needs kafka_username and kafka_password"]
    monkeypatch.delenv("CLIENTWARD_KAFKA_SECURITY_PROTOCOL")
    monkeypatch.setenv("CLIENTWARD_LATENESS_DAYS", "90")
    assert "intake_retention_days must be more than lateness_days" in mistakes()[0]


def test_secrets_are_in_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret shows neither in the object's repr nor in what is shown; of a URL only the password is hidden."""
    monkeypatch.setenv("CLIENTWARD_KAFKA_PASSWORD", CANARY)
    monkeypatch.setenv("CLIENTWARD_REDIS_URL", f"redis://worker:{CANARY}@cache:6379/2?password={CANARY}")
    settings = load_settings()
    rows = {row.name: row.value for row in in_force(settings)}
    assert CANARY not in repr(settings)
    assert CANARY not in str(rows)
    assert rows["redis_url"] == "redis://worker:********@cache:6379/2?********"
    assert list(rows.values()).count("********") == 1


@pytest.mark.parametrize("url", [f"http://u:{CANARY}@h:1/", f"redis://u:{CANARY}@[h/", f"redis://u:{CANARY}@h:port/"])
def test_secrets_are_in_no_error(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with a secret is told without repeating it."""
    monkeypatch.setenv("CLIENTWARD_REDIS_URL", url)
    assert CANARY not in str(mistakes())


def test_client_options() -> None:
    """Both aiokafka and Faust get the same login; without TLS there is no context, with it there is one."""
    plain = Settings(kafka_bootstrap="a:1, b:2")
    assert plain.kafka_client_options() == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
    }
    assert plain.faust_credentials() is None
    secured = Settings(kafka_security_protocol="SASL_SSL", kafka_username="u", kafka_password=CANARY)  # type: ignore[arg-type]
    options = secured.kafka_client_options()
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert options["sasl_plain_password"] == CANARY
    assert options["ssl_context"] is not None
    credentials = secured.faust_credentials()
    assert credentials is not None
    assert credentials.protocol.value == "SASL_SSL"
    assert CANARY not in repr(credentials)


def test_shown_leaves_plain_values_alone() -> None:
    """What is no secret is shown as it is, and what is not set as nothing."""
    assert shown(12) == "12"
    assert shown(None) == ""
    assert re.fullmatch(r".+/clientward", shown(Settings().data_dir))
