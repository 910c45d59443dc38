"""Faust tables in Redis: `faust.App(..., store="redis://host:6379/0")`, and a batch interface for workers that need speed.

Offers `Store`, which Faust makes from the URL, `Write`, and the errors. The README is the user's page. From the bottom up:

- `keys`, `scripts`, `errors`, `cache`: names, the two Lua scripts, error texts, the read cache; no connection.
- `packing`, `coalescing`, `client`: redis-py's clients and how calls reach them.
- `ownership`, `partitions`: what the owner of a partition keeps of it, and every read and write of one partition.
- `batch`: the batch interface. `write_behind`, `mapping`, `preload`: the table as Faust sees it.
- `snapshots`: a whole partition at one moment, for whoever backs it up or puts it back.
- `faust_private`: all that is private of Faust. `store`: ownership on rebalance, recovery, life cycle.

May import: faust-streaming, mode-streaming, redis, hiredis and yarl. Knows nothing of what the tables hold.
"""

from clientward_store.batch import Write
from clientward_store.errors import Fenced, StoreRefused, StoreUnavailable
from clientward_store.store import Store

__all__ = ["Fenced", "Store", "StoreRefused", "StoreUnavailable", "Write"]
