"""From an error of a server to a finding that says which it was: who is denied what, and what to do.

Wrong passwords, unknown authorities, wrong protocols, closed ports and unknown hosts all come as "does not answer"; here
they are told apart, by the error that lies at the bottom of the others.
"""

import socket
import ssl
from collections.abc import Iterator
from typing import Final, NamedTuple

from redis import exceptions as redis_errors

from streams.health.finding import Finding

# OpenSSL's X509_V_ERR_… numbers: the chain ends at nobody that is trusted; the certificate is past its time; another's.
UNTRUSTED: Final = {18, 19, 20, 21}
EXPIRED: Final = {9, 10}
OTHER_HOST: Final = {62, 64}
# What a server says of the certificate that it was shown, in OpenSSL's words for its alerts (RFC 8446, 6.2).
WITHOUT: Final = "CERTIFICATE_REQUIRED"
REFUSING: Final = ("CERTIFICATE_UNKNOWN", "UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED")


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what lies beneath it."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def of_socket(error: BaseException, check: str, where: str, authority: str) -> Finding | None:
    """Return what a failed connection to `where` comes to, or None where it is something else.

    `authority`: what to do where the server's certificate is signed by somebody unknown.
    """
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _of_certificate(cause, check, where, authority)
        if isinstance(cause, ssl.SSLError) and (told := _of_alert(cause, check, where)) is not None:
            return told
        if isinstance(cause, ssl.SSLError):
            return Finding("fail", check, f"{where} does not speak TLS", "set a protocol without TLS, or another port")
        if isinstance(cause, socket.gaierror):
            advice = "correct the name, or the name server's entry"
            return Finding("fail", check, f"no host of the name in {where}: {cause.strerror}", advice)
        if isinstance(cause, ConnectionRefusedError):
            return Finding(
                "fail", check, f"nothing listens at {where}: the port is closed", "start it, or correct the address"
            )
    return None


def _of_alert(error: ssl.SSLError, check: str, where: str) -> Finding | None:
    """Return what a server says of our certificate, or None where it is not about that."""
    reason = error.reason or ""
    if WITHOUT in reason:
        return Finding("fail", check, f"{where} asks for a client's certificate", "name one, with its key")
    if any(each in reason for each in REFUSING):
        advice = "have one made by an authority that the server trusts"
        return Finding("fail", check, f"{where} refuses our certificate ({reason.lower()})", advice)
    return None


def _of_certificate(error: ssl.SSLCertVerificationError, check: str, where: str, authority: str) -> Finding:
    if error.verify_code in UNTRUSTED:
        return Finding("fail", check, f"the certificate of {where} is signed by an unknown authority", authority)
    if error.verify_code in EXPIRED:
        return Finding(
            "fail", check, f"the certificate of {where} is not valid today", "renew it, or look at both clocks"
        )
    if error.verify_code in OTHER_HOST:
        advice = "use the name that the certificate bears, or have one made for this name"
        return Finding("fail", check, f"the certificate of {where} is another host's", advice)
    return Finding(
        "fail", check, f"the certificate of {where} fails: {error.verify_message}", "look at the certificate"
    )


REDIS_TLS: Final = "let redis_url name its authority: rediss://…?ssl_ca_certs=FILE"


class Answer(NamedTuple):
    """What Redis answers where it refuses: the error's type, or how its text begins; what that means, and what to do."""

    kind: type[Exception]
    begins: str
    text: str
    advice: str


ANSWERS: Final = (
    Answer(
        redis_errors.NoPermissionError,
        "NOPERM",
        "{where} denies it: {error}",
        "give the user the right: `clientward security redis-acl` prints what each part needs",
    ),
    Answer(
        redis_errors.AuthenticationError,
        "WRONGPASS",
        "{where} refuses the login: {error}",
        "correct user and password in redis_url",
    ),
    Answer(
        redis_errors.AuthenticationError,
        "Authentication required",
        "{where} wants a login: {error}",
        "write user and password into redis_url",
    ),
    Answer(
        redis_errors.OutOfMemoryError, "OOM", "{where} is full: every write fails ({error})", "raise maxmemory, at once"
    ),
    Answer(
        redis_errors.ReadOnlyError,
        "READONLY",
        "{where} is a replica: it takes no writes",
        "point redis_url at the primary",
    ),
    Answer(
        redis_errors.ResponseError,
        "MISCONF",
        "{where} cannot save, and so refuses writes",
        "look at Redis' disk and its log",
    ),
)


def of_redis(error: BaseException, check: str, where: str, *, tls: bool = False) -> Finding:
    """Return what an error of redis-py comes to; `tls`: it was to be spoken to in TLS."""
    text = str(error) or type(error).__name__
    return (
        _of_answer(error, text, check, where)
        or of_socket(error, check, where, REDIS_TLS)
        or _of_silence(error, text, check, where, tls=tls)
    )


def _of_answer(error: BaseException, text: str, check: str, where: str) -> Finding | None:
    exact = (each for each in ANSWERS if each.begins in text)
    alike = (each for each in ANSWERS if each.kind is type(error) and each.kind is not redis_errors.ResponseError)
    found = next(exact, None) or next(alike, None)
    if found is None:
        return None
    return Finding("fail", check, found.text.format(where=where, error=text), found.advice.format())


def _of_silence(error: BaseException, text: str, check: str, where: str, *, tls: bool) -> Finding:
    """Return what it comes to that Redis takes the connection, and says nothing that is understood."""
    if tls:  # a Redis without TLS takes the greeting for the beginning of a command, and waits for the rest
        return Finding("fail", check, f"{where} does not speak TLS", "write redis:// in redis_url, or use its TLS port")
    if isinstance(error, redis_errors.TimeoutError | TimeoutError):
        return Finding("fail", check, f"{where} takes the connection and does not answer", "see whether it hangs")
    if isinstance(error, redis_errors.ConnectionError):
        advice = "where it speaks TLS, write rediss:// in redis_url; else look at its log"
        return Finding("fail", check, f"{where} closes the connection: {text}", advice)
    return Finding("fail", check, f"{where}: {text}", "`clientward settings` shows what is in force")
