"""Fetch sessions: what a request names, and what it must not take for known."""

from collections.abc import Mapping
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.fetch import (
    FetchRequest,
    FetchRequest_v4,
    FetchRequest_v7,
    FetchRequest_v11,
    FetchResponse_v11,
)
from hypothesis import given
from hypothesis import strategies as st

from streams.driver.aiokafka_private import SessionRequest, in_sessions, use_sessions
from streams.driver.fetch_sessions import FIRST_EPOCH, LAST_EPOCH, Session

A, B, C = (TopicPartition("t", number) for number in range(3))
SIZE = 1_000


def at(**offsets: int) -> dict[tuple[str, int], tuple[int, int]]:
    """Return what is wanted of partitions that are told by the letters above."""
    return {{"a": A, "b": B, "c": C}[name]: (offset, SIZE) for name, offset in offsets.items()}


def opened(**offsets: int) -> Session:
    """Return a session of id 7 in which a broker knows these."""
    session = Session()
    session.ask(at(**offsets))
    session.heard(0, 7)
    return session


def test_the_first_request_names_all() -> None:
    """It opens a session, and says where every partition is read from."""
    assert Session().ask(at(a=1, b=2)) == (0, FIRST_EPOCH, at(a=1, b=2), ())


def test_a_later_request_names_what_has_moved() -> None:
    """A partition that was read on is named with its new offset; one that stands still is not."""
    assert opened(a=1, b=2).ask(at(a=5, b=2)) == (7, 1, at(a=5), ())


def test_a_partition_that_is_not_wanted_is_forgotten_and_can_come_back() -> None:
    """One that is paused leaves the session, else the broker would send of it; resumed, it is named again."""
    session = opened(a=1, b=2)
    assert session.ask(at(a=1)) == (7, 1, {}, (B,))
    session.heard(0, 7)
    assert session.ask(at(a=1, b=2)) == (7, 2, at(b=2), ())


def test_one_that_comes_for_another_is_no_change_unseen() -> None:
    """As many partitions as before, and one of them another: the new one is named, and the old one forgotten."""
    assert opened(a=1, b=2).ask(at(a=1, c=2)) == (7, 1, at(c=2), (B,))


def test_an_error_of_the_session_opens_another() -> None:
    """The broker has forgotten the session, or counts its requests otherwise: all is named again."""
    session = opened(a=1)
    session.ask(at(a=1))
    session.heard(70, 0)
    assert session.ask(at(a=1)) == (0, FIRST_EPOCH, at(a=1), ())


def test_a_request_without_an_answer_opens_another_in_its_place() -> None:
    """Whether the broker has heard it is not known: so the old session is named, to be ended, and nothing is known."""
    session = opened(a=1)
    session.ask(at(a=9))
    session.lost()
    assert session.ask(at(a=9)) == (7, FIRST_EPOCH, at(a=9), ())


def test_a_broker_that_keeps_no_session_is_told_all_each_time() -> None:
    """It answers with no session's id where it has no room for one."""
    session = Session()
    for _ in range(2):
        assert session.ask(at(a=1)) == (0, FIRST_EPOCH, at(a=1), ())
        session.heard(0, 0)


@pytest.mark.parametrize(("before", "after"), [(LAST_EPOCH - 1, LAST_EPOCH), (LAST_EPOCH, 1)])
def test_the_epochs_begin_again_at_one(before: int, after: int) -> None:
    """After the last epoch of a session comes the first: none opens a new session by chance."""
    session = opened(a=1)
    session._epoch = before
    session.ask(at(a=1))
    session.heard(0, 7)
    assert session.ask(at(a=1)).epoch == after


class Broker:
    """Keeps sessions as KIP-227 says, and knows what it would read from where."""

    def __init__(self) -> None:
        self.known: dict[TopicPartition, tuple[int, int]] = {}
        self.epoch = 0
        self.id = 0

    def hear(self, asked: tuple[int, int, Mapping[TopicPartition, tuple[int, int]], Any]) -> tuple[int, int]:
        """Return the error and the session's id of the answer."""
        session, epoch, changed, forgotten = asked
        if epoch == FIRST_EPOCH:
            self.id, self.epoch, self.known = self.id + 1, 1, dict(changed)
            return 0, self.id
        if session != self.id:
            return 70, 0
        if epoch != self.epoch:
            return 71, 0
        self.epoch += 1
        self.known |= changed
        for tp in forgotten:
            del self.known[tp]
        return 0, self.id

    def restart(self) -> None:
        """Forget the session."""
        self.id += 100


WANTED = st.dictionaries(st.sampled_from([A, B, C]), st.tuples(st.integers(0, 3), st.just(SIZE)))
FATES = st.sampled_from(["answered", "answered", "lost before", "lost after", "restarted"])


