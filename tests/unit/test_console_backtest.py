"""A policy's backtest from the page: the kept history in its order, the other process's work, who may, and what is shown."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from console_support import Place, away
from story import courtship, meeting, purchase, ticket

from console.jobs import work
from console.jobs.backtests import MOST, Backtests, Draft
from console.jobs.work import Failed, Result, Told
from console.pages import policy as policy_page
from relationship.analysis.backtest import Otherwise, Span
from relationship.policy.compiled import parse_policy
from views.offline.backtest import Backtest
from views.offline.event_file import EventReader
from views.policies import kept
from views.policies.published import Policies, PolicyVersion, Trial

TEXT = (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")
STRICT = TEXT.replace("client_up = 52.0", "client_up = 99.0").replace('version = "1"', 'version = "strict"', 1)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def records(told: list[Any], partition: int = 0) -> list[Any]:
    """Messages as records of the intake, each topic by itself."""
    found = []
    for number, (topic, message) in enumerate(sorted(told, key=lambda each: each[0])):
        value = msgspec.json.encode(message)
        record = {"topic": topic, "partition": partition, "offset": number, "timestamp": 1_767_225_600_000}
        found.append(SimpleNamespace(key=message.account_id.encode(), value=value, headers=[], **record))
    return found


def held(monkeypatch: pytest.MonkeyPatch, found: list[Any]) -> None:
    """Have the topics hold these records."""

    async def count(*_: Any) -> int:
        return len(found)

    async def read(*_: Any) -> AsyncIterator[Any]:
        for each in found:
            yield each

    monkeypatch.setattr(kept, "count_records", count)
    monkeypatch.setattr(kept, "read_to_end", read)


async def test_the_history_comes_as_the_workers_merge_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By when it happened over all topics and partitions, and within a partition as it stands there, late ones too."""
    one = [purchase(3, "p3"), purchase(1, "late"), ticket(2, "t2"), meeting(9, "m9")]
    two = [purchase(2.5, "q", "b")]
    held(monkeypatch, [*records(one), *records(two, 1), SimpleNamespace(**records(two)[0].__dict__ | {"value": b"{"})])
    told: list[tuple[int, int]] = []
    history = await kept.kept_history(away(), lambda *each: told.append(each))
    found = [message.event_id for _, _, message in history.messages()]
    assert found == ["t2", "q", "p3", "late", "m9"]
    assert (history.records, history.one_in, dict(history.refused)) == (6, 1, {"DECODE": 1})


async def test_of_a_long_history_a_share_of_the_accounts_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each account with all that it has, or not at all, and the same ones each time."""
    told = [purchase(day, f"{name}-{day}", name) for name in (f"a{n}" for n in range(60)) for day in (1, 2, 3)]
    held(monkeypatch, records(told))
    history = await kept.kept_history(away(), lambda *_: None, most=60)
    found = [message.account_id for _, _, message in history.messages()]
    assert history.one_in == 3
    assert 20 <= len(found) <= 100
    assert {found.count(name) for name in found} == {3}
    again = await kept.kept_history(away(), lambda *_: None, most=60)
    assert {message.account_id for _, _, message in again.messages()} == {*found}


class Wire:
    """In place of a pipe: keeps what is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.send = self.told.append

    def close(self) -> None:
        """Nothing more is told."""


def test_the_other_process_finds_what_the_command_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same accounts, spans and costs as `clientward policy backtest` on a file of the same events."""
    told = list(courtship())
    held(monkeypatch, records(told))
    wire = Wire()
    monkeypatch.setattr(work.os, "nice", lambda _: 0)
    work.work(wire, away(), (TEXT, STRICT))  # type: ignore[arg-type]
    result = wire.told[-1]
    assert isinstance(result, Result)
    lines = [msgspec.json.encode({"topic": topic, "value": _plain(message)}) for topic, message in told]
    run = Backtest(parse_policy(TEXT, "a"), parse_policy(STRICT, "b"), away())
    run.fold(EventReader(enumerate(lines), away(), lambda _, why: pytest.fail(why)), None)
    assert sorted(result.samples) == sorted(run.otherwise())
    assert (result.accounts, result.otherwise, result.records) == (1, 1, len(told))
    assert result.if_a == result.if_b > 0
    assert result.now == {("client", "candidate"): 1}
    assert [each.doing for each in wire.told[:-1]] == ["folding it twice", "comparing"]


def _plain(message: Any) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(message).items() if value is not None}


def test_why_nothing_came_of_it_is_one_line() -> None:
    """Kafka is away, or the text is none: told, and not raised where nobody sees it."""
    wire = Wire()
    work.work(wire, away(), (TEXT, "= nonsense"))  # type: ignore[arg-type]
    assert isinstance(wire.told[-1], Failed)
    assert "\n" not in wire.told[-1].text


def test_texts_are_kept_up_to_a_number() -> None:
    """The oldest go; who had one checked again is its checker."""
    jobs = Backtests(away(), lambda: 0.0)
    drafts = [jobs.checked(f"text {n}", "p", str(n), "ann") for n in range(MOST + 5)]
    assert [each.version for each in jobs.drafts()] == [str(n) for n in range(5, MOST + 5)]
    assert jobs.find(drafts[0].number) is None
    again = jobs.checked("text 7", "p", "7", "bob")
    assert (again.number, again.checked_by, jobs.drafts()[-1]) == (drafts[7].number, "bob", again)


def tried(place: Place, **of: Any) -> Draft:
    """Return a text of the console's that was backtested."""
    draft = place.house.backtests.checked("<script>", "firm", "2", "ann")
    draft.asked_by, draft.asked_at, draft.against = "bob", NOW, "1"
    for name, value in of.items():
        setattr(draft, name, value)
    return draft


