"""Stop on the signals by which a service is told to end."""

import asyncio
import signal
from collections.abc import Callable
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """Signals that are handled by the running event loop until `restore`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def restore(self) -> None:
        """Give the signals back their usual meaning."""
        if not self._loop.is_closed():
            for number in SIGNALS:
                self._loop.remove_signal_handler(number)


def stop_on(stop: Callable[[], None]) -> Signals:
    """Call `stop` on SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    return Signals(loop)
