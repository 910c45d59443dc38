"""The hand-made stories are good input: told in order, under ids that name what happened."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from cli.main import run
from relationship.contract.messages import Industry, decoder_for
from streams.wire.rules import broken_rule

STORIES = sorted((Path(__file__).parents[2] / "examples" / "stories").glob("*.jsonl"))
README = (STORIES[0].parent / "README.md").read_text(encoding="utf-8")
LINE = re.compile(r"^\| `(\S+)` .* \| ([^|(]+?)(?: \(`--until (\S+)`\))? \|$", re.MULTILINE)
TOLD = {name: (told, until) for name, told, until in LINE.findall(README)}
SEGMENTS = {
    "industry": set(get_args(Industry)),
    "party": {"individual", "business", "institution"},
    "scope": {"external", "internal"},
    "market": {"consumer", "business", "retail", "wholesale"},
    "standing": {"potential", "new", "regular", "loyal"},
}


def test_there_are_stories() -> None:
    """The mission's own examples are told, each in a file that the README lists."""
    assert len(STORIES) >= 24
    assert set(TOLD) == {story.name for story in STORIES}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_a_story_is_told_in_order(story: Path) -> None:
    """Every line is a message of the contract about the one account, later than the one before, with an id of its own."""
    lines = [json.loads(line) for line in story.read_text(encoding="utf-8").splitlines()]
    messages = [decoder_for(line["topic"]).decode(msgspec.json.encode(line["value"])) for line in lines]
    moments: list[datetime] = [message.occurred_at for message in messages]
    assert moments == sorted(moments)
    assert len({message.account_id for message in messages}) == 1
    assert len({message.event_id for message in messages}) == len(messages)
    assert not any(broken_rule(message) for message in messages)


def replayed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict]:
    """Return what `clientward replay` prints, line by line."""
    capsys.readouterr()
    assert run(["replay", "--strict", *arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_replay_tells_a_story_as_its_line_says(story: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The statuses come in the order of the README's last column, and each leads on from the one before."""
    told, until = TOLD[story.name]
    decisions = replayed(capsys, str(story), *(["--until", until] if until else []))
    statuses = [decision["to"] for decision in decisions]
    assert statuses == ([] if told == "none" else told.split(" → "))
    assert [decision["from"] for decision in decisions] == ["prospect", *statuses][: len(statuses)]


def test_the_stories_cover_every_industry_and_segment(capsys: pytest.CaptureFixture[str]) -> None:
    """All seventeen trades, every party, scope, market and standing of the mission's page have a story."""
    segments = [state["segment"] for story in STORIES for state in replayed(capsys, "--states", str(story))]
    for field, values in SEGMENTS.items():
        assert {segment[field] for segment in segments} == values


def test_every_segment_of_clients_and_of_customers_has_its_story(capsys: pytest.CaptureFixture[str]) -> None:
    """Clients of every party, outside and inside the house; customers of every market and standing, and the prospect."""
    clients, customers = [], []
    for story in STORIES:
        (state,) = replayed(capsys, "--states", str(story))
        statuses = {decision["to"] for decision in replayed(capsys, str(story))}
        (clients if "client" in statuses else customers).append(state["segment"])
    assert {segment["party"] for segment in clients} == SEGMENTS["party"]
    assert {segment["scope"] for segment in clients} == SEGMENTS["scope"]
    assert {segment["market"] for segment in customers} == SEGMENTS["market"]
    assert {segment["standing"] for segment in customers} == SEGMENTS["standing"]
