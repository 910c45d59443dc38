"""Standard Webhooks' signature, https://www.standardwebhooks.com: what a receiver checks a request by."""

import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from delivering.file import DeliveriesError

#: Bytes of a secret at least, as the specification has it.
LEAST_BYTES: Final = 24
PREFIX: Final = "whsec_"


class Signer:
    """Signs with every secret in force: a receiver that knows one of them is content."""

    def __init__(self, place: str, secrets: Sequence[str]) -> None:
        self._keys = [_key(place, secret) for secret in secrets]

    def headers(self, message_id: str, body: str, now: float) -> dict[str, str]:
        """Return the headers of one attempt at `now` (seconds since the epoch)."""
        at = datetime.fromtimestamp(int(now), UTC)
        signatures = [key.sign(message_id, at, body) for key in self._keys]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now)),
            "webhook-signature": " ".join(signatures),
        }


def _key(place: str, secret: str) -> Webhook:
    advice = f"{place}: give a secret `whsec_` and {LEAST_BYTES} to 64 bytes in base64"
    try:
        raw = binascii.a2b_base64(secret.removeprefix(PREFIX) + "==")
        if not secret.startswith(PREFIX) or len(raw) < LEAST_BYTES:
            raise DeliveriesError(advice)
        return Webhook(secret)
    except (binascii.Error, EmptyWebhookSecretError, ValueError) as error:
        if isinstance(error, DeliveriesError):
            raise
        raise DeliveriesError(advice) from None
