"""Whether a request is its sender's and of now: each sender's own signature over the raw body, as its documentation says.

All are HMAC with SHA-256, compared in constant time; where the signature covers a time, one that is more than five minutes
off is refused, so that a request that was overheard cannot come again later. Several secrets count while one is replaced by
another. Shopify signs no time: a request of its that comes again is known by the ids of its events alone.

Sources: https://docs.stripe.com/webhooks/signature, https://shopify.dev/docs/apps/build/webhooks/subscribe/https,
https://developer.zendesk.com/documentation/webhooks/verifying/, https://developers.hubspot.com/docs/apps/developer-platform/
build-apps/authentication/request-validation, https://developer.calendly.com/api-docs/ (webhook signatures),
https://www.standardwebhooks.com.
"""

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from hooks.errors import SignatureError

#: Seconds that a signed time may be off, either way: what Stripe, HubSpot and Standard Webhooks recommend.
TOLERANCE_SECONDS: Final = 300.0
MS: Final = 1000.0
#: What a secret of Standard Webhooks begins with; base64 follows.
STANDARD_PREFIX: Final = "whsec_"


class Delivery(NamedTuple):
    """A request as it came.

    Attributes:
        headers: by lower-case names.
        body: the raw bytes.
        url: the address that the sender called, as it knows it; only HubSpot signs it.
    """

    headers: Mapping[str, str]
    body: bytes
    url: str = ""


class Signed(NamedTuple):
    """What a sender has signed.

    Attributes:
        signatures: those of the request; one that is right is enough.
        content: the bytes that are signed.
        at: the time that is signed with them (seconds since the epoch), or None where none is.
        text: a digest as the sender writes it.
    """

    signatures: Sequence[str]
    content: bytes
    at: float | None
    text: Callable[[bytes], str]


def verify(sender: str, delivery: Delivery, secrets: Iterable[str], now: float) -> None:
    """Return for a delivery that is its sender's, by one of these secrets, and of now (seconds since the epoch).

    Raises SignatureError for any other, and KeyError for a sender of which nothing is known.
    """
    signed = SENDERS[sender](delivery)
    if not signed.signatures:
        raise SignatureError("no signature that could be checked")
    keys = [_standard_key(secret) if sender == "standard" else secret.encode() for secret in secrets]
    if not any(_matches(signed, key) for key in keys):
        raise SignatureError("the signature is not that of this body and secret")
    # Only now, since a time that nobody has signed says nothing.
    if signed.at is not None and abs(now - signed.at) > TOLERANCE_SECONDS:
        raise SignatureError(f"signed {abs(now - signed.at):.0f} s from now: more than {TOLERANCE_SECONDS:.0f} s")


def _matches(signed: Signed, key: bytes) -> bool:
    expected = signed.text(hmac.new(key, signed.content, hashlib.sha256).digest()).encode()
    return any(hmac.compare_digest(expected, each.encode()) for each in signed.signatures)


def _standard_key(secret: str) -> bytes:
    return b64decode(secret.removeprefix(STANDARD_PREFIX))


def is_secret(sender: str, secret: str) -> bool:
    """Tell whether a text can be a sender's secret: Standard Webhooks' are base64, all others any text."""
    if sender != "standard":
        return bool(secret)
    try:
        return bool(b64decode(secret.removeprefix(STANDARD_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        return False


def _pairs(header: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of `t=1,v1=abc,v1=def`."""
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        yield name, value


def _stamped(header: str, delivery: Delivery) -> Signed:
    """Return what Stripe and Calendly sign: `t=TIME,v1=HEX`, over TIME, a dot and the body."""
    pairs = [*_pairs(delivery.headers.get(header, ""))]
    stamp = next((value for name, value in pairs if name == "t"), "")
    signatures = [value for name, value in pairs if name == "v1" and value]
    return Signed(signatures, stamp.encode() + b"." + delivery.body, _seconds(stamp), bytes.hex)


def _stripe(delivery: Delivery) -> Signed:
    return _stamped("stripe-signature", delivery)


def _calendly(delivery: Delivery) -> Signed:
    return _stamped("calendly-webhook-signature", delivery)


def _shopify(delivery: Delivery) -> Signed:
    return Signed(_given(delivery, "x-shopify-hmac-sha256"), delivery.body, None, _base64)


def _zendesk(delivery: Delivery) -> Signed:
    stamp = delivery.headers.get("x-zendesk-webhook-signature-timestamp", "")
    try:
        at = datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        raise SignatureError("no time that was signed") from None
    return Signed(_given(delivery, "x-zendesk-webhook-signature"), stamp.encode() + delivery.body, at, _base64)


def _hubspot(delivery: Delivery) -> Signed:
    stamp = delivery.headers.get("x-hubspot-request-timestamp", "")
    content = b"POST" + delivery.url.encode() + delivery.body + stamp.encode()
    return Signed(_given(delivery, "x-hubspot-signature-v3"), content, _seconds(stamp) / MS, _base64)


def _standard(delivery: Delivery) -> Signed:
    message, stamp = delivery.headers.get("webhook-id", ""), delivery.headers.get("webhook-timestamp", "")
    versions = [each.partition(",") for each in delivery.headers.get("webhook-signature", "").split()]
    signatures = [value for version, _, value in versions if version == "v1" and value]
    content = f"{message}.{stamp}.".encode() + delivery.body
    return Signed(signatures if message else [], content, _seconds(stamp), _base64)


def _given(delivery: Delivery, header: str) -> list[str]:
    found = delivery.headers.get(header)
    return [found] if found else []


def _seconds(stamp: str) -> float:
    """Return a time as a number. Raises SignatureError."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 15):  # noqa: PLR2004 - ms until the year 33,658
        raise SignatureError("no time that was signed")
    return float(stamp)


def _base64(digest: bytes) -> str:
    return b64encode(digest).decode()


#: What each sender signs.
SENDERS: Final[Mapping[str, Callable[[Delivery], Signed]]] = {
    "stripe": _stripe,
    "shopify": _shopify,
    "zendesk": _zendesk,
    "hubspot": _hubspot,
    "calendly": _calendly,
    "standard": _standard,
}