FOUND = Result(
    accounts=40, otherwise=3, now={("client", "candidate"): 2}, if_a=1.5, if_b=0.25, records=900, refused={"LATE": 2},
    one_in=4, samples=[Otherwise("acme-17", Span(0, 86_400_000_000, "client", "customer"), 1.0, 0.25)],
)  # fmt: skip


def test_what_came_of_it_is_shown_with_samples_and_leads_on(users: Path) -> None:
    """To an operator with what it was tried on; to an admin with the next step, and the text as text."""
    place = Place(users)
    draft = tried(place, result=FOUND)
    page = " ".join(place.browser("operator").get(f"/policy/backtest?number={draft.number}").text.split())
    for said in ("acme-17", "1970-01-02", "900 records", "2 LATE", "of one account in 4", "for bob", "Checked by ann"):
        assert said in page
    assert "goes on trial" not in page
    assert "hx-get" not in page
    admin = place.browser("admin").get(f"/policy/backtest?number={draft.number}").text
    assert "goes on trial" in admin
    assert "&lt;script&gt;</textarea>" in admin


def test_how_far_it_is_comes_by_itself(users: Path) -> None:
    """While it runs the part asks for itself again; stopped or failed, it says why."""
    place = Place(users)
    draft = tried(place, told=Told("folding it twice", 500, 900))
    part = place.browser("operator").get(f"/policy/backtest/progress?number={draft.number}").text
    assert f'hx-get="/policy/backtest/progress?number={draft.number}"' in part
    assert "500 of 900 records" in part
    draft.result = Failed("Kafka does not answer")
    assert "Nothing came of it: Kafka" in place.browser("operator").get(f"/policy/backtest?number={draft.number}").text


def test_who_may_and_what_is_asked(users: Path) -> None:
    """A viewer may not; what is no text of ours, or no change, is told."""
    place = Place(users)
    draft = tried(place)
    assert place.browser("viewer").get(f"/policy/backtest?number={draft.number}").status_code == 403
    assert place.browser("viewer").post("/policy/backtest", {"number": draft.number, "what": "stop"}).status_code == 403
    operator = place.browser("operator")
    assert operator.get("/policy/backtest?number=none").status_code == 422
    assert operator.post("/policy/backtest", {"number": draft.number, "what": "burn"}).status_code == 422
    assert operator.post("/policy/backtest", {"number": draft.number, "what": "stop"}).status_code == 303


def test_the_way_of_a_version_says_by_whom_each_step_was() -> None:
    """From the text that was brought to what took it back; a version that was published by the command line has its own."""

    def version(name: str, by: str | None, phase: Any = "past") -> PolicyVersion:
        return PolicyVersion("firm", name, phase, NOW, NOW, by)

    history = [version("1", None), version("2", "cleo"), version("1-r1", "dora"), version("3", "eve", "in force")]
    trials = [Trial("firm", "2", "m", NOW, NOW, "bob")]
    known = Policies(NOW, history[-1], [], history, None, trials)
    drafts = [Draft("n", "text", "firm", name, "ann", NOW) for name in ("2", "4")]
    found = {each.version: each for each in policy_page.ways_of(drafts, known)}
    assert [*found] == ["4", "3", "2"]
    two = found["2"]
    assert two.draft is not None
    assert two.trial is not None
    assert two.published is not None
    assert two.back is not None
    by = (two.draft.checked_by, two.trial.by, two.published.by, two.back.by)
    assert by == ("ann", "bob", "cleo", "dora")
    assert (found["3"].back, found["4"].published) == (None, None)
