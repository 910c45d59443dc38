"""How the brokers are reached: arguments of aiokafka, from `CLIENTWARD_KAFKA_…` variables as everywhere in Clientward.

`BOOTSTRAP`, `SECURITY_PROTOCOL`, `SASL_MECHANISM`, `USERNAME`, `PASSWORD` (or `PASSWORD_FILE`), `CA_FILE`, and for a
client's certificate `CERT_FILE` and `KEY_FILE`. Whatever a caller gives as aiokafka's own arguments comes first.
"""

import os
import ssl
from collections.abc import AsyncIterator, Container, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiokafka import errors as kafka

from clientward_client.errors import NotAllowedError, TopicMissingError, UnreachableError, WrongUseError

DEFAULT_BOOTSTRAP: Final = "127.0.0.1:9092"
# Ms for a broker to answer: longer than the half second that a fetch may wait, short enough to notice a broker that hangs.
REQUEST_TIMEOUT_MS: Final = 15_000
_REFUSED: Final = (
    kafka.AuthenticationFailedError,
    kafka.SaslAuthenticationFailed,
    kafka.TopicAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
)


def kafka_options(given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the arguments by which an aiokafka client reaches the brokers. Raises WrongUseError."""
    protocol = _variable("SECURITY_PROTOCOL") or "PLAINTEXT"
    options: dict[str, Any] = {
        "bootstrap_servers": _variable("BOOTSTRAP") or DEFAULT_BOOTSTRAP,
        "security_protocol": protocol,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
    }
    if protocol.endswith("SSL"):
        options["ssl_context"] = _ssl_context()
    if "SASL" in protocol:
        user, password = _variable("USERNAME"), _password()
        if not (user and password) and not (given and "sasl_oauth_token_provider" in given):
            raise WrongUseError(f"{protocol} needs CLIENTWARD_KAFKA_USERNAME and CLIENTWARD_KAFKA_PASSWORD")
        options["sasl_mechanism"] = _variable("SASL_MECHANISM") or "SCRAM-SHA-512"
        options["sasl_plain_username"], options["sasl_plain_password"] = user, password
    return options | dict(given or {})


@asynccontextmanager
async def named_errors(options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Turn the errors of a client that cannot go on into ours; others pass."""
    servers = options["bootstrap_servers"]
    try:
        yield
    except kafka.KafkaConnectionError as error:
        raise UnreachableError(
            f"no broker answers at {servers} ({error}); is the address right, and Kafka up?"
        ) from error
    except _REFUSED as error:
        raise NotAllowedError(
            f"Kafka at {servers} refuses: {error or type(error).__name__}; look at the user, its password and its rights"
        ) from error


def require_topics(wanted: Iterable[str], there: Container[str]) -> None:
    """Raise TopicMissingError where one of the topics is missing: a consumer would wait for it without a word."""
    if missing := [topic for topic in wanted if topic not in there]:
        raise TopicMissingError(
            f"there is no topic {', '.join(missing)} that this user may read; run `clientward topics apply`, "
            "or give the user the right to read it"
        )


def _variable(name: str) -> str | None:
    return os.environ.get(f"CLIENTWARD_KAFKA_{name}") or None


def _password() -> str | None:
    file = _variable("PASSWORD_FILE")
    if file is None:
        return _variable("PASSWORD")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise WrongUseError(f"CLIENTWARD_KAFKA_PASSWORD_FILE: {file}: {error.strerror}; name a file to read") from None


def _ssl_context() -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=_variable("CA_FILE"))
        certificate = _variable("CERT_FILE")
        if certificate is not None:
            context.load_cert_chain(certificate, _variable("KEY_FILE"))
    except OSError as error:
        raise WrongUseError(
            f"CLIENTWARD_KAFKA_CA_FILE, _CERT_FILE, _KEY_FILE: {error}; name PEM files to read"
        ) from None
    return context
