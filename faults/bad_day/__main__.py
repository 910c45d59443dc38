"""`python -m faults.bad_day`: play the day, print what is done and told, and reckon up in the end.

    --only abc     these troubles (a broken producer, b full Redis, c broker gone, d stuck worker, e bad policy)
    --calm N       seconds before the first (40)
    --write        write docs/bad-day.md from what was seen

Exits with 1 where an event is lost or counted twice, or an alarm or *Now* did not say what it should.
"""

import argparse
import asyncio
import logging
import os
import sys
import time
from pathlib import Path
from typing import Final

from faults.bad_day.accounts import reckoning
from faults.bad_day.diary import Diary
from faults.bad_day.page import written
from faults.bad_day.stage import staged
from faults.bad_day.troubles import TROUBLES
from faults.servers.prometheus import program
from streams.embedded import EmbeddedError

PAGE: Final = Path("docs/bad-day.md")
WRONG_USE: Final = 2
CALM_SECONDS: Final = 40.0  # before the first trouble: what an alarm compares with must be there


async def play(names: str, calm: float) -> tuple[Diary, bool]:
    """Play the troubles of these letters after a calm, in seconds; return what was noted, and whether all was well."""
    diary = Diary()
    async with staged(diary) as day:
        async with asyncio.TaskGroup() as beside:
            beside.create_task(day.traffic.run())
            diary.chapter("Before")
            day.done("two workers, a console, 40 events a second")
            await day.until(lambda: day.browser.troubles is not None, "Now has been looked at")
            await asyncio.sleep(calm)
            for name in names:
                title, trouble = TROUBLES[name]
                diary.chapter(title)
                await trouble(day)
            day.traffic.is_on = False
        diary.chapter("In the end")
        wrong = await reckoning(day)
    unseen = [line.text for chapter in diary.chapters for line in chapter.lines if line.text.startswith("not within")]
    return diary, not (wrong or unseen)


def main() -> int:
    """Play, print, and return the exit code."""
    for name in [name for name in os.environ if name.startswith("CLIENTWARD_")]:
        del os.environ[name]  # the user's own servers are not to be touched
    parser = argparse.ArgumentParser(prog="python -m faults.bad_day", description="Rehearse a bad day.")
    parser.add_argument("--only", default="".join(TROUBLES), help="letters of the troubles (abcde)")
    parser.add_argument("--calm", type=float, default=CALM_SECONDS, help="seconds before the first trouble (40)")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    given = parser.parse_args()
    if not set(given.only) <= TROUBLES.keys():
        parser.error(f"--only: there are {', '.join(TROUBLES)}")
    if program() is None:
        sys.stderr.write(
            "bad day: there is no `prometheus` to play the alarms: go install -tags remove_all_sd "
            "github.com/prometheus/prometheus/cmd/prometheus@v0.316.0\n"
        )
        return WRONG_USE
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the broker that is away is the diary's to tell
    begun = time.monotonic()
    try:
        diary, good = asyncio.run(play(given.only, given.calm))
    except EmbeddedError as error:
        sys.stderr.write(f"bad day: {error}\n")
        return 1
    if given.write:
        PAGE.write_text(written(diary, (time.monotonic() - begun) / 60), encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
