"""What one check of the doctor says."""

from typing import Literal

from msgspec import Struct

Level = Literal["ok", "warn", "fail"]


class Finding(Struct, frozen=True):
    """What one check found: ok, warn (it will hurt some day) or fail (it does not run, or loses something).

    `advice` says what to do, and is empty where all is well.
    """

    level: Level
    check: str
    text: str
    advice: str = ""
