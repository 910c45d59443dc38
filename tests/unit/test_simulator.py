"""The simulator plays every kind of account, in order, from a truth of its own, and the same way every time."""

import hashlib
import io
import itertools
import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from relationship.contract.messages import (
    MEETINGS,
    PROFILES,
    PURCHASES,
    TICKETS,
    Industry,
    Market,
    Meeting,
    Party,
    Purchase,
    Scope,
    Ticket,
    decoder_for,
)
from simulator import Rates, SimEvent, Simulation, simulate, simulate_events, write, write_truth
from simulator.casting import PERSONAS
from simulator.clients import CLIENTS
from simulator.industries import INDUSTRIES

END = datetime(2025, 6, 1, 12, tzinfo=UTC)
CLEAN = Rates(0, 0, 0)
DECODERS = {topic: decoder_for(topic) for topic in (PROFILES, PURCHASES, TICKETS, MEETINGS)}


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    """Return a cast big enough for every persona, trade and market."""
    return simulate(700, END, seed=11)


@pytest.fixture(scope="module")
def events(simulation: Simulation) -> list[SimEvent]:
    """Return all its records."""
    return list(simulation.events())


def good(events: list[SimEvent]) -> list[SimEvent]:
    """Return the records that are to be accepted."""
    return [event for event in events if not (event.fault or "").startswith("poison")]


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Two runs with the same arguments write identical files; another seed writes another."""
    files = [io.BytesIO() for _ in range(3)]
    for file, seed in zip(files, (5, 5, 6), strict=True):
        simulated = simulate(60, END, seed=seed)
        write(simulated.events(), file)
        write_truth(simulated, file)
    first, same, other = (file.getvalue() for file in files)
    assert first == same
    assert first != other


def test_a_published_seed_plays_what_it_always_played() -> None:
    """The bytes of a seed are pinned: measures, demos and lessons name seeds, and must mean the same streams by them."""
    file, simulated = io.BytesIO(), simulate(120, END, seed=7)
    write(simulated.events(), file)
    write_truth(simulated, file)
    pinned = "4b77c24c959b8a2b980e144099cfd7108cb464ea6087bf808705b439887aae4c"
    assert hashlib.sha256(file.getvalue()).hexdigest() == pinned


def test_an_account_does_not_depend_on_how_many_others_there_are() -> None:
    """Account n does the same in a small cast and in a large one."""
    small, large = simulate(40, END, seed=3), simulate(90, END, seed=3)
    assert small.accounts == large.accounts[:40]
    assert small.played(39) == large.played(39)


def test_the_cast_has_everybody(simulation: Simulation) -> None:
    """Every persona, industry, party, scope, market and difficulty appears."""
    accounts = simulation.accounts
    assert {truth.persona for truth in accounts} == {persona.name for persona in PERSONAS}
    assert {truth.industry for truth in accounts} == set(get_args(Industry)) == set(INDUSTRIES)
    assert {truth.party for truth in accounts} == set(get_args(Party))
    assert {truth.scope for truth in accounts} == set(get_args(Scope))
    assert {truth.market for truth in accounts} == set(get_args(Market))
    assert {truth.difficulty for truth in accounts} == {"easy", "medium", "hard"}


def test_even_a_small_cast_has_every_persona() -> None:
    """The first accounts take the personas one by one."""
    assert [truth.persona for truth in simulate(len(PERSONAS), END, seed=1).accounts] == [one.name for one in PERSONAS]


def test_records_come_in_the_order_of_arrival(events: list[SimEvent]) -> None:
    """Arrivals never go back; what is neither late nor a repeat arrives when it happens."""
    arrivals = [event.arrival for event in events]
    assert arrivals == sorted(arrivals)
    prompt = [event for event in events if event.fault is None]
    assert all(event.occurred_at.timestamp() == event.arrival for event in prompt)
    assert [event.occurred_at for event in prompt] == sorted(event.occurred_at for event in prompt)
    assert max(event.arrival for event in events) <= END.timestamp()
    assert min(arrivals) >= (END - timedelta(days=2 * 365.25)).timestamp()


def test_good_records_are_messages_of_the_contract(events: list[SimEvent]) -> None:
    """Every record that is not poisoned decodes, says what its envelope says, and is keyed by its account."""
    for event in good(events):
        message = DECODERS[event.topic].decode(event.value)
        assert (message.account_id, message.occurred_at) == (event.account_id, event.occurred_at)
        assert event.key == event.account_id


def test_ids_are_unique_but_for_repeats(events: list[SimEvent]) -> None:
    """An id names one message of its topic; a repeat has the same bytes as the record before it."""
    seen: dict[tuple[str, str], bytes] = {}
    for event in good(events):
        name = (event.topic, DECODERS[event.topic].decode(event.value).event_id)
        assert (name in seen) == (event.fault == "repeat")
        assert seen.setdefault(name, event.value) == event.value


def test_money_is_a_decimal_string(events: list[SimEvent]) -> None:
    """Amounts are strings with as many digits as their currency has; no float stands for money anywhere."""
    digits = Counter[tuple[str, int]]()
    for event in good(events):
        value = json.loads(event.value)
        for name in {"amount", "list_price"} & set(value):
            assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", value[name])
            digits[value["currency"], len(value[name].partition(".")[2])] += 1
    assert {("USD", 2), ("JPY", 0), ("BHD", 3)} <= set(digits)
    assert len({currency for currency, _ in digits}) == len(digits)


def test_every_kind_of_message_and_field_appears(events: list[SimEvent]) -> None:
    """All kinds of the contract's purchases, tickets and meetings are played, and every optional field is used."""
    messages = [DECODERS[event.topic].decode(event.value) for event in good(events)]
    for kind_of in (Purchase, Ticket, Meeting):
        ours = [message for message in messages if isinstance(message, kind_of)]
        used = {name for message in ours for name in message.__struct_fields__ if getattr(message, name) is not None}
        assert used >= set(kind_of.__struct_fields__) - {"schema_version", "quantity", "order_id"}
    kinds = {(type(message), message.kind) for message in messages if isinstance(message, Purchase | Ticket | Meeting)}
    assert len(kinds) >= 5 + 7 + 11


