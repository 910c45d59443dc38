"""Whether a firm records as it did when its policy was calibrated, and what the base's page says of it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from console_support import Place, away, users_file

from console.pages import base
from relationship.analysis.drift import FELL, HALF, LEAST, ROSE, TWICE, density_drift, fields_drift
from relationship.analysis.findings import told_points
from relationship.policy.compiled import Policy, load_policy
from relationship.policy.file import Firm
from streams.kafka.reading import Stretch
from views.base import recording
from views.base.recording import HowRecorded, how_recorded

ROOT = Path(__file__).parents[2]
FILLED = {"ticket_csat": 0.6, "meeting_outcome_met": 0.3, "purchase_category": 0.0}


def policy(**firm: Any) -> Policy:
    """The shipped policy with a firm's part."""
    own = Firm(**{"filled": FILLED, "density": 2.0, "coverage": {"dialogue": 0.0, "value": 0.5}} | firm)
    return Policy(msgspec.structs.replace(load_policy().source, firm=own))


@pytest.mark.parametrize(
    ("of", "field", "now", "verdict"),
    [
        ("ticket", "csat", 0.6, "same"),
        ("ticket", "csat", 0.29, "same"),
        ("ticket", "csat", 0.27, "fell"),
        ("meeting", "outcome_met", 0.69, "same"),
        ("meeting", "outcome_met", 0.71, "rose"),
        ("purchase", "category", 0.1, "same"),
        ("purchase", "category", 0.11, "rose"),
        ("ticket", "channel", 0.5, "unknown"),
    ],
)
def test_a_field_has_moved_at_half_and_at_twice_of_what_it_was(of: str, field: str, now: float, verdict: str) -> None:
    """By more than hundredths; of a field that the policy knows no share of nothing is told."""
    found = fields_drift(policy(), {of: 1_000}, {(of, field): round(now * 1_000)})
    assert [each.verdict for each in found if (each.type, each.field) == (of, field)] == [verdict]


def test_at_its_very_bounds_a_field_has_not_moved() -> None:
    """Of a field that all had, 48 of a hundred are half less two; of one that a quarter had, 60 are twice and ten more."""
    for then, now, beyond, verdict in ((1.0, 480, 479, "fell"), (0.25, 600, 601, "rose")):
        own = policy(filled={"ticket_csat": then})
        for count, expected in ((now, "same"), (beyond, verdict)):
            found = fields_drift(own, {"ticket": 1_000}, {("ticket", "csat"): count})
            assert [each.verdict for each in found if each.field == "csat"] == [expected]


def test_few_messages_tell_nothing_and_none_of_a_type_that_is_known_are_few() -> None:
    """499 are chance; a type that nobody sends and the policy does not know has no line."""
    found = {(each.type, each.field): each for each in fields_drift(policy(), {"ticket": LEAST - 1}, {})}
    assert found["ticket", "csat"].verdict == "few"
    assert (found["meeting", "outcome_met"].verdict, found["meeting", "outcome_met"].now) == ("few", None)
    assert not any(of == "profile" for of, _ in found)
    assert fields_drift(policy(), {"ticket": LEAST}, {})[1].type == "ticket"


@pytest.mark.parametrize(
    ("purchases", "contacts", "verdict"),
    [
        (500, 1_000, "same"),
        (500, 499, "fell"),
        (500, 500, "same"),
        (500, 2_000, "same"),
        (500, 2_001, "rose"),
        (499, 9_999, "few"),
        (0, 9, "few"),
    ],
)
def test_the_contact_for_a_purchase_has_moved_at_half_and_at_twice(purchases: int, contacts: int, verdict: str) -> None:
    """It was 2; without purchases there is no such figure."""
    assert density_drift(policy(), purchases, contacts).verdict == verdict
    assert density_drift(policy(density=0.0), purchases, contacts).verdict == "unknown"


def test_the_bounds_are_those_of_the_alerts() -> None:
    """Who is told by Prometheus and who looks at the page are told the same."""
    rules = (ROOT / "deploy" / "prometheus" / "rules.yml").read_text(encoding="utf-8")
    fields, density = rules.split("alert: ClientwardDensityDrift")
    assert f"< {HALF} * max by (type, field) (clientward_calibrated_share) - {FELL}" in fields
    assert f"> {TWICE:.0f} * max by (type, field) (clientward_calibrated_share) + {ROSE}" in fields
    assert f"> {TWICE:.0f} * (max(clientward_calibrated_density)" in density
    assert f"< {HALF} * (max(clientward_calibrated_density)" in density
    assert rules.count(f">= {LEAST})") == rules.count(">= ") == 4


