"""The command line, `clientward`: the outermost layer, which may import every other and which none imports.

One folder a family of commands (demo, events, look, policy, setup, state, top), one module a command, named after it. `main`
runs a command line, `commands` lists all commands, `lazy` imports the one that is asked for, `errors` turns what ends a
command into lines and an exit code, `output` and `terminal` print, `options` reads what commands share.

Rules: a mistake gets one line on stderr that says what to do, and an exit code (0 done, 1 failed, 2 wrong use); never a
traceback. A command asks `views` and has `actions` do; it reads neither Kafka nor Redis itself. `main` and what it imports
import nothing slow, so that help and completion come at once.
"""

import time
from typing import Final

#: When this process began to run a command line, in seconds of `time.monotonic()`.
STARTED: Final = time.monotonic()
