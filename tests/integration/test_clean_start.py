"""A worker's log on servers that are new: nothing of what passes by itself."""

from pathlib import Path

from live import live

from streams.embedded import RedisServer, kafka_server


async def test_a_clean_start_says_nothing_that_is_wrong(
    redis: RedisServer, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Fresh servers, whose groups have no coordinator yet: no warning and no error until all is folded."""
    assert redis_url
    with kafka_server() as kafka:
        async with live(kafka.bootstrap, redis, group, tmp_path) as deployment:
            await deployment.folded()
            (worker,) = deployment.stage.workers
            assert worker.log.read_text() == ""
