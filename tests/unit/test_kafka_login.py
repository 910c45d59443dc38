"""Who we are to Kafka: certificates and tokens, and each mistake that can be seen from here told in words of its own."""

import base64
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization as s

from clientward_client import TokenError, WrongUseError
from clientward_client.certificates import Certificate, inspect
from clientward_client.connection import kafka_options
from clientward_client.tokens import claims, command_tokens, file_tokens
from streams.config.load import load_settings
from streams.config.settings import Settings
from streams.config.sources import SettingsError

CANARY = "canary-77aa"
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but the test's own: an empty folder and no CLIENTWARD_ variable."""
    for name in [name for name in os.environ if name.startswith("CLIENTWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs."""
    return trustme.CA()


def written(path: Path, *blobs: trustme.Blob) -> Path:
    """Write PEMs into a file, and return it."""
    path.write_bytes(b"".join(blob.bytes() for blob in blobs))
    return path


def pair(folder: Path, made: trustme.LeafCert, name: str = "mine") -> Certificate:
    """Write a certificate and its key into two files."""
    return Certificate(
        written(folder / f"{name}.pem", *made.cert_chain_pems), written(folder / f"{name}.key", made.private_key_pem)
    )


def locked(made: trustme.LeafCert, path: Path) -> Path:
    """Write a certificate's key under the password `CANARY`."""
    key = s.load_pem_private_key(made.private_key_pem.bytes(), None)
    path.write_bytes(
        key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(CANARY.encode()))
    )
    return path


def test_a_certificate_says_who_it_is_and_until_when(authority: trustme.CA, tmp_path: Path) -> None:
    """The subject is written as Kafka writes a principal, the end is the certificate's."""
    end = NOW.replace(microsecond=0) + timedelta(days=20)
    made = authority.issue_cert("w@example.com", common_name="worker", organization_name="Shop", not_after=end)
    shown = inspect(pair(tmp_path, made))
    assert shown.subject.startswith("CN=worker,OU=")
    assert shown.subject.endswith(",O=Shop")
    assert shown.ends == end.timestamp()
    one = Certificate(written(tmp_path / "both.pem", made.private_key_and_cert_chain_pem))
    assert inspect(one) == shown


def test_a_key_with_a_password_opens_with_it(authority: trustme.CA, tmp_path: Path) -> None:
    """And never asks at the terminal: without the password, and with a wrong one, it is a line."""
    made = authority.issue_cert("w@example.com")
    whole = pair(tmp_path, made)._replace(key_file=locked(made, tmp_path / "locked.key"), key_password=CANARY)
    assert inspect(whole).ends > time.time()
    for password, text in (("", "has a password"), ("wrong", "does not open with this password")):
        with pytest.raises(WrongUseError, match=text) as told:
            inspect(whole._replace(key_password=password))
        assert CANARY not in str(told.value)


def bad(kind: str, folder: Path, authority: trustme.CA) -> Certificate:
    """Return a certificate of which something is wrong."""
    made = authority.issue_cert("w@example.com")
    good, other = pair(folder, made), pair(folder, authority.issue_cert("x@example.com"), "other")
    day = timedelta(days=1)
    expired = authority.issue_cert("w@example.com", not_before=NOW - 2 * day, not_after=NOW - day)
    early = authority.issue_cert("w@example.com", not_before=NOW + day, not_after=NOW + 2 * day)
    cases: dict[str, Callable[[], Certificate]] = {
        "expired": lambda: pair(folder, expired),
        "early": lambda: pair(folder, early),
        "another's key": lambda: good._replace(key_file=other.key_file),
        "no key in it": lambda: good._replace(key_file=None),
        "no certificate": lambda: good._replace(file=other.key_file or good.file),
        "no PEM": lambda: good._replace(file=written(folder / "no.pem", trustme.Blob(b"certainly not"))),
        "key away": lambda: good._replace(key_file=folder / "nowhere.key"),
        "certificate away": lambda: good._replace(file=folder / "nowhere.pem"),
    }
    return cases[kind]()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("expired", "mine.pem is expired; have it renewed"),
        ("early", "mine.pem is not valid yet"),
        ("another's key", "other.key belongs to another certificate than"),
        ("no key in it", "mine.pem holds no private key"),
        ("no certificate", "other.key holds no certificate"),
        ("no PEM", "no.pem holds no certificate"),
        ("key away", "nowhere.key cannot be read (No such file or directory)"),
        ("certificate away", "nowhere.pem cannot be read (No such file or directory)"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told_apart(
    kind: str, text: str, authority: trustme.CA, tmp_path: Path
) -> None:
    """Dates, key, file: each in one line that names the file."""
    with pytest.raises(WrongUseError) as told:
        inspect(bad(kind, tmp_path, authority))
    assert text in str(told.value)
    assert "\n" not in str(told.value)


def mistake(monkeypatch: pytest.MonkeyPatch, **variables: object) -> str:
    """Load settings of Kafka's, which must fail with one line, and return it."""
    for name, value in variables.items():
        monkeypatch.setenv(f"CLIENTWARD_KAFKA_{name}", str(value))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    (line,) = caught.value.lines
    assert CANARY not in line
    return line


def test_settings_of_mutual_tls_must_fit(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, tmp_path: Path
) -> None:
    """A key without a certificate, a certificate without TLS, a file that is not there, one that is expired."""
    good = pair(tmp_path, authority.issue_cert("w@example.com"))
    assert "kafka_key_file needs kafka_cert_file" in mistake(monkeypatch, KEY_FILE=good.key_file)
    assert "kafka_cert_file is shown over TLS alone" in mistake(monkeypatch, CERT_FILE=good.file)
    monkeypatch.setenv("CLIENTWARD_KAFKA_SECURITY_PROTOCOL", "SSL")
    settings = load_settings()
    assert settings.kafka_client_options()["ssl_context"] is not None
    line = mistake(monkeypatch, KEY_FILE="nowhere.key")
    assert line.startswith("CLIENTWARD_KAFKA_KEY_FILE: path does not point to a file")
    expired = pair(tmp_path, authority.issue_cert("w@example.com", not_after=NOW - timedelta(hours=1)), "old")
    line = mistake(monkeypatch, CERT_FILE=expired.file, KEY_FILE=expired.key_file)
    assert line == f"settings: the certificate {expired.file} is expired; have it renewed, or look at this clock"


def test_settings_of_tokens_must_fit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """OAUTHBEARER wants a file or a command, one of them; a file that is there, a program that is there."""
    variables = {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "OAUTHBEARER"}
    neither = "settings: OAUTHBEARER needs kafka_token_file or kafka_token_command, one of the two"
    assert mistake(monkeypatch, **variables) == neither
    line = mistake(monkeypatch, TOKEN_FILE="nowhere")
    assert line.startswith("CLIENTWARD_KAFKA_TOKEN_FILE: path does not point to a file")
    (tmp_path / "token").write_text(CANARY)
    monkeypatch.setenv("CLIENTWARD_KAFKA_TOKEN_FILE", "token")
    assert load_settings().kafka_client_options()["sasl_oauth_token_provider"] is not None
    assert mistake(monkeypatch, TOKEN_COMMAND=f"{sys.executable} {CANARY}") == neither
    monkeypatch.delenv("CLIENTWARD_KAFKA_TOKEN_FILE")
    line = mistake(monkeypatch, TOKEN_COMMAND=f"no-such-program {CANARY}")
    assert line.startswith("CLIENTWARD_KAFKA_TOKEN_COMMAND: there is no program 'no-such-program'")
    assert "CLIENTWARD_KAFKA_TOKEN_COMMAND: no closing quotation" in mistake(monkeypatch, TOKEN_COMMAND='"')


def test_the_workers_faust_logs_in_as_all_others_do(authority: trustme.CA, tmp_path: Path) -> None:
    """Its credentials hold the same certificate and the same tokens, so that one command serves all connections."""
    file = tmp_path / "token"
    file.write_text("t")
    mine = pair(tmp_path, authority.issue_cert("w@example.com"))
    login = Settings(kafka_security_protocol="SASL_SSL", kafka_sasl_mechanism="OAUTHBEARER", kafka_token_file=file)
    credentials = login.faust_credentials()
    assert credentials is not None
    assert credentials.oauth_cb is login.kafka_client_options()["sasl_oauth_token_provider"]
    shown = Settings(kafka_security_protocol="SSL", kafka_cert_file=mine.file, kafka_key_file=mine.key_file)
    credentials = shown.faust_credentials()
    assert credentials is not None
    assert credentials.protocol.value == "SSL"


def jwt(**said: object) -> str:
    """Return a token that nobody signed."""
    words = ({"alg": "none"}, said)
    return ".".join(base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in words) + "."


async def test_a_token_file_is_read_again(tmp_path: Path) -> None:
    """What renews it tells nobody: the next connection has the new token, and an expired one is told with its time."""
    file = tmp_path / "token"
    tokens = file_tokens(file)
    first, second = jwt(sub="a", exp=time.time() + 60), jwt(sub="b", exp=time.time() + 60)
    for each in (first, second):
        file.write_text(each + "\n")
        assert await tokens.token() == each
    assert claims(second)["sub"] == "b"
    file.write_text(jwt(sub="c", exp=1_000_000_000))
    with pytest.raises(TokenError, match="expired at 2001-09-09T01:46:40"):
        await tokens.token()
    assert "expired" in (tokens.failure or "")
    file.write_text("opaque")
    assert await tokens.token() == "opaque"
    assert tokens.failure is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "gives no token"),
        (CANARY.encode() + b" and more", "gives no token"),
        (CANARY.encode() + b"\x01auth=other", "gives no token"),
        (b"\xff\xfe", "cannot be read (not UTF-8)"),
    ],
)
async def test_a_token_file_without_a_token(content: bytes | None, text: str, tmp_path: Path) -> None:
    """It is away, empty, or holds something else: one line, without what it holds."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(TokenError) as told:
        await file_tokens(file).token()
    assert text in str(told.value)
    assert CANARY not in str(told.value)


def counting(folder: Path, then: str) -> str:
    """Return a command that adds a line to the file `runs`, and then does something."""
    script = folder / "tokens.py"
    script.write_text(f"import sys, time\nopen({str(folder / 'runs')!r}, 'a').write('x')\n{then}\n")
    return f"{sys.executable} {script} {CANARY}"


async def test_a_command_is_run_once_for_a_burst_of_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a minute its token is used again, but not beyond its end."""
    clock = [time.time()]
    monkeypatch.setattr("clientward_client.tokens.time.time", lambda: clock[0])
    tokens = command_tokens(counting(tmp_path, f"print({jwt(exp=clock[0] + 300)!r})"))
    assert len({await tokens.token() for _ in range(3)}) == 1
    assert (tmp_path / "runs").read_text() == "x"
    clock[0] += 61
    await tokens.token()
    assert (tmp_path / "runs").read_text() == "xx"
    clock[0] += 210
    assert await tokens.token() == await tokens.token()  # in its last half minute it is asked for anew, each time
    assert (tmp_path / "runs").read_text() == "xxxx"
    clock[0] += 30
    with pytest.raises(TokenError, match="expired"):
        await tokens.token()


