"""Decisions as views read them: what is a decision, and which of them a filter takes."""

from datetime import UTC, datetime

import msgspec
import pytest
from story import courtship, fold

from relationship.contract.decisions import Reclassification
from views.base.decisions import EVERYTHING, DecisionFilter, read_decision

LAST = fold(courtship())[1][-1]
DECISION = read_decision(msgspec.json.encode(LAST))
AT = datetime.fromisoformat(LAST["effective_at"])


@pytest.mark.parametrize(
    ("fits", "fails"),
    [
        ({"account": "a"}, {"account": "b"}),
        ({"industry": "consulting"}, {"industry": "law"}),
        ({"from_": "candidate"}, {"from_": "customer"}),
        ({"to": "client"}, {"to": "lapsed"}),
        ({"direction": "promotion"}, {"direction": "correction"}),
        ({"policy": "clientward-default"}, {"policy": "other"}),
        ({"policy": "1"}, {"policy": "2"}),
        ({"since": AT}, {"since": AT.replace(microsecond=1)}),
        ({"until": AT.replace(microsecond=1)}, {"until": AT}),
        ({"least_confidence": LAST["confidence"]}, {"least_confidence": LAST["confidence"] + 0.001}),
    ],
)
def test_each_field_of_a_filter_takes_and_leaves(fits: dict, fails: dict) -> None:
    """A decision is taken where the field is its own, and left where it is another; times include their beginning only."""
    assert DecisionFilter(**fits).takes(DECISION)
    assert not DecisionFilter(**fails).takes(DECISION)
    assert not DecisionFilter(**{**fits, **fails, "account": "nobody"}).takes(DECISION)


def test_a_filter_is_made_from_json() -> None:
    """As a console sends it: `from` by its name in the contract; what is no status is refused."""
    wanted = msgspec.json.decode(b'{"from": "candidate", "since": "2024-01-01T00:00:00Z"}', type=DecisionFilter)
    assert wanted == DecisionFilter(from_="candidate", since=datetime(2024, 1, 1, tzinfo=UTC))
    assert wanted.takes(DECISION)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"to": "klient"}', type=DecisionFilter)


def test_a_decision_is_read_whole() -> None:
    """Every field of the contract is there, with the value that was published."""
    names = {field.encode_name for field in msgspec.structs.fields(Reclassification)} - {"schema_version"}
    found = msgspec.to_builtins(DECISION)
    assert names <= found.keys()
    assert {name: found[name] for name in names} == {name: LAST[name] for name in names}


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    """A field more, and an industry that this version does not know, stop nothing."""
    later = {**LAST, "mood": "good", "segment": {**LAST["segment"], "industry": "space_travel"}}
    found = read_decision(msgspec.json.encode(later))
    assert found is not None
    assert found.segment is not None
    assert found.segment.industry == "space_travel"
    assert EVERYTHING.takes(found)


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b'{"from": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_decision_is_none(value: bytes | None) -> None:
    """It is shown where everything is wanted, and fits no filter."""
    assert read_decision(value) is None
    assert EVERYTHING.takes(None)
    assert not DecisionFilter(to="client").takes(None)
