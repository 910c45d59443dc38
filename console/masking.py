"""Account ids as viewers see them where they are masked: a pseudonym that leads to its account while the console runs."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from typing import Final

PREFIX: Final = "account-"
DIGITS: Final = 12  # hexadecimal: two of a million accounts share one with a chance of 1 in 500
MOST: Final = 100_000  # pseudonyms that lead back; what was shown the longest ago leads nowhere any more


class Mask:
    """Pseudonyms by a key of this process: nobody can try ids against them."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._ids: OrderedDict[str, str] = OrderedDict()

    def of(self, account_id: str) -> str:
        """Return an account's pseudonym."""
        found = (
            PREFIX + hmac.new(self._key, account_id.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:DIGITS]
        )
        self._ids[found] = account_id
        self._ids.move_to_end(found)
        if len(self._ids) > MOST:
            self._ids.popitem(last=False)
        return found

    def id_of(self, pseudonym: str) -> str | None:
        """Return whose pseudonym it is, if it was shown of late."""
        return self._ids.get(pseudonym)
