"""What may change in the contract within a major version: every break is refused, every addition is not."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from contracts.compatibility import Break, breaks, last_release, main, release, released
from relationship.contract.messages import COMMANDS, MEETINGS, PROFILES, PURCHASES, REFERRALS, TICKETS
from relationship.contract.outcome import AUDIT, RECLASSIFIED, REJECTED, STATE
from streams.wire.contracts import CONTRACT_VERSION, render

NOW = json.loads(render()["asyncapi.json"])
FIRST = released("1.0")
MINOR = CONTRACT_VERSION.rpartition(".")[0]
Json = dict[str, Any]
Edit = Callable[[Json], object]


def edited(edit: Edit, contract: Json = FIRST) -> Json:
    """A contract after a change."""
    document = deepcopy(contract)
    edit(document)
    return document


def schema(document: Json, name: str) -> Json:
    """A named schema of a document."""
    found: Json = document["components"]["schemas"][name]
    return found


def of(name: str, field: str, **keywords: Any) -> Edit:
    """Set keywords of a field; the ellipsis takes one out."""

    def edit(document: Json) -> None:
        properties = schema(document, name)["properties"]
        changed = {**properties.get(field, {}), **keywords}
        properties[field] = {keyword: value for keyword, value in changed.items() if value is not ...}

    return edit


def gone(name: str, field: str) -> Edit:
    """Take a field away, also where it is required."""

    def edit(document: Json) -> None:
        found = schema(document, name)
        del found["properties"][field]
        found["required"] = [each for each in found["required"] if each != field]

    return edit


def required(name: str, *fields: str) -> Edit:
    """Require more fields."""
    return lambda document: schema(document, name)["required"].extend(fields)


def optional(name: str, field: str) -> Edit:
    """Require a field no more."""
    return lambda document: schema(document, name)["required"].remove(field)


def both(*edits: Edit) -> Edit:
    """Make several changes."""
    return lambda document: [edit(document) for edit in edits]


def values(name: str, field: str, *, less: str | None = None, more: str | None = None) -> Edit:
    """Take a value out of an enumeration, or add one."""

    def edit(document: Json) -> None:
        enum = schema(document, name)["properties"][field]["enum"]
        enum[:] = [value for value in enum if value != less] + ([more] if more else [])

    return edit


def rule(name: str, command: str, needed: str) -> Edit:
    """Add the rule that a command needs a field."""
    asked = {"properties": {"command": {"const": command}}, "required": ["command"]}
    return lambda document: schema(document, name)["allOf"].append({"if": asked, "then": {"required": [needed]}})


BREAKS = {
    "a topic is removed": (lambda d: d["channels"].pop(STATE), STATE, "the topic is gone"),
    "a topic is not sent any more": (lambda d: d["operations"].pop("sendState"), STATE, "does not send"),
    "a topic is not read any more": (lambda d: d["operations"].pop("receiveTicket"), TICKETS, "does not receive"),
    "a key is another type": (
        lambda d: d["components"]["messages"]["State"]["bindings"]["kafka"]["key"].update(type="integer"),
        STATE,
        "key",
    ),
    "a value is another encoding": (
        lambda d: d["components"]["messages"]["State"].update(contentType="application/avro"),
        STATE,
        "content type",
    ),
    "a header is removed": (
        lambda d: d["components"]["messages"]["Rejected"]["headers"]["properties"].pop("clientward-reason"),
        REJECTED,
        "the field is gone",
    ),
    "intake: a field is removed": (gone("Purchase", "channel"), PURCHASES, "$.channel: the field is gone"),
    "intake: a field is required now": (required("Meeting", "channel"), MEETINGS, "$.channel: is required now"),
    "intake: a new field is required": (
        both(of("Purchase", "shop", type="string"), required("Purchase", "shop")),
        PURCHASES,
        "$.shop: is required now",
    ),
    "intake: a value is removed": (values("Ticket", "kind", less="advice"), TICKETS, 'values "advice"'),
    "intake: null is refused": (of("Ticket", "sla_met", type="boolean"), TICKETS, "is no null any more"),
    "intake: a type is narrower": (of("Meeting", "duration_minutes", type="integer"), MEETINGS, "is no number"),
    "intake: a type is another": (of("Purchase", "amount", type="number"), PURCHASES, "is no string any more"),
    "intake: a limit is lower": (of("Purchase", "event_id", maxLength=64), PURCHASES, "maxLength is 64, was 128"),
    "intake: a least is higher": (of("Meeting", "duration_minutes", minimum=1), MEETINGS, "minimum is 1, was 0"),
    "intake: a text has a limit": (of("Command", "by", maxLength=5), COMMANDS, "maxLength is 5, was not there"),
    "intake: a pattern is another": (of("Purchase", "amount", pattern="^[0-9]+$"), PURCHASES, "pattern is"),
    "intake: anything becomes something": (of("Profile", "goals", type="object"), PROFILES, "is no array"),
    "intake: any value becomes certain ones": (of("Command", "by", enum=["ops"]), COMMANDS, "takes certain values only"),
    "intake: unknown fields are refused": (
        lambda d: schema(d, "Purchase").update(additionalProperties=False),
        PURCHASES,
        "additionalProperties is false",
    ),
    "intake: a rule is new": (rule("Command", "release", "by"), COMMANDS, "a rule is new"),
    "output: a field is removed": (gone("Reclassification", "why"), RECLASSIFIED, "$.why: the field is gone"),
    "output: an optional field is removed": (gone("Reclassification", "supersedes"), RECLASSIFIED, "the field is gone"),
    "output: a field within a part is removed": (gone("PlayPart", "stop"), RECLASSIFIED, "$.play.stop: the field is gone"),
    "output: a field within a list is removed": (
        gone("DimensionPart", "weight"),
        RECLASSIFIED,
        "$.dimensions[].weight: the field is gone",
    ),
    "output: a field may be missing": (optional("State", "score"), STATE, "$.score: is not required any more"),
    "output: a field may be null": (of("Audit", "action", type=["string", "null"]), AUDIT, "may be null now"),
    "output: a field is never null any more": (of("Audit", "by", type="string"), AUDIT, "is no null any more"),
    "output: a new field is required": (
        both(of("State", "tier", type="string"), required("State", "tier")),
        STATE,
        "$.tier: is required now",
    ),
    "output: an old field is required": (required("Reclassification", "supersedes"), RECLASSIFIED, "is required now"),
    "output: a value is removed": (values("Reclassification", "direction", less="return"), RECLASSIFIED, 'values "return"'),
    "output: a value is new": (values("Reclassification", "direction", more="pause"), RECLASSIFIED, 'values "pause" too'),
    "output: a number is a text": (of("State", "score", type="string"), STATE, "is no integer, number any more"),
    "output: a number is an integer": (of("State", "score", type="integer"), STATE, "is no number any more"),
    "output: a limit is wider": (of("State", "score", maximum=1000), STATE, "maximum is 1000, was 100"),
    "output: a format is gone": (of("State", "since", format=...), STATE, "format is not there"),
    "own: a field is removed": (gone("Referral", "referred"), REFERRALS, "$.referred: the field is gone"),
    "own: a limit is wider": (of("Referral", "referred", maxLength=300), REFERRALS, "maxLength is 300, was 255"),
}  # fmt: skip

ADDITIONS = {
    "nothing": lambda _: None,
    "a topic": lambda d: d["channels"].update({"crm.deal.won.v1": d["channels"][STATE]}),
    "a header": lambda d: d["components"]["messages"]["State"]["headers"]["properties"].update(more={"type": "string"}),
    "words": both(of("Purchase", "amount", description="Other words.", title="Amount", examples=["1.00"])),
    "intake: a field": of("Purchase", "shop", type=["string", "null"], maxLength=255),
    "intake: a value": values("Ticket", "kind", more="praise"),
    "intake: a wider limit": of("Purchase", "event_id", maxLength=256),
    "intake: a lower least": of("Ticket", "sentiment", minimum=-2),
    "intake: no limit": of("Purchase", "category", maxLength=...),
    "intake: null": of("Meeting", "duration_minutes", type=["number", "null"]),
    "intake: any number": of("Meeting", "attendees_ours", type=["number", "null"]),
    "intake: no pattern": of("Purchase", "amount", pattern=...),
    "intake: less is required": optional("Meeting", "duration_minutes"),
    "intake: a rule is dropped": lambda d: schema(d, "Command")["allOf"].pop(),
    "intake: a command and its rule": both(values("Command", "command", more="pause"), rule("Command", "pause", "until")),
    "output: a field": of("Reclassification", "tier", type=["string", "null"]),
    "output: a field within a part": of("SegmentPart", "region", type=["string", "null"]),
    "own: a field": of("Move", "note", type=["string", "null"]),
}  # fmt: skip


def test_the_contract_breaks_nobody() -> None:
    """Whoever uses the last release can use what is here. If this fails: an addition instead, or another major version."""
    last = last_release()
    assert last
    assert list(map(str, breaks(released(last), NOW))) == []
    assert main([]) == 0


@pytest.mark.parametrize("case", BREAKS)
def test_a_break_is_refused(case: str) -> None:
    """It is told with topic, path and what is another."""
    edit, topic, text = BREAKS[case]
    found = breaks(FIRST, edited(edit))
    assert topic in {each.topic for each in found}, found
    assert any(text in str(each) for each in found if each.topic == topic), found


@pytest.mark.parametrize("case", ADDITIONS)
def test_an_addition_is_accepted(case: str) -> None:
    """Whoever used the contract before can go on."""
    document = edited(ADDITIONS[case])
    assert breaks(FIRST, document) == []
    assert case == "nothing" or document != FIRST


def test_forms_do_not_matter() -> None:
    """The same in another form of JSON Schema is no change: null beside a type, or in an anyOf of two."""
    edit = of("Purchase", "category", anyOf=[{"type": "string", "minLength": 1, "maxLength": 128}, {"type": "null"}],
              type=..., minLength=..., maxLength=...)  # fmt: skip
    assert breaks(FIRST, edited(edit)) == breaks(edited(edit), FIRST) == []


def test_a_break_says_where_it_is() -> None:
    """One line: topic, path and what."""
    (found,) = breaks(FIRST, edited(gone("Ticket", "csat")))
    assert found == Break(TICKETS, "$.csat", "the field is gone")
    assert str(found) == f"{TICKETS} $.csat: the field is gone"


def test_the_last_release_of_the_same_major_counts(tmp_path: Path) -> None:
    """Minor versions are numbers, and another major's contract is no measure."""
    for name in ("1.2", "1.10", "2.0"):
        (tmp_path / name).mkdir()
    assert last_release(tmp_path, "1.11.0") == "1.10"
    assert last_release(tmp_path, "2.0.0") == "2.0"
    assert last_release(tmp_path, "3.0.0") is None
    assert last_release(tmp_path / "nothing", "1.0.0") is None


