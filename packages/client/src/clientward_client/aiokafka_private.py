"""What of aiokafka's insides is touched in this package, seen in 0.14.0.

A broker that refuses a token answers without an error code, with the reason as JSON (RFC 7628, 3.2.2), and waits for one
more byte. aiokafka takes that for a login; the broker then answers the first question with nothing in it, as a cluster
without brokers would, and whoever asked waits for ever. Here such an answer is a login that failed.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka.conn import OAuthAuthenticator
from aiokafka.errors import SaslAuthenticationFailed

SEEN_IN: Final = "0.14.0"
#: The private names touched here, by the class that has them; a test names those that an upgrade has taken away.
NAMES: Final[Mapping[type, Sequence[str]]] = {OAuthAuthenticator: ("step", "_sasl_oauth_token_provider")}
_step: Final = OAuthAuthenticator.step


def heed_refusals() -> None:
    """Let the login by a token fail where the broker refuses it; a provider that has `refused` is told why."""
    OAuthAuthenticator.step = _checked


async def _checked(self: Any, payload: bytes | None) -> Any:
    if not payload:  # nothing yet, or the broker's word that all is well
        return await _step(self, payload)
    why = _status(payload)
    tell = getattr(self._sasl_oauth_token_provider, "refused", None)
    if tell is not None:
        tell(why)
    raise SaslAuthenticationFailed(f"the broker refuses the token ({why})")


def _status(payload: bytes) -> str:
    try:
        return str(json.loads(payload)["status"])
    except (ValueError, KeyError, TypeError):
        return "without a reason"
