"""All that is private of mode, Faust's library of services, and used here, seen in mode-streaming 0.7.1.

Nothing else of the project touches such a name.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final

from mode import Service
from mode.threads import ServiceThread

SEEN_IN: Final = "0.7.1"
#: The private names touched here, by the class that has them; a test names those that an upgrade has taken away.
NAMES: Final[Mapping[type, Sequence[str]]] = {
    ServiceThread: ("_serve", "_gather_remaining_tasks"),
    Service: ("_crashed",),
}


def serving(service: Any) -> Coroutine[Any, Any, None]:
    """Return what a service's thread would run in a loop of its own, for whoever has a loop already."""
    return service._serve()  # type: ignore[no-any-return]  # noqa: SLF001 - mode's own thread calls it


async def until_crashed(service: Any) -> None:
    """Return once a service has crashed; mode tells that it has, and gives nobody a way to wait for it."""
    crashed: asyncio.Event = service._crashed  # noqa: SLF001
    await crashed.wait()
