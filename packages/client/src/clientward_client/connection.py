"""How the brokers are reached: arguments of aiokafka, from `CLIENTWARD_KAFKA_…` variables as everywhere in Clientward.

`BOOTSTRAP`, `SECURITY_PROTOCOL`, `SASL_MECHANISM`, `USERNAME`, `PASSWORD` (or `PASSWORD_FILE`), `CA_FILE`; for a client's
certificate `CERT_FILE`, `KEY_FILE` and `KEY_PASSWORD` (or `KEY_PASSWORD_FILE`); for OAUTHBEARER `TOKEN_FILE` or
`TOKEN_COMMAND`. Whatever a caller gives as aiokafka's own arguments comes first.
"""

import os
import ssl
from collections.abc import AsyncIterator, Container, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiokafka import errors as kafka

from clientward_client.certificates import Certificate, tls_context
from clientward_client.errors import NotAllowedError, TokenError, TopicMissingError, UnreachableError, WrongUseError
from clientward_client.tokens import Tokens, command_tokens, file_tokens

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
        options |= _login(protocol, _variable("SASL_MECHANISM") or "SCRAM-SHA-512", given or {})
    return options | dict(given or {})


def _login(protocol: str, mechanism: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if mechanism == "OAUTHBEARER" and "sasl_oauth_token_provider" not in given:
        return {"sasl_mechanism": mechanism, "sasl_oauth_token_provider": _tokens()}
    user, password = _variable("USERNAME"), _secret("PASSWORD")
    if not (user and password) and "sasl_oauth_token_provider" not in given:
        raise WrongUseError(f"{protocol} needs CLIENTWARD_KAFKA_USERNAME and CLIENTWARD_KAFKA_PASSWORD")
    return {"sasl_mechanism": mechanism, "sasl_plain_username": user, "sasl_plain_password": password}


def _tokens() -> Tokens:
    file, command = _variable("TOKEN_FILE"), _variable("TOKEN_COMMAND")
    if (file is None) == (command is None):
        raise WrongUseError(
            "OAUTHBEARER needs CLIENTWARD_KAFKA_TOKEN_FILE or CLIENTWARD_KAFKA_TOKEN_COMMAND, one of them"
        )
    return file_tokens(file) if file is not None else command_tokens(command or "")


@asynccontextmanager
async def named_errors(options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Turn the errors of a client that cannot go on into ours; others pass."""
    servers = options["bootstrap_servers"]
    try:
        yield
    except kafka.KafkaConnectionError as error:
        failure = getattr(options.get("sasl_oauth_token_provider"), "failure", None)
        if failure is not None:
            raise TokenError(f"no login at {servers}: {failure}") from error
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


def _secret(name: str) -> str | None:
    file = _variable(f"{name}_FILE")
    if file is None:
        return _variable(name)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise WrongUseError(f"CLIENTWARD_KAFKA_{name}_FILE: {file}: {error.strerror}; name a file to read") from None


def _ssl_context() -> ssl.SSLContext:
    authority, file, key = (_variable(name) for name in ("CA_FILE", "CERT_FILE", "KEY_FILE"))
    if key and not file:
        raise WrongUseError(
            "CLIENTWARD_KAFKA_KEY_FILE needs CLIENTWARD_KAFKA_CERT_FILE: name the certificate it belongs to"
        )
    certificate = Certificate(Path(file), Path(key) if key else None, _secret("KEY_PASSWORD") or "") if file else None
    return tls_context(Path(authority) if authority else None, certificate)
