"""The doctor's first look at Kafka: can each broker of `kafka_bootstrap` be reached, and if not, what stands between.

aiokafka says "Unable to bootstrap" of a wrong password, an unknown authority, a wrong protocol, a closed port and an unknown
host alike; so each address is tried here with a connection of its own, whose error says which it is.
"""

import asyncio
import ssl
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from clientward_client import TokenError, WrongUseError
from clientward_client.certificates import inspect
from streams.config.settings import Settings
from streams.health.denials import of_socket
from streams.health.finding import Finding

# Ms for one address: the doctor tries all of them, and whoever waits for it watches.
TRY_MS: Final = 5_000
# Seconds for a handshake, once something has taken the connection.
HANDSHAKE_SECONDS: Final = 2.0
PROTOCOL: Final = "set kafka_security_protocol as the listener has it (`clientward settings` shows what is in force)"
TOKENS: Final = "look at kafka_token_file or kafka_token_command, and at the token's issuer, audience and time"
# Days before its end from which a certificate is told of: a weekend, and somebody's leave.
ENDING_DAYS: Final = 14
DAY_SECONDS: Final = 86_400


def check_certificate(settings: Settings, now: float) -> list[Finding]:
    """Tell until when the certificate that Kafka is shown is good; `now` in seconds since the epoch."""
    if settings.kafka_certificate is None:
        return []
    try:
        shown = inspect(settings.kafka_certificate)
    except WrongUseError as error:  # it was good when the settings were read
        return [Finding("fail", "certificate", str(error), "new connections to Kafka fail from now on")]
    until = datetime.fromtimestamp(shown.ends, UTC).isoformat(timespec="minutes")
    text = f"Kafka is shown {shown.subject}, good until {until}"
    if shown.ends - now < ENDING_DAYS * DAY_SECONDS:
        return [Finding("warn", "certificate", text, "renew it, and start again what uses it")]
    return [Finding("ok", "certificate", text)]


async def check_addresses(settings: Settings) -> list[Finding]:
    """Try each address; return what is wrong, worst where no broker can be reached, and nothing where all is well."""
    addresses = settings.bootstrap_servers
    found = await asyncio.gather(*(_check_address(settings, address) for address in addresses))
    wrong = [finding for finding in found if finding is not None]
    if len(wrong) == len(addresses):
        return wrong
    return [Finding("warn", each.check, each.text, each.advice) for each in wrong]


async def _check_address(settings: Settings, address: str) -> Finding | None:
    """Return what is wrong with one address, or None."""
    try:
        await _connect(settings, address)
    except (TokenError, SaslAuthenticationFailed, AuthenticationFailedError) as error:
        return _of_login(settings, address, error)
    except UnsupportedSaslMechanismError:
        mechanism = settings.kafka_sasl_mechanism
        return _fail(f"{address} knows no login by {mechanism}", "set kafka_sasl_mechanism to one that it has")
    except IllegalSaslStateError:
        return _fail(f"{address} wants no login on this port", PROTOCOL)
    except (KafkaError, OSError, TimeoutError) as error:
        authority = "set kafka_ca_file to the PEM file of the authority that signed it"
        return of_socket(error, "kafka", address, authority) or await _closed(settings, address, error)
    return None


def _of_login(settings: Settings, address: str, error: Exception) -> Finding:
    if isinstance(error, TokenError):
        return _fail(f"no token for {address}: {error}", TOKENS)
    if settings.kafka_tokens is not None:
        return _fail(f"{address} refuses the token: {error}", TOKENS)
    advice = "correct kafka_username, kafka_password and kafka_sasl_mechanism"
    return _fail(f"{address} refuses the login of {settings.kafka_username!r}: wrong user or password", advice)


async def _connect(settings: Settings, address: str) -> None:
    """Connect, log in, and ask one question, as every client does. Raises KafkaError, OSError, TimeoutError."""
    host, _, port = address.rpartition(":")
    options: dict[str, Any] = settings.kafka_client_options()
    del options["bootstrap_servers"]
    connection = await create_conn(host.strip("[]"), int(port), request_timeout_ms=TRY_MS, **options)
    try:
        await connection.send(MetadataRequest([]))
    finally:
        connection.close()


async def _closed(settings: Settings, address: str, error: BaseException) -> Finding:
    """Return why a broker that is there has closed the connection, or has not answered."""
    if settings.ssl_context() is not None:
        return _fail(f"{address} does not speak TLS, or closes the connection in the middle of it", PROTOCOL)
    if await _speaks_tls(address):
        return _fail(
            f"{address} speaks TLS, and kafka_security_protocol is {settings.kafka_security_protocol}", PROTOCOL
        )
    if isinstance(error, TimeoutError):
        return _fail(f"{address} does not answer within {TRY_MS / 1000:g} s", "see whether it hangs, or a firewall")
    if settings.kafka_security_protocol == "PLAINTEXT":
        return _fail(f"{address} closes the connection: it may want a login", PROTOCOL)
    return _fail(f"{address} closes the connection: {error or type(error).__name__}", "look at the broker's log")


async def _speaks_tls(address: str) -> bool:
    """Tell whether a TLS handshake succeeds, whoever signed the certificate: nothing is sent over it."""
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port), ssl=context)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _fail(text: str, advice: str) -> Finding:
    return Finding("fail", "kafka", text, advice)