def test_the_truth_is_a_timeline(simulation: Simulation) -> None:
    """Phases are in order, begin in the time played, change the status each time, and can be asked at any moment."""
    for truth in simulation.accounts:
        moments = [since for since, _ in truth.phases]
        statuses = [status for _, status in truth.phases]
        assert moments == sorted(moments)
        assert all(one != next_one for one, next_one in itertools.pairwise(statuses))
        assert truth.status_at(moments[0] - timedelta(seconds=1)) is None
        assert all(truth.status_at(since) == status for since, status in truth.phases)


def test_truth_at_tells_the_base_as_it_stood(simulation: Simulation) -> None:
    """At the end everybody has a status and all four occur; long before, nobody had one."""
    at_end = simulation.truth_at(END)
    assert len(at_end) == len(simulation.accounts)
    assert set(at_end.values()) == {"prospect", "customer", "client", "lapsed"}
    assert simulation.truth_at(END - timedelta(days=1_000)) == {}


def test_only_client_personas_are_ever_clients(simulation: Simulation) -> None:
    """Spenders, chatters and holders of contracts are at no time clients; every client persona is one in some account."""
    by_persona: dict[str, set[str]] = defaultdict(set)
    for truth in simulation.accounts:
        by_persona[truth.persona].update(status for _, status in truth.phases)
    clients = {persona.name for persona in CLIENTS}
    assert all(("client" in statuses) == (name in clients) for name, statuses in by_persona.items())


