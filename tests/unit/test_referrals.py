"""The credit of whoever referred a buyer: it follows the purchase through corrections, and forgets whoever is erased."""

import json

import msgspec
import pytest
from story import command, fold, on, purchase, record_of

from relationship.contract import messages as m
from relationship.contract.outcome import Applied, Refused, Repeat
from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.state.facts import ReferralFact
from relationship.state.facts_from_messages import fact_of
from relationship.state.record import AccountRecord, decode
from relationship.timeline import referrals
from relationship.timeline.explain import event_id_of
from relationship.timeline.handlers import answers

BUYS = purchase(5, "p", account="c", referred_by="a")


def fix(day=6, name="w", value=None, **fields):
    """Return the correction of c's purchase."""
    values = value if value is None else json.loads(msgspec.json.encode(value[1]))
    return command(day, "correct", name, account="c", corrects="p", topic=m.PURCHASES, value=values, **fields)


def credit_of(replay, account):
    """Return the evidence of trust that an account has by its referrals alone."""
    record = record_of(replay, account)
    return sum(isinstance(fact, ReferralFact) and not fact.withdrawn for fact in record.facts()), record.head.good[4]


def others(*told):
    """Return the two referrers' own purchases, and what is told after them."""
    return [purchase(1, "own", account="a"), purchase(1, "own", account="b"), *told]


def test_a_credit_is_keyed_to_the_referrer():
    """A message of the intake, at the purchase's own time, under an id that no other purchase gives."""
    (sent,) = referrals.changed("b", None, fact_of(purchase(1, "p", account="b", referred_by="a")[1]), 0, "trace")
    assert (sent.topic, sent.key, sent.time, sent.traceparent) == (m.REFERRALS, "a", "2024-01-02T09:00:00Z", "trace")
    message = m.decoder_for(m.REFERRALS).decode(sent.value)
    assert message == m.Referral(event_id=sent.event_id, account_id="a", occurred_at=on(1), referred="b")
    assert sent.event_id == event_id_of("b", 0, 0, 0, 0, "referral:p")
    (other,) = referrals.changed("b", None, fact_of(purchase(1, "q", account="b", referred_by="a")[1]), 0, None)
    assert other.event_id != sent.event_id


@pytest.mark.parametrize("fields", [{}, {"referred_by": "b"}, {"referred_by": "a", "entry": "refund"}])
def test_nobody_is_credited_for_nothing(fields):
    """Where nobody is named, for oneself, and for a refund."""
    assert referrals.changed("b", None, fact_of(purchase(1, account="b", **fields)[1]), 0, None) == []


def test_a_withdrawn_purchase_takes_its_credit_with_it():
    """The referrer stands as if nobody had named it, to the last bit."""
    replay, _ = fold(others(BUYS, fix()))
    assert record_of(replay, "a").head == record_of(fold(others())[0], "a").head
    assert credit_of(replay, "a") == (0, 0.0)


def test_a_corrected_referrer_is_the_one_from_the_start():
    """The credit leaves the first and goes to the second, who both stand as if it had been right at once."""
    right = purchase(5, "p", account="c", referred_by="b")
    replay, _ = fold(others(BUYS, fix(value=right)))
    plain, _ = fold(others(right))
    for account in "ab":
        assert record_of(replay, account).head == record_of(plain, account).head
    assert credit_of(replay, "b")[0] == 1


@pytest.mark.parametrize("first", [True, False])
def test_of_two_corrections_the_later_one_holds(first):
    """In whichever order they come; the referrer that both orders end with is the same."""
    once = fix(6, "w1", purchase(5, "p", account="c", referred_by="b"))
    twice = fix(7, "w2", purchase(5, "p", account="c", referred_by="d"))
    told = [once, twice] if first else [twice, once]
    replay, _ = fold(others(purchase(1, "own", account="d"), BUYS, *told))
    assert [credit_of(replay, account)[0] for account in "abd"] == [0, 0, 1]


def test_a_correction_may_come_before_its_event():
    """The event is then a repeat, and the credit is the corrected one's from the start."""
    right = purchase(5, "p", account="c", referred_by="b")
    replay, _ = fold(others(fix(value=right), BUYS))
    assert [credit_of(replay, account)[0] for account in "ab"] == [0, 1]
    assert record_of(replay, "c").head.purchases == 1
    gone, _ = fold(others(fix(), BUYS))
    assert record_of(gone, "c").head.purchases == 0


