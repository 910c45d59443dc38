"""What goes wrong on purpose: repeats, late records, and records to be refused for the reason that marks them."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from relationship.contract.messages import decoder_for
from relationship.contract.outcome import Reason, Refused
from simulator import Rates, SimEvent, simulate
from streams.wire.codecs import Codec, Limits

END = datetime(2025, 6, 1, 12, tzinfo=UTC)
END_US = int(END.timestamp() * 1e6)


@pytest.fixture(scope="module")
def events() -> list[SimEvent]:
    """Return a stream with many times the usual faults."""
    return list(simulate(150, END, seed=4, rates=Rates(repeat=0.1, late=0.15, poison=0.2)).events())


def judge(event: SimEvent) -> str | None:
    """Return the reason for which the codec refuses a record, or None."""
    key = None if event.key is None else event.key.encode()
    found = Codec(Limits()).decode(event.topic, key, event.value, END_US, offset=0, timestamp_us=END_US)
    return found.reason.value if isinstance(found, Refused) else None


def test_rates_hold(events: list[SimEvent]) -> None:
    """Each fault has about the share of the good records that was asked for."""
    faults = Counter((event.fault or "none").partition(":")[0] for event in events)
    good = faults["none"] + faults["late"]
    assert faults["late"] / good == pytest.approx(0.15, abs=0.03)
    assert faults["repeat"] / good == pytest.approx(0.1, abs=0.03)
    assert faults["poison"] / good == pytest.approx(0.2, abs=0.03)


def test_no_rates_no_faults() -> None:
    """With rates of 0 nothing goes wrong, and the good records are the same as beside faults, but for their arrival."""
    clean = list(simulate(40, END, seed=4, rates=Rates(0, 0, 0)).events())
    spoiled = simulate(40, END, seed=4, rates=Rates(0.2, 0.2, 0.2)).events()
    good = {event.value for event in spoiled if event.fault in {None, "late"}}
    assert {event.fault for event in clean} == {None}
    assert {event.value for event in clean} == good


def test_every_reason_of_the_contract_appears(events: list[SimEvent]) -> None:
    """There is a poisoned record for each reason that a record can be refused for; FAULT is a defect of ours."""
    reasons = {event.fault.removeprefix("poison:") for event in events if (event.fault or "").startswith("poison:")}
    assert reasons == {reason.value for reason in Reason} - {"FAULT"}


def test_poison_is_refused_for_its_reason(events: list[SimEvent]) -> None:
    """The codec refuses each poisoned record for the marked reason; CONFLICT and LATE pass, being the core's to judge."""
    for event in events:
        reason = (event.fault or "").partition("poison:")[2]
        assert judge(event) == (None if reason in {"", "CONFLICT", "LATE"} else reason), event


def test_late_records_are_within_the_allowance(events: list[SimEvent]) -> None:
    """A late record is never 30 days older than what its account has shown; a poison:LATE is by far older."""
    newest: dict[str, datetime] = defaultdict(lambda: datetime(2000, 1, 1, tzinfo=UTC))
    allowance = timedelta(days=30)
    for event in events:
        if event.fault == "poison:LATE":
            assert event.occurred_at < newest[event.account_id] - allowance
        elif event.fault in {None, "late", "repeat"}:
            assert event.occurred_at > newest[event.account_id] - allowance
            newest[event.account_id] = max(newest[event.account_id], event.occurred_at)


def test_a_conflict_comes_after_what_it_contradicts(events: list[SimEvent]) -> None:
    """A poison:CONFLICT has the id of a record that came before, and other contents."""
    seen: dict[tuple[str, str], bytes] = {}
    conflicts = 0
    for event in events:
        if event.fault in {None, "late", "poison:CONFLICT"}:
            name = (event.topic, decoder_for(event.topic).decode(event.value).event_id)
            if event.fault == "poison:CONFLICT":
                conflicts += 1
                assert seen[name] != event.value
            else:
                seen[name] = event.value
    assert conflicts
