"""How values stand in columns: texts as their UTF-8, times as whole µs and ms since the epoch.

A text is stored as bytes, since an account's id is any UTF-8, a NUL included, which PostgreSQL's text refuses; bytes also
order and compare the same in every database and locale.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Integer, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class Utf8(TypeDecorator[str]):
    """A text, stored as its UTF-8. Half a surrogate, which a URL may bring and no message, is a text that nothing has."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return what is stored."""
        return None if value is None else value.encode(errors="surrogatepass")

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the text."""
        return None if value is None else bytes(value).decode()


#: µs and ms since the epoch, and counts, which outgrow 32 bits.
Long: Final = BigInteger().with_variant(Integer, "sqlite")
