"""How a firm fills in what it sends, as a worker counts it, beside what its policy was calibrated on."""

import pytest
from story import meeting, purchase, ticket

from relationship.analysis.calibration import calibrated, firm_of, recorded
from relationship.analysis.filling import filling
from relationship.policy.compiled import default_text, load_policy, parse_policy
from streams.engine.metrics import FILLING_SAMPLE, Metrics


def base(**fields: object):
    """A year of thirty accounts in touch: one purchase each, and every third week a talk and a letter."""
    told = []
    for account in (f"a{number}" for number in range(30)):
        told.append(purchase(1, f"{account}-p", account))
        for week in range(1, 50, 3):
            told.append(meeting(7 * week, f"m-{account}-{week}", account, kind="planning", **fields))
            told.append(ticket(7 * week + 1, f"t-{account}-{week}", account, kind="advice"))
    return told


def told(messages):
    """The counts of messages by type and field."""
    return {(each.type, each.field): (each.yes, each.no) for each in filling(messages)}


def test_each_field_is_counted_filled_or_not_and_what_was_not_sent_is_not():
    """A false and a zero are filled; only what is not there is not."""
    messages = [meeting(1, "m1", "a", outcome_met=False)[1], meeting(2, "m2", "a")[1], ticket(3, "t1", "a")[1]]
    counts = told(messages)
    assert counts["meeting", "outcome_met"] == (1, 1)
    assert counts["ticket", "csat"] == (0, 1)
    assert not any(of == "purchase" for of, _ in counts)


def test_a_calibrated_policy_says_what_it_was_measured_on():
    """The shares and the density stand in its text, are read again, and are the counts of the very messages."""
    messages = base(outcome_met=True)
    firm = parse_policy(calibrated(messages, default_text()), "calibrated").firm
    for (of, field), (yes, no) in told(message for _, message in messages).items():
        assert firm.filled[f"{of}_{field}"] == round(yes / (yes + no), 2)
    assert firm.filled["meeting_outcome_met"] == 1.0
    assert firm.density == 34.0  # of each account 17 meetings and 17 tickets for one purchase
    assert firm_of(recorded([each for each in messages if "purchase" not in each[0]], load_policy())).density == 0.0


def test_a_worker_tells_the_shares_now_and_those_of_the_policy_in_force():
    """Of a policy that is replaced by one that was not calibrated, nothing remains."""
    metrics, policy = Metrics(), parse_policy(calibrated(base(outcome_met=True), default_text()), "calibrated")
    metrics.decides(policy)
    metrics.recorded([meeting(1, "m1", "a")[1], purchase(1, "p1", "a")[1]])
    value = metrics.registry.get_sample_value
    assert value("clientward_fields_total", {"type": "meeting", "field": "outcome_met", "filled": "no"}) == 1
    assert value("clientward_fields_total", {"type": "meeting", "field": "outcome_met", "filled": "yes"}) is None
    assert value("clientward_calibrated_share", {"type": "meeting", "field": "outcome_met"}) == 1.0
    assert value("clientward_calibrated_density") == 34.0
    assert value("clientward_reach_points") == policy.reach < 100
    metrics.decides(load_policy())
    assert value("clientward_calibrated_share", {"type": "meeting", "field": "outcome_met"}) is None
    assert value("clientward_calibrated_density") == 0
    assert value("clientward_reach_points") == 100


@pytest.mark.parametrize(
    ("messages", "counted"), [(FILLING_SAMPLE, FILLING_SAMPLE), (FILLING_SAMPLE + 1, FILLING_SAMPLE)]
)
def test_of_a_large_step_the_first_messages_are_counted(messages, counted):
    """A backlog's step has thousands of messages, and a share is told by fewer."""
    metrics = Metrics()
    metrics.recorded(meeting(1, f"m{number}", "a")[1] for number in range(messages))
    labels = {"type": "meeting", "field": "outcome_met", "filled": "no"}
    assert metrics.registry.get_sample_value("clientward_fields_total", labels) == counted
