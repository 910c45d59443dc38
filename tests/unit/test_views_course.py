"""An account's score over time: it ends where the account stands, and to look between events changes nothing."""

import story
from story import NOW_US, START, meeting, on, profile, purchase

from relationship.contract.times import micros, rfc3339
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.replay import run
from views.accounts.account import account_view, account_view_at
from views.accounts.course import SAMPLES, course_of

POLICY = load_policy()


def a_client() -> bytes:
    """Return the record of an account that has bought and met for most of a year."""
    told = [profile(0), *(purchase(day, kind="advice") for day in range(1, 200, 20))]
    told += [meeting(day + 0.5, outcome_met=True) for day in range(5, 200, 7)]
    replay, _ = run(Core(POLICY), sorted(told, key=lambda each: each[1].occurred_at), NOW_US)
    return replay.records["a"]


def test_the_course_ends_where_the_account_stands() -> None:
    """In order, an event's point for each event kept; the last event's score and status are the record's own."""
    raw = a_client()
    view, end = account_view("a", raw, POLICY), micros(on(210))
    course = course_of("a", raw, end, POLICY)
    events = [point for point in course.points if point.is_event]
    assert [point.at for point in course.points] == sorted(point.at for point in course.points)
    assert len(events) == view.kept
    assert len(course.points) <= view.kept + SAMPLES + 2
    assert events[0].at == rfc3339(micros(START))
    assert abs(events[-1].score - view.state.score) < 0.01
    assert events[-1].status == view.state.status == "client"
    assert course.client_up > course.client_down > course.candidate_up > course.candidate_down
    assert course.points[-1].at == rfc3339(end)


def test_a_point_between_events_is_what_stood_then() -> None:
    """Its status is that of the account at that moment, and without looking between the events' points are the same."""
    raw = a_client()
    course = course_of("a", raw, micros(on(600)), POLICY)
    for point in course.points[1::15]:
        if not point.is_event:
            then = account_view_at("a", raw, micros(story.datetime.fromisoformat(point.at)), POLICY)
            assert point.status == then.state.status, point
    assert course.points[-1].status == "lapsed"
    only = course_of("a", raw, 0, POLICY)
    assert [p for p in only.points if p.is_event] == [p for p in course.points if p.is_event]
    assert course_of("b", raw, 0, POLICY).account_id == "b"