def test_the_points_out_of_reach_are_what_the_coverage_leaves() -> None:
    """All points are a hundred, and what is lost and what is reached too."""
    own = policy()
    found = told_points(own, own.firm)
    assert sum(each.points for each in found) == pytest.approx(100)
    assert 100 - sum(each.lost for each in found) == pytest.approx(own.reach)
    assert {each.name for each in found if each.lost} == {"dialogue", "value"}


async def shown(monkeypatch: pytest.MonkeyPatch, known: Policy, records: list[Any]) -> HowRecorded:
    """What is found of these records, by this policy."""

    async def policies(*_: Any) -> Any:
        return SimpleNamespace(rules=SimpleNamespace(at=lambda _: known))

    async def since(_: Any, topics: Any, *__: Any) -> dict[str, Stretch]:
        of = {topic: [each for each in records if each.topic == topic] for topic in topics}
        return {topic: Stretch(len(found), found) for topic, found in of.items()}

    monkeypatch.setattr(recording, "read_policies", policies)
    monkeypatch.setattr(recording, "read_since", since)
    return await how_recorded(away())


def record(topic: str, number: int, value: dict[str, Any]) -> Any:
    """A record of the intake."""
    body = {"event_id": f"e{number}", "account_id": "a", "occurred_at": "2026-01-01T00:00:00Z", **value}
    return SimpleNamespace(
        topic=topic, key=b"a", value=msgspec.json.encode(body), headers=[], offset=number, timestamp=1_767_225_600_000
    )


def events(csat: int) -> list[Any]:
    """Six hundred tickets, so many with a csat, and six hundred purchases; one record is none."""
    tickets = [
        record(
            recording.TICKETS,
            n,
            {"ticket_id": f"t{n}", "status": "closed", "kind": "question"} | ({"csat": 4} if n < csat else {}),
        )
        for n in range(600)
    ]
    bought = [record(recording.PURCHASES, n, {"amount": "1.00", "currency": "EUR"}) for n in range(600)]
    return [*tickets, *bought, record(recording.TICKETS, 999, {})]


async def test_what_moved_is_told_as_a_person_would_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A field that fell, the contact for a purchase, the points out of reach and how to win them."""
    found = await shown(monkeypatch, policy(density=9.0), events(csat=100))
    assert [(each.field, each.verdict) for each in found.moved] == [("csat", "fell"), ("density", "fell")]
    assert (found.events, found.refused) == ({"purchase": 600, "ticket": 601, "meeting": 0, "profile": 0}, 1)
    text = page(monkeypatch, tmp_path, found)
    assert "csat is filled in 17 % of the tickets, and it was in 60 %" in text
    assert "There are 1.00 meetings and tickets for one purchase, and there were 9.00" in text
    assert "ask whether a system that sends these events was changed" in text
    assert "send csat, feedback and reviews" in text
    assert "1 that were looked at are" in text


async def test_a_policy_that_was_calibrated_on_no_firm_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the command that makes it the firm's own; and what is filled is shown all the same."""
    found = await shown(monkeypatch, load_policy(), events(csat=300))
    assert (found.calibrated, found.moved, found.reach) == (False, [], 100)
    text = page(monkeypatch, tmp_path, found)
    assert "was calibrated on no firm" in text
    assert "clientward policy calibrate --from-topics" in text
    assert "50 %" in text


async def test_nothing_that_moved_is_told_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So that a page without a warning is not taken for one that has not looked."""
    text = page(monkeypatch, tmp_path, await shown(monkeypatch, policy(density=1.0), events(csat=350)))
    assert "Nothing has moved" in text
    assert "What to do" not in text


def page(monkeypatch: pytest.MonkeyPatch, folder: Path, found: HowRecorded) -> str:
    """What a viewer's page shows."""

    async def answer(_: Any) -> HowRecorded:
        return found

    monkeypatch.setattr(base, "how_recorded", answer)
    text: str = Place(users_file(folder)).browser("viewer").get("/base/recorded").text
    return " ".join(text.split())
