"""Handlers by transition and the stand-in for tests: who is called, with which key, how often."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from decisions_support import chain, decision, encoded

from clientward_client import Decision, Gone, Handlers, UnreadableError, WrongUseError, subscribe, wanted
from clientward_client.testing import FakeSubscription, decisions_from, decisions_of_story


async def test_a_handler_is_called_for_what_it_wants_with_a_key_that_stays() -> None:
    """By status, direction and industry; the key is the handler's name and the decision's id."""
    handlers, calls = Handlers(), []

    @handlers.on(to="candidate")
    async def court(each: Decision, key: str) -> None:
        calls.append(("court", each.to, key))

    @handlers.on(from_=("candidate", "client"), direction="promotion", industry="retail", name="keep")
    async def renamed(each: Decision, key: str) -> None:
        calls.append(("keep", each.to, key))

    @handlers.on(industry="law")
    async def never(_: Decision, key: str) -> None:
        raise AssertionError(key)

    async with FakeSubscription(chain("acme", "prospect", "customer", "candidate", "client")) as stream:
        await handlers.run(stream)
    court_key = f"{court.__qualname__}:rc-acme-2"
    assert calls == [("court", "candidate", court_key), ("keep", "client", "keep:rc-acme-3")]
    assert never.__name__ == "never"


async def test_an_account_that_is_gone_has_handlers_of_its_own() -> None:
    """And none that want decisions."""
    handlers, calls = Handlers(), []

    @handlers.on_gone
    async def forget(gone: Gone, key: str) -> None:
        calls.append((gone.account_id, key.partition(":")[2]))

    gone = Gone(account_id="acme", reason="erased", event_id="erase-1", at=None)
    await handlers.run(FakeSubscription([gone]))
    assert calls == [("acme", "acme:erase-1")]


async def test_what_a_handler_raises_leaves_its_decision_unhandled() -> None:
    """It is the first that comes again."""
    handlers, attempts = Handlers(), []

    @handlers.on()
    async def fails_once(_: Decision, key: str) -> None:
        attempts.append(key.partition(":")[2])
        if len(attempts) == 2:
            raise RuntimeError("away")

    stream = FakeSubscription(chain("acme", "prospect", "customer", "candidate"))
    with pytest.raises(RuntimeError, match="away"):
        await handlers.run(stream)
    await handlers.run(stream)
    assert attempts == ["rc-acme-1", "rc-acme-2", "rc-acme-2"]
    assert [each.event_id for each in stream.handled if isinstance(each, Decision)] == ["rc-acme-1", "rc-acme-2"]


@pytest.mark.parametrize("field", ["from_", "to", "direction", "industry"])
def test_a_value_that_there_is_not_is_told_at_once(field: str) -> None:
    """A misspelt status would otherwise match nothing, silently and for ever."""
    with pytest.raises(WrongUseError, match=rf"{field}=cleint: give one of \w+, \w+"):
        wanted(**{field: "cleint"})  # type: ignore[arg-type]


def test_two_handlers_of_one_name_are_refused() -> None:
    """Their keys would be the same, and the second one's work would pass for done. So is one that is not async."""
    handlers = Handlers()

    async def one(_: Decision, __: str) -> None: ...

    handlers.on(name="x")(one)
    with pytest.raises(WrongUseError, match="two handlers are called x"):
        handlers.on(name="x")(one)
    with pytest.raises(WrongUseError, match="async def"):
        handlers.on()(print)  # type: ignore[arg-type, return-value]


async def test_a_file_of_decisions_is_a_stream(tmp_path: Path) -> None:
    """As they are, each twice, settled, or by batches; a broken line is named."""
    file = tmp_path / "decisions.jsonl"
    file.write_bytes(b"\n".join(map(encoded, chain("acme", "prospect", "customer", "candidate"))))
    in_twos = decisions_from(file, repeats=True).batches(3)
    assert [[each.to for each in batch] async for batch in in_twos] == [["customer"] * 2 + ["candidate"], ["candidate"]]
    assert [each.to async for each in decisions_from(file)] == ["customer", "candidate"]
    assert [each.to async for each in decisions_from(file, repeats=True)] == ["customer"] * 2 + ["candidate"] * 2
    (net,) = [each async for each in decisions_from(file, settled=True)]
    assert (net.from_, net.to) == ("prospect", "candidate")
    file.write_bytes(encoded(decision()) + b"\nnothing\n")
    with pytest.raises(UnreadableError, match="line 2"):
        decisions_from(file)


def test_a_story_needs_clientward() -> None:
    """Where the command is missing, or refuses, the error says what to do."""
    with pytest.raises(WrongUseError, match="clientward replay ends with 1"):
        decisions_of_story("story.jsonl", command=["false"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"group": ""}, "give the group a name"),
        ({"group": "g", "remember": -1}, "remember=-1"),
        ({"group": "g", "settle": timedelta(0)}, "settle=0:00:00: give more than nothing"),
        ({"group": "g", "settle": timedelta(days=8)}, "7 days at most"),
        ({"group": "g", "start": datetime(2026, 1, 1)}, "a time with an offset"),  # noqa: DTZ001 - that is the mistake
    ],
)
def test_arguments_that_do_not_fit_are_told_before_anything_starts(arguments: dict, words: str) -> None:
    """With what to give instead."""
    with pytest.raises(WrongUseError, match=words):
        subscribe(**arguments)
