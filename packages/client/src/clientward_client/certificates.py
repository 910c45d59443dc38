"""TLS towards the brokers: whom to trust, and a client's own certificate, looked at before it is shown.

A broker that is shown a certificate that is no good closes the connection and says little. So each mistake that can be seen
from here is told here, in one line.
"""

import ssl
from pathlib import Path
from typing import Any, Final, NamedTuple

from clientward_client.errors import WrongUseError

# OpenSSL's X509_V_ERR_… numbers.
NOT_YET, EXPIRED, OTHER_PURPOSE = 9, 10, 26
# How OpenSSL's reasons begin where a key has a password, and it is missing or wrong.
LOCKED: Final = {"BAD_DECRYPT", "BAD_PASSWORD_READ", "PROBLEMS_GETTING_PASSWORD", "EMPTY_PASSWORD", "BAD_PASS"}


class Certificate(NamedTuple):
    """A client's certificate, with those that lead to its authority, and its key where that is a file of its own."""

    file: Path
    key_file: Path | None = None
    key_password: str = ""


class Shown(NamedTuple):
    """What a broker sees of it. `subject` is written as Kafka writes a principal; `ends` in seconds since the epoch."""

    subject: str
    ends: float


def tls_context(ca_file: Path | None, certificate: Certificate | None) -> ssl.SSLContext:
    """Return what checks the brokers' certificates and shows ours. Raises WrongUseError."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise WrongUseError(_unreadable(ca_file, error, "an authority's certificate")) from None
    if certificate is not None:
        _load(context, certificate)
        inspect(certificate)
    return context


def inspect(certificate: Certificate) -> Shown:
    """Return what a certificate says, once OpenSSL has found it good for today. Raises WrongUseError.

    OpenSSL judges dates and purpose in a handshake alone: so here is one, in memory, with the certificate at both ends.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    for context in (server, client):
        _load(context, certificate)
    server.verify_mode = ssl.CERT_REQUIRED
    server.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    try:
        server.load_verify_locations(certificate.file)
        shown = _handshake(server, client)
    except ssl.SSLCertVerificationError as error:
        raise WrongUseError(_refused(certificate.file, error)) from None
    except ssl.SSLError as error:
        raise WrongUseError(_unreadable(certificate.file, error, "a certificate")) from None
    parts = [f"{SHORT.get(name, name)}={value}" for rdn in reversed(shown["subject"]) for name, value in rdn]
    return Shown(",".join(parts), ssl.cert_time_to_seconds(shown["notAfter"]))


#: RFC 2253's short names, by which Kafka writes a subject; others are written as OpenSSL calls them.
SHORT: Final = {
    "commonName": "CN",
    "organizationalUnitName": "OU",
    "organizationName": "O",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "countryName": "C",
    "domainComponent": "DC",
    "userId": "UID",
}


def _load(context: ssl.SSLContext, certificate: Certificate) -> None:
    file, key = certificate.file, certificate.key_file or certificate.file
    try:
        # With a password of its own OpenSSL never asks at the terminal for one.
        context.load_cert_chain(file, certificate.key_file, password=lambda: certificate.key_password)
    except ssl.SSLError as error:
        raise WrongUseError(_of_pair(file, key, error, has_password=bool(certificate.key_password))) from None
    except (OSError, ValueError) as error:  # a password that is too long is a ValueError
        unreadable = next((each for each in (file, key) if not _is_readable(each)), file)
        raise WrongUseError(_unreadable(unreadable, error, "a certificate or key")) from None


def _of_pair(file: Path, key: Path, error: ssl.SSLError, *, has_password: bool) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"the key {key} belongs to another certificate than {file}; name the two that were made together"
    text = key.read_text(encoding="utf-8", errors="replace")
    if error.reason in LOCKED or "ENCRYPTED" in text:
        wrong = "does not open with this password" if has_password else "has a password"
        return f"the key {key} {wrong}; set the key's password, or have a key without one"
    if "-----BEGIN CERTIFICATE-----" not in file.read_text(encoding="utf-8", errors="replace"):
        return f"{file} holds no certificate; name a PEM file that does"
    if "PRIVATE KEY-----" not in text:
        return f"{key} holds no private key; name the PEM file of the certificate's key"
    return f"{file} and {key} cannot be used ({error.reason or error}); name PEM files"


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, Any]:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_side=False),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    left = list(ends)
    while left:
        for end in tuple(left):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            left.remove(end)
    shown: dict[str, Any] = ends[1].getpeercert() or {}
    return shown


def _refused(file: Path, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == EXPIRED:
        return f"the certificate {file} is expired; have it renewed, or look at this clock"
    if error.verify_code == NOT_YET:
        return f"the certificate {file} is not valid yet; look at this clock"
    if error.verify_code == OTHER_PURPOSE:
        return f"the certificate {file} is not one for clients; have one made with clientAuth"
    return f"the certificate {file} is no good ({error.verify_message}); have another made"


def _unreadable(file: Path | None, error: Exception, what: str) -> str:
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.strerror:
        return f"{file} cannot be read ({error.strerror}); name a file that this user may read"
    return f"{file} does not hold {what}; name a PEM file that does"


def _is_readable(file: Path) -> bool:
    try:
        with file.open("rb"):
            return True
    except OSError:
        return False
