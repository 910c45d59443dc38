"""The crash harness's own judgement, without servers: what it must notice, and that it finds nothing where nothing is."""

import os
import re
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest

from faults.comparison.found import Found
from faults.comparison.invariants import compare, states
from faults.comparison.oracle import Expected, expected
from faults.records.workload import MOST_IN_A_WAVE, Sent, Workload, faults_of, waves
from faults.scenarios import CONTROLS, FAULTS
from faults.workers.arms import PLACES, Arm, hit_file, read_arm, write_arm
from faults.workers.controls import SAFEGUARDS, STRETCHED, switch_off
from relationship.contract import enums
from relationship.contract.decisions import to_json
from relationship.contract.messages import COMMANDS, PURCHASES
from relationship.contract.outcome import Delivered, Refused
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.state.record import STANDINGS, AccountRecord
from relationship.state.record import decode as decode_record
from relationship.timeline.state_message import state_of
from streams.config.settings import Settings
from streams.engine.failpoints import FAILPOINTS
from streams.wire.codecs import Codec, Limits

NOW_US = 1_790_000_000_000_000
RECORDS = Workload(seed=5, partitions=4, accounts=60).records
BYSTANDER = RECORDS[-1].account_id


def oracle() -> Expected:
    """Return what the oracle makes of the records."""
    return expected(Settings(), RECORDS, NOW_US)


def perfect() -> Found:
    """Return what a run leaves that is as the oracle has it."""
    right = oracle()
    letters = {("topic", 0, n): letter for n, letter in enumerate(right.letters.elements())}
    counted = Counter({account: record.applied + record.repeats for account, record in right.records.items()})
    decisions = [value for told in right.decisions.values() for value in told]
    shown = {
        account: state_bytes(account, record) for account, record in right.records.items() if record.published_state
    }
    return Found(right.records, [], decisions, shown, letters, len(letters), counted, Counter(), {BYSTANDER})


def state_bytes(account: str, record: AccountRecord) -> bytes:
    """Return the state that an account's record says was published last; its score is that of then."""
    assert record.published_state is not None
    state = state_of(account, record, record.published_state.score, load_policy())
    segment = msgspec.structs.replace(state.segment, standing=STANDINGS[record.published_state.standing])
    return to_json(
        msgspec.structs.replace(state, status=enums.STATUSES[record.published_state.status], segment=segment)
    )


def red(found: Found) -> set[str]:
    """Return the invariants that do not hold."""
    return {verdict.name for verdict in compare(oracle(), found) if not verdict.passed}


def decided(found: Found) -> str:
    """Return an account with decisions."""
    return str(msgspec.json.decode(found.decisions[0])["account_id"])


def forget_an_account(found: Found) -> None:
    """Lose an account."""
    del found.records[decided(found)]


def count_once_more(found: Found) -> None:
    """Apply a message twice."""
    found.records[decided(found)].applied += 1


def change_a_mass(found: Found) -> None:
    """Let the evidence differ in its last bits."""
    found.records[decided(found)].head.good[0] += 1e-12


def lose_a_decision(found: Found) -> None:
    """Publish one decision less."""
    del found.decisions[0]


def tell_otherwise(found: Found) -> None:
    """Publish a decision again under its id, with another text."""
    found.decisions.append(re.sub(rb'"why":"[^"]*"', b'"why":"another reason"', found.decisions[0]))


def publish_an_old_state(found: Found) -> None:
    """Leave another state on the compacted topic than the last one told."""
    last = found.states[decided(found)]
    found.states[decided(found)] = re.sub(rb'"status":"[^"]*"', b'"status":"prospect"', last)


def touch_a_bystander(found: Found) -> None:
    """Change an account that no fault's event had touched."""
    found.records[BYSTANDER].repeats += 1


@pytest.mark.parametrize(
    ("harm", "names"),
    [
        (forget_an_account, {"I1", "I2", "I3"}),
        (count_once_more, {"I1", "I3"}),
        (change_a_mass, {"I1"}),
        (lose_a_decision, {"I2"}),
        (tell_otherwise, {"I2"}),
        (publish_an_old_state, {"I2"}),
        (touch_a_bystander, {"I1", "I3", "I5"}),
    ],
)
def test_what_differs_is_found(harm: Callable[[Found], None], names: set[str]) -> None:
    """One difference turns the invariants red that it breaks; those of another account are left green."""
    found = perfect()
    harm(found)
    assert red(found) == names


def test_who_is_credited_after_an_erasure_is_not_judged() -> None:
    """Neither the account nor who credited it: whether the credit counts is the owner's to know. All others are judged."""
    erased, buyer = RECORDS[0].account_id, "a buyer"
    wrote = [
        (COMMANDS, erased, {"command": "erase", "by": "ops"}),
        (PURCHASES, buyer, {"amount": "1.00", "currency": "EUR", "referred_by": erased}),
    ]
    head = {"event_id": "last", "occurred_at": "2026-01-01T00:00:00Z"}
    told = [
        Sent(topic, 0, name.encode(), msgspec.json.encode({**head, "account_id": name, **rest}), name, None)
        for topic, name, rest in wrote
    ]
    assert expected(Settings(), [*RECORDS, told[1], told[0]], NOW_US).crossed == set()
    right, found = expected(Settings(), [*RECORDS, *told], NOW_US), perfect()
    assert right.crossed == {erased, buyer}
    assert {each.name: each.passed for each in compare(right, found)}["I2"]
    everyone = right.records.keys()
    assert states("I1", right, found, everyone) == ("I1", True, f"{len(everyone) - 2} accounts equal, 2 left out")
    count_once_more(found)
    assert not states("I1", right, found, everyone).passed


