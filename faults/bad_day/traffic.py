"""Customers who buy, ask and meet while the day goes wrong; and a producer that is broken for a while.

Whatever Kafka has stored is noted here, so that in the end each event can be looked for in its account.
"""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from relationship.contract import messages as m
from streams.kafka.partitioning import partition_of

ACCOUNTS: Final = 300
PER_SECOND: Final = 40
BROKEN_PER_SECOND: Final = 10
AGAIN_SECONDS: Final = 0.5
BROKEN: Final = "till-7"  # the source that is broken: no number of the firm's


class Traffic:
    """What is sent.

    Attributes:
        good: ids of the events that Kafka has stored, by account.
        broken: those that were sent without an amount, and must be dead letters.
        is_on, is_broken: whether the customers, and the broken producer, go on.
    """

    def __init__(self, producer: AIOKafkaProducer, partitions: int) -> None:
        self.good: defaultdict[str, set[str]] = defaultdict(set)
        self.broken: list[tuple[str, str]] = []
        self._producer, self._partitions = producer, partitions
        self._numbers = count()
        self.is_on = self.is_broken = False

    async def run(self) -> None:
        """Send good events while `is_on`; one that Kafka does not take is sent again, and may so be stored twice.

        What is under way is waited for: Kafka may have stored it.
        """
        self.is_on = True
        async with asyncio.TaskGroup() as sending:
            while self.is_on:
                number = next(self._numbers)
                sending.create_task(self._send_good(f"customer-{number % ACCOUNTS}", number))
                await asyncio.sleep(1 / PER_SECOND)

    async def run_broken(self) -> None:
        """Send records without an amount, while `is_broken`."""
        self.is_broken = True
        while self.is_broken:
            account, identity = f"customer-{len(self.broken) % ACCOUNTS}", f"broken-{len(self.broken)}"
            head = {"event_id": identity, "account_id": account, "occurred_at": datetime.now(UTC)}
            await self._stored(
                m.PURCHASES, account, msgspec.json.encode(head | {"currency": "EUR", "channel": "store"})
            )
            self.broken.append((account, identity))
            await asyncio.sleep(1 / BROKEN_PER_SECOND)

    async def send_mended(self) -> None:
        """Send what the broken producer sent once more, as it should have been: under the same ids."""
        for account, identity in self.broken:
            at = datetime.now(UTC)
            purchase = m.Purchase(event_id=identity, account_id=account, occurred_at=at, amount="12.00", currency="EUR")
            await self._stored(m.PURCHASES, account, msgspec.json.encode(purchase))
            self.good[account].add(identity)

    async def _send_good(self, account: str, number: int) -> None:
        topic, message = _message(account, number)
        await self._stored(topic, account, msgspec.json.encode(message))
        self.good[account].add(message.event_id)

    async def _stored(self, topic: str, account: str, value: bytes) -> None:
        place = partition_of(account, self._partitions)
        while True:
            try:
                await self._producer.send_and_wait(topic, value, account.encode(), partition=place)
            except (KafkaError, TimeoutError):
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return


def _message(account: str, number: int) -> tuple[str, m.Message]:
    """Return an event of this moment: mostly purchases, of every third account also questions and visits."""
    head: dict[str, Any] = {"event_id": f"e{number}", "account_id": account, "occurred_at": datetime.now(UTC)}
    turn = number // ACCOUNTS
    if number % 3 == 0 and turn % 4 == 1:
        return m.TICKETS, m.Ticket(**head, ticket_id=f"t{number}", status="opened", kind="question", channel="email")
    if number % 3 == 0 and turn % 4 == 3:  # noqa: PLR2004 - every fourth turn
        return m.MEETINGS, m.Meeting(
            **head,
            meeting_id=f"m{number}",
            kind="planning",
            duration_minutes=60,
            channel="in_person",
            initiator="account",
        )
    return m.PURCHASES, m.Purchase(**head, amount="40.00", currency="EUR")
