"""How Kafka is reached and who we are to it: the settings, what must fit together, and the arguments of the clients.

Files and logins are looked at when the settings are made, since a broker that refuses closes the connection and says little.
Every part of the product connects by `kafka_client_options`, the worker's Faust by `faust_credentials`.
"""

import shlex
import shutil
import ssl
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, FilePath, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

if TYPE_CHECKING:
    from faust.types.auth import CredentialsT

    from clientward_client.certificates import Certificate
    from clientward_client.tokens import Tokens

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
MAX_PORT = 65_535


class KafkaSettings(BaseSettings):
    """What `Settings` has of Kafka's connections."""

    kafka_bootstrap: Annotated[
        str,
        Field(description="Kafka's brokers to ask first, host:port, comma separated; two or more outlive one's loss."),
    ] = "127.0.0.1:9092"
    kafka_security_protocol: Annotated[
        SecurityProtocol, Field(description="How to talk to Kafka; SASL_SSL wherever the network is not this machine.")
    ] = "PLAINTEXT"
    kafka_sasl_mechanism: Annotated[
        SaslMechanism, Field(description="How to log in with a SASL protocol; SCRAM never sends the password itself.")
    ] = "SCRAM-SHA-512"
    kafka_username: Annotated[str | None, Field(description="Kafka's user, for a SASL protocol.")] = None
    kafka_password: Annotated[SecretStr | None, Field(description="Kafka's password, for a SASL protocol.")] = None
    kafka_token_file: Annotated[
        FilePath | None,
        Field(description="File with the token for OAUTHBEARER; read anew for each connection, so let it be renewed."),
    ] = None
    kafka_token_command: Annotated[
        str | None,
        Field(
            description="Command that prints a token for OAUTHBEARER; run without a shell, within 10 s. No secret in it."
        ),
    ] = None
    kafka_ca_file: Annotated[
        FilePath | None,
        Field(description="PEM file of the authority that signed the brokers; the system's if not set."),
    ] = None
    kafka_cert_file: Annotated[
        FilePath | None,
        Field(description="PEM file of the certificate that Kafka is shown (mutual TLS), its intermediates after it."),
    ] = None
    kafka_key_file: Annotated[
        FilePath | None,
        Field(description="PEM file of the certificate's key; if not set, it is in kafka_cert_file too."),
    ] = None
    kafka_key_password: Annotated[
        SecretStr | None, Field(description="Password of the certificate's key, where it has one.")
    ] = None

    @field_validator("kafka_bootstrap")
    @classmethod
    def _brokers_have_ports(cls, value: str) -> str:
        for address in value.split(","):
            host, _, port = address.strip().rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) <= MAX_PORT:
                raise ValueError(f"{address.strip()!r} is not host:port")
        return value

    @field_validator("kafka_token_command")
    @classmethod
    def _command_is_one(cls, value: str | None) -> str | None:
        if value is None:
            return None
        words = shlex.split(value)
        if not words or shutil.which(words[0]) is None:
            raise ValueError(f"there is no program {words[0] if words else value!r}")
        return value

    @model_validator(mode="after")
    def _login_fits(self) -> Self:
        protocol = self.kafka_security_protocol
        if self.kafka_key_file is not None and self.kafka_cert_file is None:
            raise ValueError("kafka_key_file needs kafka_cert_file: name the certificate that the key belongs to")
        if self.kafka_cert_file is not None and not protocol.endswith("SSL"):
            raise ValueError(f"kafka_cert_file is shown over TLS alone: set kafka_security_protocol, now {protocol}")
        if "SASL" in protocol and self.kafka_sasl_mechanism == "OAUTHBEARER":
            if (self.kafka_token_file is None) == (self.kafka_token_command is None):
                raise ValueError("OAUTHBEARER needs kafka_token_file or kafka_token_command, one of the two")
        elif "SASL" in protocol and not (self.kafka_username and self.kafka_password):
            raise ValueError(f"{protocol} needs kafka_username and kafka_password")
        self.ssl_context()
        return self

    @property
    def bootstrap_servers(self) -> list[str]:
        """`kafka_bootstrap` as a list of host:port."""
        return [address.strip() for address in self.kafka_bootstrap.split(",")]

    @property
    def kafka_certificate(self) -> "Certificate | None":
        """The certificate that Kafka is shown, or None."""
        from clientward_client.certificates import Certificate  # noqa: PLC0415 - it brings aiokafka

        if self.kafka_cert_file is None:
            return None
        password = self.kafka_key_password.get_secret_value() if self.kafka_key_password else ""
        return Certificate(self.kafka_cert_file, self.kafka_key_file, password)

    @cached_property
    def kafka_tokens(self) -> "Tokens | None":
        """Where tokens for OAUTHBEARER come from, one for all clients; None for another login."""
        from clientward_client.tokens import command_tokens, file_tokens  # noqa: PLC0415 - it brings aiokafka

        if "SASL" not in self.kafka_security_protocol or self.kafka_sasl_mechanism != "OAUTHBEARER":
            return None
        if self.kafka_token_file is not None:
            return file_tokens(self.kafka_token_file)
        return command_tokens(self.kafka_token_command or "")

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return what checks the brokers' certificates and shows ours, or None for a protocol without TLS.

        Raises WrongUseError, a ValueError, in one line, where a file is no good (any more).
        """
        if not self.kafka_security_protocol.endswith("SSL"):
            return None
        from clientward_client.certificates import tls_context  # noqa: PLC0415 - it brings aiokafka

        return tls_context(self.kafka_ca_file, self.kafka_certificate)

    def kafka_client_options(self) -> dict[str, Any]:
        """Return the keyword arguments by which any aiokafka client reaches the brokers and logs in."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.kafka_security_protocol,
            "ssl_context": self.ssl_context(),
        }
        if self.kafka_tokens is not None:
            options["sasl_mechanism"] = self.kafka_sasl_mechanism
            options["sasl_oauth_token_provider"] = self.kafka_tokens
        elif self.kafka_password is not None and "SASL" in self.kafka_security_protocol:
            options["sasl_mechanism"] = self.kafka_sasl_mechanism
            options["sasl_plain_username"] = self.kafka_username
            options["sasl_plain_password"] = self.kafka_password.get_secret_value()
        return options

    def faust_credentials(self) -> "CredentialsT | None":
        """Return the same as Faust wants it for `broker_credentials`, or None for PLAINTEXT."""
        from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials  # noqa: PLC0415 - slow to import

        context = self.ssl_context()
        if self.kafka_tokens is not None:
            return OAuthCredentials(oauth_cb=self.kafka_tokens, ssl_context=context)
        if self.kafka_password is not None and "SASL" in self.kafka_security_protocol:
            return SASLCredentials(
                username=self.kafka_username,
                password=self.kafka_password.get_secret_value(),
                mechanism=self.kafka_sasl_mechanism,
                ssl_context=context,
            )
        return SSLCredentials(context) if context is not None else None