@pytest.mark.parametrize(
    ("then", "text"),
    [
        ("print('no such client', file=sys.stderr); sys.exit(3)", "failed with exit code 3: no such client"),
        ("sys.exit(1)", "failed with exit code 1: it says nothing"),
        ("pass", "gives no token"),
        ("time.sleep(60)", "took more than 1 s"),
    ],
)
async def test_a_command_that_gives_no_token(
    then: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails, says nothing, or hangs, and is ended: each in a line that shows none of its arguments."""
    monkeypatch.setattr("clientward_client.tokens.COMMAND_SECONDS", 1.0 if "sleep" in then else 60.0)
    with pytest.raises(TokenError) as told:
        await command_tokens(counting(tmp_path, then)).token()
    assert text in str(told.value)
    assert CANARY not in str(told.value)


async def test_a_command_that_cannot_be_run(tmp_path: Path) -> None:
    """A program that has gone since the start is told by its name."""
    with pytest.raises(TokenError, match=r"gone cannot be run \(No such file or directory\)"):
        await command_tokens(f"{tmp_path}/gone {CANARY}").token()


def test_the_client_takes_the_same_variables(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, tmp_path: Path
) -> None:
    """A subscriber's environment is the worker's, and its mistakes are lines too."""
    made = authority.issue_cert("s@example.com")
    mine = pair(tmp_path, made)
    monkeypatch.setenv("CLIENTWARD_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("CLIENTWARD_KAFKA_SASL_MECHANISM", "OAUTHBEARER")
    with pytest.raises(WrongUseError, match="TOKEN_FILE or CLIENTWARD_KAFKA_TOKEN_COMMAND"):
        kafka_options()
    monkeypatch.setenv("CLIENTWARD_KAFKA_TOKEN_FILE", "token")
    monkeypatch.setenv("CLIENTWARD_KAFKA_KEY_FILE", str(locked(made, tmp_path / "locked.key")))
    with pytest.raises(WrongUseError, match="needs CLIENTWARD_KAFKA_CERT_FILE"):
        kafka_options()
    monkeypatch.setenv("CLIENTWARD_KAFKA_CERT_FILE", str(mine.file))
    with pytest.raises(WrongUseError, match="has a password"):
        kafka_options()
    (tmp_path / "password").write_text(CANARY + "\n")
    monkeypatch.setenv("CLIENTWARD_KAFKA_KEY_PASSWORD_FILE", "password")
    options = kafka_options()
    assert options["sasl_oauth_token_provider"] is not None
    assert options["ssl_context"] is not None
    own = object()
    assert kafka_options({"sasl_oauth_token_provider": own})["sasl_oauth_token_provider"] is own
