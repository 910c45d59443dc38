"""How the demo is shown: as lines, or as a frame on a terminal. `Showing` is what a run asks of either."""

from contextlib import AbstractContextManager
from typing import Protocol

from cli.demo.play import Tally
from cli.demo.stage import Seen
from views.base.decisions import Decision


class Showing(Protocol):
    """Told what happens, in the order in which it does, from one thread."""

    def shown(self) -> AbstractContextManager[object]:
        """Show what is told while the block runs; then the output is free for others."""

    def step(self, text: str) -> None:
        """Say what comes next."""

    def stored(self, events: int, of: int) -> None:
        """Say how many events of the history are in Kafka."""

    def decided(self, decision: Decision) -> None:
        """Show a reclassification."""

    def update(self, tally: Tally, seen: Seen | None) -> None:
        """Show where the play stands."""