def test_whom_an_erased_account_has_credited_is_not_judged() -> None:
    """An owner that is behind may hear of the erasure first, and credits nobody. A credit before no erasure is judged."""
    buyer, referrer = "a buyer", RECORDS[0].account_id
    wrote = [
        (PURCHASES, {"amount": "1.00", "currency": "EUR", "referred_by": referrer}),
        (COMMANDS, {"command": "erase", "by": "ops"}),
    ]
    head = {"event_id": "last", "occurred_at": "2026-01-01T00:00:00Z", "account_id": buyer}
    told = [Sent(topic, 0, buyer.encode(), msgspec.json.encode({**head, **rest}), buyer, None) for topic, rest in wrote]
    assert expected(Settings(), [*RECORDS, told[0]], NOW_US).crossed == set()
    assert expected(Settings(), [*RECORDS, *told], NOW_US).crossed == {referrer}


def test_a_run_as_it_should_be_is_green() -> None:
    """Decisions published again, letters sent again and a credit that came twice are no faults."""
    found = perfect()
    account = decided(found)
    found.records[account].repeats += 1
    found.produced[account] += 1
    found.doubled[account] += 1
    found.decisions.extend(found.decisions[:5])
    assert red(found._replace(letters_published=found.letters_published + 3)) == set()


def test_a_missing_dead_letter_is_found() -> None:
    """A refusal that is nowhere in the dead-letter topic is one too few, and I3 says so."""
    found = perfect()
    fewer = dict(list(found.letters.items())[1:])
    assert red(found._replace(letters=fewer)) == {"I3"}


def test_the_workload_has_repeats_late_ones_and_poison_and_is_the_seeds() -> None:
    """Rows F15 and F16 are part of every workload, and the same seed gives the same records."""
    kinds = faults_of(RECORDS)
    assert kinds["repeat"]
    assert kinds["late"]
    assert any(kind.startswith("poison:") for kind in kinds)
    assert Workload(seed=5, partitions=4, accounts=60).records == RECORDS


def test_no_wave_holds_two_topics_of_an_account() -> None:
    """What is stored at once may be fetched in any order, so an account has one topic in it; nothing is left out."""
    cut = list(waves(RECORDS))
    assert [record for wave in cut for record in wave] == RECORDS
    for wave in cut:
        topics = {(record.account_id, record.topic) for record in wave}
        assert len(topics) == len({record.account_id for record in wave})
        assert len(wave) <= MOST_IN_A_WAVE


def test_orders_survive_their_file_and_an_old_hit_does_not(tmp_path) -> None:
    """What a worker is armed with is read back as written; a hit of the process before is forgotten."""
    file, arm = tmp_path / "arm.json", Arm("committed", 3, pause=True)
    hit_file(file).touch()
    write_arm(arm, file)
    assert read_arm(file) == arm
    assert not hit_file(file).exists()


def test_every_safeguard_has_a_control_and_every_fault_a_name_of_its_own() -> None:
    """Each safeguard that can be switched off is, in a control; places of the harness are none of the product's."""
    assert {control.without for control in CONTROLS} == SAFEGUARDS.keys() - {STRETCHED}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert PLACES[: len(FAILPOINTS)] == FAILPOINTS
    assert not set(PLACES[len(FAILPOINTS) :]) & set(FAILPOINTS)


def test_nothing_is_switched_off_unless_asked() -> None:
    """Without a name the core is handed back as it came."""
    core = Core(load_policy())
    assert switch_off(None, core) is core


@pytest.mark.skipif(
    os.environ.get("CORE_UNDER_TEST") == "compiled", reason="a compiled core has no subclasses in Python"
)
def test_a_forgetful_core_counts_twice_what_the_core_counts_once() -> None:
    """The control of the offsets does what it says: a message delivered again at its offset is counted again."""
    decode = Codec(Limits()).decode
    first = next(record for record in RECORDS if record.fault is None)
    message = decode(first.topic, first.key, first.value, NOW_US, offset=0, timestamp_us=NOW_US)
    assert not isinstance(message, Refused)

    def counted(core: Core) -> int:
        raw = core.step(first.account_id, None, [Delivered(first.topic, 0, message)], NOW_US).record
        again = core.step(first.account_id, raw, [Delivered(first.topic, 0, message)], NOW_US).record
        assert again is not None
        record = decode_record(again)
        return record.applied + record.repeats

    core = Core(load_policy())
    assert counted(core) == 1
    assert counted(switch_off("offsets in the record", core)) == 2
