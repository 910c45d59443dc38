"""A subscriber for the tests: writes the id of each decision that it handles into a book, after some milliseconds of work.

follower.py GROUP BOOK [MILLISECONDS] [SETTLE_MILLISECONDS] [BATCH]
"""

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path

from clientward_client import subscribe


async def main(group: str, book: Path, work_ms: str = "0", settle_ms: str = "", most: str = "1") -> None:
    """Follow until told to stop."""
    settle = timedelta(milliseconds=int(settle_ms)) if settle_ms else None
    handle = os.open(book, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    async with subscribe(group, settle=settle).stop_on_signals() as decisions:
        async for batch in decisions.batches(int(most)):
            await asyncio.sleep(int(work_ms) / 1000)
            os.write(handle, b"".join(decision.event_id.encode() + b"\n" for decision in batch))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