def test_a_moved_purchase_moves_its_credit():
    """One message under the next revision: the referrer has the credit once, at the new time."""
    replay, _ = fold(others(BUYS, fix(value=purchase(3, "p", account="c", referred_by="a"))))
    (fact,) = [each for each in record_of(replay, "a").facts() if isinstance(each, ReferralFact)]
    assert (fact.t, fact.revision, fact.withdrawn) == (micros(on(3)), 1, False)


def revised(revision, action="credited", day=5):
    """Return a revised credit of account a."""
    return m.Referral(
        event_id=f"r{revision}",
        account_id="a",
        occurred_at=on(day),
        referred="c",
        action=action,
        credit="k",
        revision=revision,
    )


def test_an_older_revision_that_comes_again_is_a_repeat():
    """Sent again by a rebuild, after it was withdrawn: it stays withdrawn."""
    policy, record = load_policy(), AccountRecord()
    assert isinstance(referrals.replace(record, revised(1), policy).verdict, Applied)
    assert isinstance(referrals.replace(record, revised(2, "withdrawn"), policy).verdict, Applied)
    for revision in (1, 2):
        assert isinstance(referrals.replace(record, revised(revision), policy).verdict, Repeat)
    (fact,) = record.facts()
    assert fact.withdrawn


def test_a_purchase_of_the_credits_id_is_another_fact():
    """Ids are of a topic: the credit is put beside it, and the purchase stays as it is."""
    record = AccountRecord()
    record.keep([fact_of(purchase(1, "k")[1])])
    assert isinstance(referrals.replace(record, revised(1), load_policy()).verdict, Applied)
    assert [(type(each).__name__, each.id) for each in record.facts()] == [("PurchaseFact", "k"), ("ReferralFact", "k")]


@pytest.mark.parametrize(("revision", "repeated"), [(1, True), (2, True), (3, False)])
def test_a_credit_gives_way_to_a_later_revision_alone(revision, repeated):
    """Of the same one; another buyer's credit is left alone."""
    record, other = AccountRecord(), msgspec.structs.replace(revised(9), event_id="o", credit="other")
    for each in (other, revised(2)):
        referrals.replace(record, each, load_policy())
    assert isinstance(referrals.replace(record, revised(revision), load_policy()).verdict, Repeat) is repeated
    assert {each.id: each.revision for each in record.facts()} == {"other": 9, "k": max(2, revision)}


def test_what_is_due_to_a_referrer_follows_who_when_and_which():
    """Nothing where nothing of it changes; withdrawn from the one and credited to the other where the referrer does."""
    bought = fact_of(purchase(1, "p", account="b", referred_by="a")[1])
    dearer = fact_of(purchase(1, "p", account="b", referred_by="a", amount="11")[1])
    moved = fact_of(purchase(2, "p", account="b", referred_by="a")[1])
    other = fact_of(purchase(1, "p", account="b", referred_by="c")[1])

    def told(before, after):
        sent = [
            m.decoder_for(m.REFERRALS).decode(each.value) for each in referrals.changed("b", before, after, 2, None)
        ]
        return [(each.account_id, each.action, each.occurred_at, each.revision) for each in sent]

    assert told(bought, dearer) == told(None, None) == []
    assert told(bought, moved) == [("a", "credited", on(2), 2)]
    assert told(bought, other) == [("a", "withdrawn", on(1), 2), ("c", "credited", on(1), 2)]
    assert told(bought, None) == [("a", "withdrawn", on(1), 2)]


def test_a_correction_is_of_a_purchase_by_its_id_and_topic():
    """How many there are of one is the number of its last credit; those of other events, and of no id, do not count."""
    record = AccountRecord()
    told = [
        command(2, "correct", "c1", corrects="p", topic=m.PURCHASES, value=None),
        command(3, "correct", "c2", corrects="p", value=None),
        command(4, "correct", "c3", corrects="p", topic=m.TICKETS, value=None),
        command(5, "correct", "c4", corrects="q", topic=m.PURCHASES, value=None),
        command(6, "release", "c5"),
    ]
    record.keep([fact_of(purchase(1, "p")[1]), *(fact_of(each[1]) for each in told)])
    assert [referrals.revision_of(record, name) for name in ("p", "q", "r", None)] == [2, 1, 0, 0]
    assert referrals.purchase_of(record, "p").id == "p"
    assert [referrals.purchase_of(record, name) for name in ("c1", None)] == [None, None]