def test_customers_bought_and_prospects_did_not(simulation: Simulation, events: list[SimEvent]) -> None:
    """Who is a prospect at the end has bought nothing; who was ever a customer has, but for the very last days."""
    buyers = {event.account_id for event in good(events) if event.topic == PURCHASES}
    at_end = simulation.truth_at(END)
    for truth in simulation.accounts:
        if at_end[truth.account_id] == "prospect":
            assert truth.account_id not in buyers
        if truth.status_at(END - timedelta(days=6)) == "customer":
            assert truth.account_id in buyers


def test_the_lapsed_are_silent(simulation: Simulation, events: list[SimEvent]) -> None:
    """Nothing new happens to an account while it has lapsed, and it had been silent for weeks when it did."""
    happened = defaultdict(list)
    for event in good(events):
        happened[event.account_id].append(event.occurred_at)
    lapsed = [truth for truth in simulation.accounts if truth.phases[-1][1] == "lapsed"]
    assert lapsed
    for truth in lapsed:
        since = truth.phases[-1][0]
        assert all(moment < since - timedelta(days=21) for moment in happened[truth.account_id])


def test_there_is_noise_on_both_sides(simulation: Simulation, events: list[SimEvent]) -> None:
    """Customers now and then ask for advice, clients miss meetings, get discounts, and a few have no profile."""
    at_end = simulation.truth_at(END)
    messages = [(at_end[event.account_id], DECODERS[event.topic].decode(event.value)) for event in good(events)]
    assert any(status == "customer" and isinstance(one, Ticket) and one.kind == "advice" for status, one in messages)
    assert any(status == "client" and isinstance(one, Meeting) and one.no_show for status, one in messages)
    assert any(status == "client" and isinstance(one, Purchase) and one.discount_code for status, one in messages)
    profiled = {event.account_id for event in events if event.topic == PROFILES}
    assert 0.9 < len(profiled) / len(at_end) < 1


def test_some_were_sent_by_a_client_who_was_there_before(simulation: Simulation, events: list[SimEvent]) -> None:
    """A purchase's `referred_by` names another account of the cast that began earlier."""
    began = {truth.account_id: truth.phases[0][0] for truth in simulation.accounts}
    sent = [json.loads(event.value) for event in good(events) if b'"referred_by"' in event.value]
    assert sent
    assert all(began[value["referred_by"]] < began[value["account_id"]] for value in sent)


def test_the_volume_can_be_chosen() -> None:
    """`simulate_events` casts as many accounts as give that many records, and no more than it needs."""
    simulated = simulate_events(3_000, END, seed=2)
    records = sum(1 for _ in simulated.events())
    without_the_last = sum(1 for _ in simulated.first(len(simulated.accounts) - 1).events())
    assert without_the_last < 3_000 <= records


def test_a_file_holds_a_line_for_each_record(simulation: Simulation) -> None:
    """Clean lines are JSON with topic and value, as many as told."""
    file = io.BytesIO()
    clean = simulate(30, END, seed=11, rates=CLEAN)
    assert simulation.accounts[:30] == clean.accounts
    lines = write(clean.events(), file)
    parsed = [json.loads(line) for line in file.getvalue().splitlines()]
    assert len(parsed) == lines
    assert all(set(line) == {"topic", "value"} for line in parsed)


def test_who_does_not_mean_to_come_does_not(simulation: Simulation, events: list[SimEvent]) -> None:
    """Our calls to outbound-only accounts go unanswered however easy the account; clients keep most of their meetings."""
    personas = {truth.account_id: truth.persona for truth in simulation.accounts}
    missed: dict[str, list[bool]] = defaultdict(list)
    for event in good(events):
        if event.topic == MEETINGS:
            missed[personas[event.account_id]].append(b'"no_show":true' in event.value)
    assert sum(missed["outbound_only"]) / len(missed["outbound_only"]) > 0.75
    assert sum(missed["client_from_the_start"]) / len(missed["client_from_the_start"]) < 0.15
