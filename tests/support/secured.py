"""A Kafka over TLS, with certificates of an authority of the test's own, for whoever logs in to it one way or another."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import trustme
from cryptography.hazmat.primitives import serialization as s

from clientward_client.certificates import Certificate

ADMIN = "admin"
AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"


class Trust(NamedTuple):
    """An authority, the folder where its files are, and the file that a client trusts."""

    authority: trustme.CA
    folder: Path
    ca: Path

    def certificate(self, name: str, issuer: trustme.CA | None = None) -> Certificate:
        """Write a client's certificate and key into files of that name; `issuer`: of another authority."""
        made = (issuer or self.authority).issue_cert(f"{name}@example.com", common_name=name, organization_name="Shop")
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        made.private_key_pem.write_to_path(key)
        return Certificate(certificate, key)

    def broker(self) -> Mapping[str, str]:
        """Return the properties by which a broker speaks TLS."""
        keystore = self.folder / "broker.pem"
        made = self.authority.issue_cert("127.0.0.1")
        keystore.write_bytes(_pkcs8(made) + b"".join(blob.bytes() for blob in made.cert_chain_pems))
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(keystore),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.ca),
        }


def trust(folder: Path) -> Trust:
    """Make an authority."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return Trust(authority, folder, folder / "ca.pem")


def mutual(trusted: Trust) -> Mapping[str, str]:
    """Return the properties of a broker that knows its clients by their certificates."""
    protocols = "CLIENT:SSL,CONTROLLER:PLAINTEXT"
    return {**trusted.broker(), "listener.security.protocol.map": protocols, "ssl.client.auth": "required"}


def by_token(trusted: Trust, session_ms: int) -> Mapping[str, str]:
    """Return the properties of a broker that takes unsigned tokens, and ends a connection with its token, or so soon."""
    module = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
    return {
        **trusted.broker(),
        "listener.security.protocol.map": "CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "OAUTHBEARER",
        "sasl.mechanism.inter.broker.protocol": "OAUTHBEARER",
        "listener.name.client.oauthbearer.sasl.jaas.config": f'{module} required unsecuredLoginStringClaim_sub="{ADMIN}";',
        "listener.name.client.connections.max.reauth.ms": str(session_ms),
    }


def by_password(trusted: Trust) -> Mapping[str, str]:
    """Return the properties of a broker with SCRAM and ACLs; `users` makes those who may log in."""
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    jaas = f'{module} required username="{ADMIN}" password="{ADMIN}";'
    return {
        **trusted.broker(),
        "listener.security.protocol.map": "CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.client.scram-sha-512.sasl.jaas.config": jaas,
        "authorizer.class.name": AUTHORIZER,
        "super.users": f"User:{ADMIN};User:ANONYMOUS",
    }


def users(passwords: Mapping[str, str]) -> list[str]:
    """Return the arguments of Kafka's storage tool that make users, and `ADMIN` with them."""
    every = {ADMIN: ADMIN, **passwords}
    made = [f"SCRAM-SHA-512=[name={name},password={word}]" for name, word in every.items()]
    return [part for user in made for part in ("--add-scram", user)]


def _pkcs8(certificate: trustme.LeafCert) -> bytes:
    """Return the key as Kafka wants it."""
    key = s.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    return key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
