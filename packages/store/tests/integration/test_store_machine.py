"""A random walk over everything the store can do, compared with plain dicts after each step."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from store_support import changelog_event, processing, raw_store

from clientward_store import Fenced, Store, Write
from clientward_store.preload import preload

PARTITION = st.integers(0, 2)
KEY = st.sampled_from([b"", b"a", b"b", b"{c}", b"\x00\xff", b"long" * 50])
VALUE = st.binary(max_size=20)
VALUES = st.dictionaries(KEY, st.none() | VALUE, max_size=6)


class StoreMachine(RuleBasedStateMachine):
    """Two workers share a table; whichever acts last owns the partition. The model is one dict a partition."""

    url = ""
    group = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.app = f"{self.group}-{uuid4().hex[:12]}"
        self.workers = [self.new_worker() for _ in range(2)]
        self.model: dict[int, dict[bytes, bytes]] = {0: {}, 1: {}, 2: {}}
        self.owner: dict[int, int] = {}
        self.offset = dict.fromkeys(self.model, -1)
        for partition in self.model:
            self.own(0, partition)

    def new_worker(self) -> Store:
        """Start a worker with a small cache, so that entries fall out."""
        store = raw_store(self.app, f"{self.url}?cache=4", Path(self.folder.name))
        store.parts.assigned.update((0, 1, 2))
        return store

    def own(self, worker: int, partition: int) -> Store:
        """Return a worker that owns the partition, after taking it over where it does not."""
        if self.owner.get(partition) != worker:
            self.loop.run_until_complete(self.workers[worker].take_over(partition))
            self.owner[partition] = worker
        return self.workers[worker]

    def remember(self, partition: int, values: dict[bytes, bytes | None]) -> None:
        """Write values to the model."""
        for key, value in values.items():
            if value is None:
                self.model[partition].pop(key, None)
            else:
                self.model[partition][key] = value

    @rule(worker=st.integers(0, 1), partition=PARTITION, key=KEY, value=VALUE)
    def set_one(self, worker: int, partition: int, key: bytes, value: bytes) -> None:
        """An agent sets a key."""
        store = self.own(worker, partition)
        with processing(store.table, partition):
            store[key] = value
        self.remember(partition, {key: value})

    @rule(worker=st.integers(0, 1), partition=PARTITION, key=KEY)
    def delete_one(self, worker: int, partition: int, key: bytes) -> None:
        """An agent deletes a key."""
        store = self.own(worker, partition)
        with processing(store.table, partition):
            del store[key]
        self.remember(partition, {key: None})

    @rule(worker=st.integers(0, 1), partition=PARTITION, values=VALUES)
    def commit(self, worker: int, partition: int, values: dict[bytes, bytes | None]) -> None:
        """An engine commits a batch."""
        self.loop.run_until_complete(self.own(worker, partition).commit(partition, Write(values)))
        self.remember(partition, values)

    @rule(worker=st.integers(0, 1), partition=PARTITION, values=VALUES, again=st.integers(0, 3))
    def recover(self, worker: int, partition: int, values: dict[bytes, bytes | None], again: int) -> None:
        """Recovery applies records, beginning with some that Redis reflects already."""
        store = self.own(worker, partition)
        first = self.offset[partition] + 1
        old = [(offset, b"a", b"old") for offset in range(max(0, first - again), first)]
        new = [(first + number, key, value) for number, (key, value) in enumerate(values.items())]
        store.apply_changelog_batch(
            [changelog_event(store.table, partition, *record) for record in old + new], lambda k: k, lambda v: v
        )
        self.offset[partition] += len(new)
        self.remember(partition, values)

    @rule(partition=PARTITION, values=VALUES)
    def former_owner(self, partition: int, values: dict[bytes, bytes | None]) -> None:
        """Whoever does not own the partition cannot write to it."""
        stale = self.workers[1 - self.owner[partition]]
        with pytest.raises(Fenced):
            self.loop.run_until_complete(stale.commit(partition, Write(values)))

    @rule(partition=PARTITION)
    def read_into_the_cache(self, partition: int) -> None:
        """An owner reads its partition into the cache, where it fits or not."""
        if partition in self.owner:
            self.loop.run_until_complete(preload(self.workers[self.owner[partition]].parts, partition))

    @rule(worker=st.integers(0, 1))
    def restart(self, worker: int) -> None:
        """A worker starts anew and owns nothing."""
        self.loop.run_until_complete(self.workers[worker].parts.clients.close())
        self.workers[worker] = self.new_worker()
        for partition in self.model:
            self.own(1 - worker, partition)

    @rule(worker=st.integers(0, 1))
    def clear(self, worker: int) -> None:
        """An owner of everything clears the table."""
        for partition in self.model:
            self.own(worker, partition)
            self.model[partition].clear()
        self.workers[worker].clear()

    @invariant()
    def owners_agree_with_the_model(self) -> None:
        """Each owner, through cache, mapping and batch, sees what the model has."""
        keys = [b"", b"a", b"b", b"{c}", b"\x00\xff", b"long" * 50]
        for partition, model in self.model.items():
            store = self.workers[self.owner.get(partition, 0)]
            loaded = self.loop.run_until_complete(store.load(partition, keys))
            assert loaded == {key: model.get(key) for key in keys}
            with processing(store.table, partition):
                assert {key: store.get(key) for key in keys} == loaded

    @invariant()
    def iteration_agrees_with_the_model(self) -> None:
        """Counting and iterating show exactly the model's entries."""
        expected: list[Any] = sorted(item for model in self.model.values() for item in model.items())
        assert sorted(self.workers[0].items()) == expected
        assert len(self.workers[1]) == len(expected)

    def teardown(self) -> None:
        """Close what is open."""
        for store in self.workers:
            self.loop.run_until_complete(store.parts.clients.close())
        self.loop.close()
        self.folder.cleanup()


def test_the_store_behaves_like_a_dict(redis_url: str, group: str) -> None:
    """Whatever two workers do in turn, owners see the last write, and nobody else writes."""
    StoreMachine.url, StoreMachine.group = redis_url, group
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
