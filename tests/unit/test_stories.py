"""The hand-made stories are good input: told in order, under ids that name what happened."""

import json
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from relationship.messages import decoder_for
from streams.codec_rules import broken_rule

STORIES = sorted((Path(__file__).parents[2] / "examples" / "stories").glob("*.jsonl"))


def test_there_are_stories() -> None:
    """The mission's own examples are told, each in a file that the README lists."""
    readme = (STORIES[0].parent / "README.md").read_text(encoding="utf-8")
    assert len(STORIES) >= 6
    assert all(f"`{story.name}`" in readme for story in STORIES)


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
