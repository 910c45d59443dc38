"""A bench for each test: Kafka with the output's topics, and the example subscribers as programs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from connecting import Bench, benched


@pytest.fixture
async def bench(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Bench]:
    """The topics, empty, and a folder of the test's own to run programs in."""
    async with benched(kafka_bootstrap, tmp_path) as made:
        yield made