@given(st.lists(st.tuples(WANTED, FATES), max_size=12))
def test_what_was_answered_was_asked_as_wanted(story: list[tuple[dict[TopicPartition, tuple[int, int]], str]]) -> None:
    """Whatever is lost on its way, before or after the broker heard it: an answer without an error is to what is wanted."""
    broker, session = Broker(), Session()
    for wanted, fate in story:
        if fate == "restarted":
            broker.restart()
        asked = session.ask(wanted)
        if fate == "lost before":
            session.lost()
            continue
        error, found = broker.hear(asked)
        if fate == "lost after":
            session.lost()
            continue
        session.heard(error, found)
        if not error:
            assert broker.known == wanted


def whole(offset: int = 5) -> FetchRequest:
    """Return aiokafka's request of two partitions."""
    return FetchRequest(50, 1, 9_000, 1, [("t", [(0, offset, SIZE), (1, 6, SIZE)])])


def test_a_request_without_sessions_names_all() -> None:
    """A broker of an old version is asked as aiokafka asks it, and the session hears nothing of it."""
    session = opened(a=5, b=6)
    asked = SessionRequest(whole(), session).build(FetchRequest_v4)
    assert asked.topics == [("t", [(0, 5, SIZE), (1, 6, SIZE)])]
    assert session.ask(at(a=5, b=6)).epoch == 1


@pytest.mark.parametrize(
    ("version", "moved"), [(FetchRequest_v7, (0, 9, -1, SIZE)), (FetchRequest_v11, (0, -1, 9, -1, SIZE))]
)
def test_a_request_of_a_session_can_be_encoded(version: Any, moved: tuple[int, ...]) -> None:
    """What has moved is named in the version's own shape, what has gone is forgotten, and the rest of it is aiokafka's."""
    session = opened(a=5, b=6, c=1)
    asked = SessionRequest(whole(offset=9), session).build(version)
    assert (asked.session_id, asked.session_epoch) == (7, 1)
    assert asked.topics == [("t", [moved])]
    assert asked.forgotten_topics_data == [("t", [2])]
    assert (asked.max_wait_time, asked.min_bytes, asked.max_bytes, asked.isolation_level) == (50, 1, 9_000, 1)
    assert asked.encode()


async def test_every_assignment_has_a_session_of_its_own() -> None:
    """After a rebalance nothing is known of any partition, not even where it ends: so all is asked for again."""
    asked: list[Any] = []

    async def fetch(assignment: Any, node: int, request: SessionRequest) -> bool:  # noqa: ARG001 - aiokafka's signature
        asked.append(request.build(FetchRequest_v11))
        request.session.heard(0, 7)
        return True

    fetched = in_sessions(fetch)
    first, second = object(), object()
    for assignment in (first, first, second):
        await fetched(assignment, 1, whole())
    assert [each.session_epoch for each in asked] == [0, 1, 0]
    assert [len(each.topics) for each in asked] == [1, 0, 1]


class Client:
    """Answers a fetch with a session, until it has lost its connection."""

    cluster = "what aiokafka's fetcher also asks of it"

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.is_away = False

    async def send(self, node: int, request: Any) -> Any:  # noqa: ARG002 - aiokafka's signature
        """Answer."""
        self.asked.append(request.build(FetchRequest_v11))
        if self.is_away:
            raise KafkaConnectionError
        return FetchResponse_v11(0, 0, 7, [])


class Fetching:
    """As much of a consumer and its fetcher as sessions touch."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client
        self._fetcher = self

    async def _proc_fetch_request(self, assignment: Any, node: int, request: Any) -> bool:  # noqa: ARG002 - aiokafka's
        await self._client.send(node, request)
        return True

    async def fetch(self, assignment: Any) -> bool:
        """Fetch as aiokafka's routine does, which looks the method up each time."""
        return await self._proc_fetch_request(assignment, 1, whole())


async def test_a_connection_that_is_lost_takes_the_session_with_it() -> None:
    """The next request names all partitions, and the old session, which ends with it; all else of the client stays."""
    client = Client()
    consumer, assignment = Fetching(client), object()
    use_sessions(consumer)
    assert [await consumer.fetch(assignment) for _ in range(2)] == [True, True]
    client.is_away = True
    with pytest.raises(KafkaConnectionError):
        await consumer.fetch(assignment)
    client.is_away = False
    await consumer.fetch(assignment)
    assert [(each.session_id, each.session_epoch, len(each.topics)) for each in client.asked] == [
        (0, 0, 1),
        (7, 1, 0),
        (7, 2, 0),
        (7, 0, 1),
    ]
    assert consumer._client.cluster == client.cluster
