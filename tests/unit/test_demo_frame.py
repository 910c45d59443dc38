"""The demo's frame: it fits every terminal, says the newest reason whole, and follows one account."""

import itertools

import pytest
from rich.cells import cell_len

from cli.demo.frame import bar, frame, story_lines
from cli.demo.play import Tally
from cli.demo.stage import Seen
from cli.demo.watched import HOLD_SECONDS, Watched
from views.base.decisions import Decision

WHY = (
    "client: asked for advice before buying, 3 meetings with two people of the buyer in 40 days, came back on a rhythm of "
    "its own, and was referred by s7-00003; 漢字の理由もある"
)
IDS = itertools.count()


def decision(account: str, before: str, after: str, at: str = "2026-01-02", direction: str = "forward") -> Decision:
    """Return a decision as the topic has it."""
    return Decision(
        account_id=account,
        from_=before,
        to=after,
        effective_at=f"{at}T00:00:00Z",
        score=61.0,
        why=WHY,
        event_id=str(next(IDS)),
        direction=direction,
    )


def watched(*decisions: Decision, now: float = 100.0) -> Watched:
    """Return what is seen after these decisions, in the history's act."""
    found, tally = Watched(), Tally(1_000, 900)
    found.step("folding", 90.0)
    for each in decisions:
        tally.take(each)
        found.decided(each)
    found.update(tally, Seen(500, 20, 10, 370), now)
    found.tick(now)
    return found


PATH = (
    decision("a", "prospect", "customer", "2025-01-01"),
    decision("a", "customer", "candidate", "2025-02-01"),
    decision("a", "candidate", "client", "2025-03-01"),
)


@pytest.mark.parametrize("width", [1, 17, 40, 80, 120, 200])
@pytest.mark.parametrize("height", [1, 5, 12, 24, 40])
def test_the_frame_fits_every_terminal(width: int, height: int) -> None:
    """No more lines than the terminal has, and none wider, wide characters counted as two; before the play as in it."""
    before = Watched()
    before.step("starting Kafka and Redis…", 90.0)
    for each in (Watched(), before, watched(*PATH), watched()):
        lines = frame(each, width, height, 100.0, 90.0)
        assert 0 < len(lines) <= height
        assert max(cell_len(line.plain) for line in lines) <= width


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 24), (40, 12)])
def test_the_newest_reason_is_there_whole(size: tuple[int, int]) -> None:
    """Whatever the width, the words of the newest crossing are all there, on a low terminal at the statuses' cost."""
    text = " ".join(line.plain.strip() for line in frame(watched(*PATH), *size, 100.0, 90.0))
    # A line break stands between words, or between any two of a script that has no spaces.
    assert WHY.replace(" ", "") in text.replace(" ", "")
    assert "1 so far" in text
    assert "530 of 900 events" in text


def test_one_account_is_followed_from_its_first_purchase() -> None:
    """The first account that came all the way is followed; one whose story begins in the middle is not."""
    found = watched(decision("late", "candidate", "client"), *PATH)
    assert found.followed == "a"
    lines = [line.plain for line in frame(found, 80, 24, 100.0, 90.0)]
    foot = lines[next(i for i, line in enumerate(lines) if "One account: a" in line) + 1 :]
    assert [line[:20].split() for line in foot] == [
        ["2025-01-01", "customer"],
        ["2025-02-01", "candidate"],
        ["2025-03-01", "client"],
    ]
    assert WHY.replace(" ", "") in "".join(line.plain for line in story_lines(found, 50)).replace(" ", "")


def test_a_story_with_a_correction_is_not_followed() -> None:
    """An account that was taken back on the way would need explaining."""
    assert watched(PATH[0], decision("a", "customer", "client", direction="correction")).followed is None


def test_crossings_stay_long_enough_to_be_read() -> None:
    """Of those that come at once the newest is shown, and it gives way only after a while; all are counted."""
    found = watched(*(decision(name, "candidate", "client") for name in "abc"))
    found.decided(decision("d", "candidate", "client"))
    found.tick(100.0 + HOLD_SECONDS / 2)
    assert [each.account_id for each in found.crossings] == ["c"]
    found.tick(100.0 + HOLD_SECONDS)
    assert [each.account_id for each in found.crossings] == ["d", "c"]
    assert found.crossed == 4


def test_rates_are_those_of_the_last_seconds() -> None:
    """Events a second are what the workers accounted for between two looks, divided by the time between them."""
    found = watched(now=100.0)
    found.update(Tally(1_000, 900), Seen(900, 20, 10, 0), 102.0)
    assert found.rates() == (200.0, 0.0)
    found.update(Tally(1_000, 900), Seen(900, 20, 10, 0), 150.0)
    assert found.rates() == (0.0, 0.0)


def test_a_bar_is_as_long_as_its_share() -> None:
    """Full, half and empty; a share beyond the whole is the whole."""
    assert [bar(share, 4) for share in (1.0, 0.5, 0.0, 7.0)] == ["████", "██  ", "    ", "████"]
