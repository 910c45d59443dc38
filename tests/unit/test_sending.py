"""What is sent together, and what waits until the rest is stored."""

from datetime import date, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from relationship.contract.messages import MEETINGS, PURCHASES
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import TOGETHER, runs

FIRST = date(2024, 1, 1)


def record(account: str, topic: str, day: int) -> ProducerRecord:
    """Return a record of a message that happened so many days after the first."""
    return ProducerRecord(
        topic, None, account.encode(), b"{}", [("ce_time", f"{FIRST + timedelta(days=day)}T12:00:00Z".encode())]
    )


def day_of(sent: ProducerRecord) -> date:
    """Return the day on which a record's message happened."""
    return date.fromisoformat(dict(sent.headers)["ce_time"][:10].decode())


def test_a_record_waits_for_an_older_one_of_its_account_in_another_topic() -> None:
    """A purchase is not under way together with the account's meeting of eight days before."""
    meeting, purchase = record("a", MEETINGS, 0), record("a", PURCHASES, 8)
    assert list(runs([meeting, purchase])) == [range(1), range(1, 2)]


def test_what_needs_no_order_goes_together() -> None:
    """Other accounts, the same topic, a week or less, and what is older than the ones before do not wait."""
    sent = [record("a", MEETINGS, 20), record("b", PURCHASES, 200), record("a", MEETINGS, 400)]
    assert list(runs(sent)) == [range(len(sent))]
    sent = [record("a", MEETINGS, 0), record("a", PURCHASES, 7)]
    assert list(runs(sent)) == [range(len(sent))]
    sent = [record("a", MEETINGS, 100), record("a", PURCHASES, 0)]
    assert list(runs(sent)) == [range(len(sent))]


def test_a_record_that_does_not_say_when_it_happened_waits_for_nothing() -> None:
    """A missing or spoiled time is for the worker to judge; sending goes on."""
    spoiled = [
        ProducerRecord(PURCHASES, None, b"a", b"{}", []),
        ProducerRecord(PURCHASES, None, b"a", b"{}", [("ce_time", b"\xffyesterday")]),
    ]
    sent = [record("a", MEETINGS, 0), *spoiled]
    assert list(runs(sent)) == [range(len(sent))]


@given(st.lists(st.builds(record, st.sampled_from("ab"), st.sampled_from([MEETINGS, PURCHASES]), st.integers(0, 60))))
def test_runs_keep_the_order_and_none_holds_what_must_wait(sent: list[ProducerRecord]) -> None:
    """One after the other the runs are what was given, and in none does an account's record follow a much older one."""
    cut = list(runs(sent))
    assert [number for run in cut for number in run] == list(range(len(sent)))
    for run in cut:
        for before, after in combinations([sent[number] for number in run], 2):
            if before.key == after.key and before.topic != after.topic:
                assert day_of(after) - day_of(before) <= TOGETHER
