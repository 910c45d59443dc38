"""The console's pages for refused records and the runbook: who may, what a form must say, where what is wrong leads."""

import re
from pathlib import Path
from typing import Any

import pytest
from console_support import Place

from actions.dead_letters import Moved, Run
from console.pages import letters, runbook
from relationship.contract.outcome import Reason

ROOT = Path(__file__).parents[2]


class Doing:
    """In place of Kafka: notes what was asked, and says that two of three letters were, or would be, done."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    async def __call__(self, _: Any, run: Run) -> Moved:
        """Note it."""
        self.runs.append(run)
        return Moved(3, 2, {"its account was erased since": 1})


@pytest.fixture
def doing(monkeypatch: pytest.MonkeyPatch) -> Doing:
    """Let both changes be noted only."""
    found = Doing()
    monkeypatch.setattr(letters, "WHATS", {name: what._replace(action=found) for name, what in letters.WHATS.items()})
    return found


def test_what_would_be_done_is_counted_before(users: Path, doing: Doing) -> None:
    """The page says how many, and which are left and why; nothing is done yet."""
    page = Place(users).browser("operator").get("/refused/do?what=redrive&reason=LATE")
    assert page.status_code == 200
    assert "2 of 3 would be sent again. Left: 1: its account was erased since." in page.text
    assert 'name="lateness_days"' in page.text
    (run,) = doing.runs
    assert (run.dry, run.wanted.reason) == (True, Reason.LATE)


def test_it_is_done_as_the_login_says_and_with_the_reason(users: Path, doing: Doing) -> None:
    """One letter by its place; who asks is the login's name, whatever the form says."""
    browser = Place(users).browser("operator")
    browser.get("/refused/do?what=discard&place=3/41")
    form = {"what": "discard", "place": "3/41", "why": "a test", "understood": "yes", "by": "somebody else"}
    answer = browser.post("/refused/do", form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/refused")
    run = doing.runs[-1]
    assert (run.by, run.why, run.dry, run.wanted.places) == ("operator", "a test", False, frozenset({(3, 41)}))
    assert "2 of 3 records are given up. Left: 1" in browser.get("/runbook").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"why": " "}, "Reason: say why"),
        ({"why": "x" * 501}, "Reason: say why"),
        ({"understood": ""}, "Tick that you have read"),
        ({"lateness_days": "0"}, "Days: give a number"),
        ({"lateness_days": "soon"}, "Days: give a number"),
        ({"place": "3"}, "place: give partition/offset"),
        ({"reason": "BORING"}, "there is no such reason"),
        ({"what": "burn"}, "there is no such change"),
    ],
)
def test_a_form_that_does_not_fit_does_nothing(users: Path, doing: Doing, change: dict[str, str], said: str) -> None:
    """422, with what to mend."""
    browser = Place(users).browser("operator")
    form = {"what": "redrive", "reason": "LATE", "place": "", "why": "a test", "understood": "yes"} | change
    answer = browser.post("/refused/do", form)
    assert answer.status_code == 422
    assert said in answer.text
    assert all(run.dry for run in doing.runs)


def test_a_wider_allowance_is_for_sending_again(users: Path, doing: Doing) -> None:
    """Its days go into the run; giving up has none."""
    browser = Place(users).browser("admin")
    for what in ("redrive", "discard"):
        browser.post("/refused/do", {"what": what, "why": "a test", "understood": "yes", "lateness_days": "90"})
    assert [run.lateness_days for run in doing.runs if not run.dry] == [90, None]


def test_a_viewer_may_not(users: Path, doing: Doing) -> None:
    """By direct request neither; the links are not shown."""
    browser = Place(users).browser("viewer")
    assert browser.get("/refused/do?what=discard").status_code == 403
    assert browser.post("/refused/do", {"what": "discard", "why": "a test", "understood": "yes"}).status_code == 403
    assert doing.runs == []


def test_the_runbook_is_the_one_of_the_docs() -> None:
    """Byte for byte: copy it after a change, since docs are not installed."""
    assert runbook.TEXT.read_bytes() == (ROOT / "docs" / "runbook.md").read_bytes()


def test_every_check_leads_to_a_section_that_is_there(users: Path) -> None:
    """A viewer may read it; what is HTML in it would stand as text."""
    page = Place(users).browser("viewer").get("/runbook")
    assert page.status_code == 200
    for section in runbook.SECTIONS.values():
        assert f'<h2 id="{runbook.anchor(section)}">' in page.text
    links = re.findall(r'<article class="runbook">.*?</article>', page.text, re.DOTALL)[0]
    for target in re.findall(r'href="([^"]*)"', links):
        assert target.startswith("#")
        assert f'id="{target[1:]}"' in page.text
    told = [*(ROOT / "streams" / "health").glob("doctor*.py"), ROOT / "console" / "troubles.py"]
    checks = " ".join(path.read_text(encoding="utf-8") for path in told)
    assert [check for check in runbook.SECTIONS if f'"{check}"' not in checks] == []