def test_an_erased_account_is_forgotten_wherever_it_is_named():
    """As a referrer, as a buyer and as another side of a merge; others stay, and what names nobody else is a repeat."""
    record = AccountRecord(former_sources=["gone", "stays"])
    told = [
        purchase(1, "p", referred_by="gone"),
        purchase(2, "q", referred_by="stays"),
        command(3, "merge", "c", into="gone"),
        command(4, "merge", "d", into="stays"),
    ]
    facts = [fact_of(each[1]) for each in told]
    record.keep([*facts, ReferralFact(facts[-1].t + 1, "r", "gone"), ReferralFact(facts[-1].t + 2, "s", "stays")])
    gone = m.Referral(event_id="f", account_id="a", occurred_at=on(9), referred="gone", action="forgotten")
    assert isinstance(referrals.forget(record, gone, load_policy()).verdict, Applied)
    found = record.facts()
    assert [found[0].referrer, found[1].referrer, found[2].into, found[3].into] == [None, "stays", None, "stays"]
    assert [found[4].referred, found[5].referred, record.former_sources] == [None, "stays", ["stays"]]
    assert isinstance(referrals.forget(record, gone, load_policy()).verdict, Repeat)


def test_an_erasure_tells_each_that_the_account_had_to_do_with_once():
    """In the order of their names: referrers, buyers, and those that it was merged with or into."""
    record = AccountRecord(merged_sources=["m"], former_sources=["b", "n"])
    facts = [
        fact_of(each[1])
        for each in (purchase(1, "p", referred_by="b"), command(2, "merge", "c", into="i"), purchase(3))
    ]
    record.keep([*facts, ReferralFact(facts[-1].t + 1, "r", "x"), ReferralFact(facts[-1].t + 2, "s")])
    sent = referrals.forgotten("a", record, command(9, "erase", "e")[1])
    assert [each.key for each in sent] == ["b", "i", "m", "n", "x"]


def test_a_revision_behind_the_history_kept_is_refused():
    """At its edge too: the credit is among what is folded away and can no more be taken back."""
    record = AccountRecord(edge=(micros(on(5)), 4, "k"))
    verdict = referrals.replace(record, revised(1), load_policy()).verdict
    assert isinstance(verdict, Refused)
    assert isinstance(referrals.replace(record, revised(1, day=6), load_policy()).verdict, Applied)


@pytest.mark.parametrize("erased", ["a", "c"])
def test_an_erasure_leaves_the_others_without_its_id(erased):
    """Neither the buyer nor the referrer keeps the other's id, in the history or in what is still to be sent."""
    told = [
        each
        for each in others(purchase(5, "p", account="c", referred_by="alpha-long-name"))
        if each[1].account_id != "a"
    ]
    name = "alpha-long-name" if erased == "a" else "c-other-long-name"
    if erased == "c":
        told = others(purchase(5, "p", account=name, referred_by="a"))
    replay, _ = fold([*told, command(9, "erase", account=name)])
    assert name not in replay.records
    assert not [account for account, raw in replay.records.items() if name.encode() in raw]


def test_forgetting_an_unknown_account_makes_no_record():
    """Whoever is not there has nothing to forget."""
    message = m.Referral(event_id="f", account_id="x", occurred_at=on(1), referred="a", action="forgotten")
    replay, _ = fold([(m.REFERRALS, message)])
    assert replay.records == {}


def test_a_repeat_of_a_purchase_whose_referrer_is_forgotten_is_no_conflict():
    """The same message again, after the referrer was erased."""
    core = Core(load_policy())
    replay, _ = fold([purchase(5, "p", account="c", referred_by="a"), command(9, "erase", account="a"), BUYS], core)
    assert decode(replay.records["c"]).repeats == 1
    assert "a" not in replay.records


@pytest.mark.parametrize(("action", "is_told"), [(None, True), ("credited", True), ("withdrawn", False)])
def test_a_credit_for_an_account_that_is_erased_is_answered_by_its_being_forgotten(action, is_told):
    """The buyer is told to forget who referred it, whose id it bears; what takes a credit back bears none."""
    credit = m.Referral(event_id="r", account_id="gone", occurred_at=on(1), referred="buyer", action=action)
    found = answers("gone", credit)
    assert [(each.topic, each.key, each.time) for each in found] == [
        (m.REFERRALS, "buyer", "2024-01-02T09:00:00Z")
    ] * is_told
    for each in found:
        told = json.loads(each.value)
        assert (told["account_id"], told["referred"], told["action"]) == ("buyer", "gone", "forgotten")
