"""The subscribers' client and the contract: every golden message of the output is read, whole, and the types agree."""

import json
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from clientward_client import decode_decision, decode_state
from clientward_client import messages as theirs
from clientward_client.testing import decisions_of_story
from relationship.contract import decisions as ours
from relationship.contract import messages
from relationship.contract.outcome import RECLASSIFIED, STATE

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "contracts" / "golden"
FILES = {topic: sorted(GOLDEN.glob(f"*/{topic}/*.json")) for topic in (RECLASSIFIED, STATE)}
READ = {RECLASSIFIED: decode_decision, STATE: decode_state}


@pytest.mark.parametrize("topic", [RECLASSIFIED, STATE])
def test_every_golden_message_is_read_whole(topic: str) -> None:
    """Of every version kept: encoded again, each has all that it had, a tombstone aside, which has no value."""
    raws = [file.read_bytes() for file in FILES[topic]]
    values = [raw for raw in raws if json.loads(raw) is not None]
    assert len(values) > 50
    for raw in values:
        again = json.loads(msgspec.json.encode(READ[topic](raw)))
        again.pop("stands_for", None)
        assert again == json.loads(raw)


def test_the_topics_and_enumerations_are_the_products() -> None:
    """The client has them a second time, since it must not need the product."""
    assert (theirs.RECLASSIFIED, theirs.STATE) == (RECLASSIFIED, STATE)
    for name in ("Status", "Industry", "Party", "Scope", "Market"):
        assert get_args(getattr(theirs, name)) == get_args(getattr(messages, name)), name
    for name in ("Direction", "Standing"):
        assert get_args(getattr(theirs, name)) == get_args(getattr(ours, name)), name


@pytest.mark.parametrize(
    ("client", "product"),
    [
        (theirs.Decision, ours.Reclassification),
        (theirs.State, ours.State),
        (theirs.Dimension, ours.DimensionPart),
        (theirs.Segment, ours.SegmentPart),
        (theirs.Play, ours.PlayPart),
        (theirs.Policy, ours.PolicyPart),
    ],
)
def test_the_fields_are_the_products(client: Any, product: Any) -> None:
    """By their names on the wire; the client's own comes after them."""
    names = [field.encode_name for field in msgspec.structs.fields(client)]
    assert [name for name in names if name != "stands_for"] == [f.encode_name for f in msgspec.structs.fields(product)]


async def test_a_story_file_is_a_stream_of_decisions() -> None:
    """What the product decides of a story of events, for a subscriber's test; settled, it is one change."""
    story = ROOT / "examples" / "stories" / "insurance-household-growing.jsonl"
    clientward = [str(Path(sys.executable).with_name("clientward"))]
    assert [each.to async for each in decisions_of_story(story, command=clientward)] == [
        "customer", "candidate", "client",
    ]  # fmt: skip
    (net,) = [each async for each in decisions_of_story(story, command=clientward, settled=True)]
    assert (net.from_, net.to, net.direction) == ("prospect", "client", "promotion")
