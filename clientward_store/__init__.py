"""Faust tables in Redis: `faust.App(..., store="redis://host:6379/0")`, and a batch interface for whoever needs speed.

See docs/store.md. The package knows nothing of what the tables hold; it needs faust-streaming, redis, hiredis and yarl only.
"""

from clientward_store.batch import Write
from clientward_store.errors import Fenced, StoreRefused, StoreUnavailable
from clientward_store.store import Store

__all__ = ["Fenced", "Store", "StoreRefused", "StoreUnavailable", "Write"]