def test_the_command_tells_every_break_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a break on stderr; without one, a line that says so; a release that breaks somebody is not kept."""
    assert main([str(tmp_path)]) == 0
    (tmp_path / "1.0").mkdir()
    old = edited(both(of("State", "once", type="string"), of("State", "old", type="string")), NOW)
    (tmp_path / "1.0" / "asyncapi.json").write_text(json.dumps(old))
    capsys.readouterr()
    assert main([str(tmp_path)]) == main([str(tmp_path), "--release"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 4
    assert told[0].startswith(f"{STATE} $.old: the field is gone; that needs a topic of another major version")
    assert json.loads((tmp_path / "1.0" / "asyncapi.json").read_text()) == old


def test_a_release_never_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is kept once; a contract with more in it needs another minor version."""
    assert main([str(tmp_path), "--release"]) == 0
    assert released(MINOR, tmp_path) == NOW
    assert release(tmp_path, f"{MINOR}.9") is None
    (tmp_path / MINOR / "asyncapi.json").write_text(json.dumps(edited(gone("Ticket", "csat"), NOW)))
    assert main([str(tmp_path), "--release"]) == 1
    assert "raise CONTRACT_VERSION" in capsys.readouterr().err
    assert release(tmp_path, "1.99.0") is None
    assert released("1.99", tmp_path) == NOW
