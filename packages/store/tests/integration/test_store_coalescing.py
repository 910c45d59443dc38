"""Calls that are made at about the same time share a pipeline, on a real Redis: each with its own answer, error or end."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import NoScriptError, ResponseError

from clientward_store.coalescing import CoalescingClient

CALLS = 50


@pytest.fixture
async def coalescing(redis_url: str, group: str) -> AsyncIterator[CoalescingClient]:
    """A client whose connections bear the test's name."""
    made = CoalescingClient(AsyncRedis.from_url(redis_url, client_name=group))
    yield made
    await made.aclose()


def connections(redis_url: str, name: str) -> int:
    """Return how many connections of a name Redis has."""
    with Redis.from_url(redis_url) as redis:
        return sum(client["name"] == name for client in redis.client_list())


async def echo_later(coalescing: CoalescingClient, number: int) -> bytes:
    """Ask for an echo some iterations of the loop later than others do."""
    for _ in range(number % 3):
        await asyncio.sleep(0)
    answer: bytes = await coalescing.call(lambda redis: redis.echo(str(number)))
    return answer


async def test_calls_of_a_moment_share_a_connection(
    coalescing: CoalescingClient, redis_url: str, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty calls within a few iterations of the loop, however slow, are each answered, over one connection."""
    monkeypatch.setattr("clientward_store.coalescing.MAX_WAIT_SECONDS", 3_600.0)
    answers = await asyncio.gather(*[echo_later(coalescing, number) for number in range(CALLS)])
    assert answers == [str(number).encode() for number in range(CALLS)]
    assert connections(redis_url, group) == 1


async def test_a_call_does_not_wait_for_the_answers_of_earlier_ones(coalescing: CoalescingClient, group: str) -> None:
    """What is asked for while an answer is waited for is answered first."""
    blocked = asyncio.create_task(coalescing.call(lambda redis: redis.blpop([f"{group}:empty"])))
    for _ in range(CALLS):
        await asyncio.sleep(0)
    assert await coalescing.call(lambda redis: redis.rpush(f"{group}:empty", "x")) == 1
    assert await blocked == (f"{group}:empty".encode(), b"x")


async def test_an_error_is_its_own_calls_alone(coalescing: CoalescingClient, group: str) -> None:
    """Of the calls of one pipeline one is refused, one names an unknown script, and the others are answered."""
    await coalescing.call(lambda redis: redis.set(group, "text"))
    wrong, unknown, right = await asyncio.gather(
        coalescing.call(lambda redis: redis.hgetall(group)),
        coalescing.call(lambda redis: redis.evalsha("0" * 40, 0)),
        coalescing.call(lambda redis: redis.get(group)),
        return_exceptions=True,
    )
    assert isinstance(wrong, ResponseError)
    assert isinstance(unknown, NoScriptError)
    assert right == b"text"


async def test_whoever_gives_up_takes_nobody_along(coalescing: CoalescingClient) -> None:
    """A call that is cancelled leaves the others of its pipeline their answers."""
    given_up = asyncio.create_task(echo_later(coalescing, 0))
    stays = asyncio.create_task(echo_later(coalescing, 3))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await stays == b"3"
    assert given_up.cancelled()


async def test_closing_waits_for_what_was_asked(coalescing: CoalescingClient, redis_url: str, group: str) -> None:
    """A call that was asked for before the end is answered, and no connection stays."""
    asked = asyncio.create_task(echo_later(coalescing, 0))
    await asyncio.sleep(0)
    await coalescing.aclose()
    assert await asked == b"0"
    assert connections(redis_url, group) == 0
