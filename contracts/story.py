"""The story behind the golden messages: what producers say, in the order in which it is said.

Between them the events have every field, every value of every enumeration and every null of the intake, and they bring
about every value that the output can have. Each is a value as a producer writes it: a dict, which JSON holds as it stands.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any, Final, NamedTuple

from relationship.contract import enums
from relationship.contract import messages as m
from relationship.contract.outcome import POLICIES
from relationship.policy.compiled import default_text, parse_policy
from relationship.timeline.published import ACTIVE, OFF, SHADOW, publication

Json = dict[str, Any]

START: Final = datetime(2024, 1, 1, 9, tzinfo=UTC)
END_DAY: Final = 1000  # the story's last day, up to which every timer runs: every lapse but the longest is due by then
LEAD_DAYS: Final = 1  # a policy is published a day before it takes force


class Told(NamedTuple):
    """One record of the story. Bytes stand for themselves; they are no JSON."""

    topic: str
    key: str
    value: Json | bytes


def story() -> list[Told]:
    """Return the whole story. An account's events are in order, but for those that are told late on purpose."""
    return [
        *_policies(),
        *_acme(),
        *_thins_out(),
        *_still(),
        *_firms(),
        *_tickets(),
        *_meetings(),
        *_overrides(),
        *_merges(),
        *_corrections(),
        *_erased(),
        *_trials(),
    ]


def refused_story() -> list[Told]:
    """Return what is told after all that, and refused: one record for every reason but SIZE, which takes a megabyte."""
    late = _purchase("late", 0, "acme")
    other = _purchase("p-15", 15, "acme") | {"amount": "11.00"}
    ahead = _purchase("ahead", END_DAY + 1, "acme")
    return [
        Told(m.PURCHASES, "acme", b'{"event_id": "cut", "account_id": "acme", "amou'),
        _told(m.PURCHASES, _purchase("zzz", 990, "acme") | {"currency": "ZZZ"}),
        _told(m.TICKETS, _common("two", 990, "acme") | {"schema_version": "2.0"}),
        _told(m.PURCHASES, ahead),
        Told(m.PURCHASES, "another", _purchase("key", 990, "acme")),
        _told(m.PURCHASES, other),
        _told(m.PURCHASES, late),
    ]


def at(days: float) -> str:
    """Return the moment so many days into the story, RFC 3339."""
    return _text(START + timedelta(days=days))


def day(days: float) -> str:
    """Return the day so many days into the story."""
    return (START + timedelta(days=days)).date().isoformat()


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _common(event_id: str, days: float, account: str) -> Json:
    return {"event_id": event_id, "account_id": account, "occurred_at": at(days)}


def _told(topic: str, value: Json) -> Told:
    return Told(topic, value["account_id"], value)


def _purchase(event_id: str, days: float, account: str, **fields: Any) -> Json:
    return {**_common(event_id, days, account), "amount": "10.00", "currency": "EUR", **fields}


def _buys(account: str, days: float, **fields: Any) -> Told:
    return _told(m.PURCHASES, _purchase(f"p-{days:g}", days, account, **fields))


def _asks(account: str, days: float, **fields: Any) -> Told:
    values = {"ticket_id": f"T{days:g}", "status": "opened", "kind": "question", **fields}
    return _told(m.TICKETS, {**_common(f"t-{days:g}", days, account), **values})


def _meets(account: str, days: float, **fields: Any) -> Told:
    values = {"meeting_id": f"M{days:g}", "kind": "planning", "duration_minutes": 60, "initiator": "account", **fields}
    return _told(m.MEETINGS, {**_common(f"m-{days:g}", days, account), **values})


def _is(account: str, days: float, **fields: Any) -> Told:
    return _told(m.PROFILES, {**_common(f"a-{days:g}", days, account), **fields})


def _commands(account: str, days: float, name: str, **fields: Any) -> Told:
    return _told(m.COMMANDS, {**_common(f"c-{days:g}", days, account), "command": name, "by": "ops", **fields})


def _policies() -> Iterator[Told]:
    """A second version of the policy from the tenth day on, and one on trial: strict, and quicker to see a lapse."""
    published = START + timedelta(days=10 - LEAD_DAYS)
    yield _published(ACTIVE, "golden", _policy_text("golden"), START + timedelta(days=10), published)
    strict = re.sub(r"(?m)^client_up = .*$", "client_up = 95.0", _policy_text("strict", lapse=30))
    yield _published(SHADOW, "strict", strict, published, published)


def _trials() -> Iterator[Told]:
    """Another one on trial, which waits longer for a sign of life, and the end of all trials."""
    patient, end = (START + timedelta(days=days) for days in (950, END_DAY))
    yield _published(SHADOW, "patient", _policy_text("patient", lapse=700), patient, patient)
    yield _commands("salon", 960, "release")
    yield _commands("held", 960, "release")
    yield _asks("still", 965, initiator="us", channel="email")
    yield _commands("firm-retail", 960, "release")
    yield _published(SHADOW, OFF, "", end, end)


def _policy_text(version: str, lapse: int | None = None) -> str:
    """Return the policy that comes with the package as another version, without comments and empty lines."""
    text = re.sub(r"(?m)^#.*\n|\s+#.*$|^\n", "", default_text())
    text = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', text)
    return text if lapse is None else re.sub(r"\blapse = [0-9.]+", f"lapse = {lapse}", text)


def _published(slot: str, version: str, text: str, effective: datetime, now: datetime) -> Told:
    name = parse_policy(text, version).id if text else OFF
    message = publication(name, slot, version, text, "ops", effective, now)
    value = {field: getattr(message, field) for field in message.__struct_fields__}
    moments = {field: _text(each) for field, each in value.items() if isinstance(each, datetime)}
    return Told(POLICIES, f"{slot}/{name}/{version}", value | moments)


def _acme() -> Iterator[Told]:
    """A firm that becomes a client, fades, ends its agreement, is silent, and comes back."""
    contract = {"id": "C-1", "kind": "engagement", "signed_on": day(100), "ends_on": day(400)}
    yield _is("acme", 0, industry="consulting", party="business", market="business", schema_version="1.0")
    yield from (_buys("acme", days) for days in (1, 15, 31, 47))
    yield _asks("acme", 60, kind="advice", channel="email", initiator="account")
    yield _meets("acme", 70, kind="consultation", channel="in_person")
    yield _meets("acme", 80, channel="in_person", attendees_theirs=2, attendees_ours=1)
    yield _buys("acme", 85, kind="service", customised=True)
    yield _meets("acme", 95, kind="check_in", channel="video", outcome_met=True)
    yield _is("acme", 100, industry="consulting", party="business", market="business", contract=contract)
    yield _meets("acme", 110, kind="review", channel="video", outcome_met=True)
    yield _buys("acme", 115, kind="advice", customised=True)
    yield _meets("acme", 130, channel="phone", requirement_change=True)
    yield _asks("acme", 140, kind="feedback", channel="email", csat=5)
    yield _meets("acme", 160, kind="check_in", channel="phone")
    yield _buys("friend", 165, referred_by="acme")
    yield from (_buys("acme", days) for days in range(200, 411, 30))
    yield _asks("acme", 420, kind="cancellation", reason="price", channel="email", initiator="account")
    yield _buys("acme", 995)


def _thins_out() -> Iterator[Told]:
    """A client that goes on buying and talks no more: its evidence fades, and no event but the clock tells it."""
    yield _is("ebb", 0, industry="consulting", party="business", market="business")
    yield _buys("ebb", 1)
    yield from (_meets("ebb", days, channel="video") for days in (20, 30, 45, 60, 75))
    yield _asks("ebb", 80, kind="advice", channel="email", initiator="account")
    yield _buys("ebb", 85, kind="service", customised=True)
    yield _meets("ebb", 95, kind="review", channel="video", outcome_met=True)
    yield from (_buys("ebb", days) for days in (120, 140))
    yield _asks("ebb", 235, initiator="us", channel="email")
    yield from (_buys("ebb", days) for days in range(240, 421, 20))


def _still() -> Iterator[Told]:
    """A client that falls silent: lapsed, and none yet for the policy on trial, which waits longer."""
    yield _buys("still", 600, kind="service", customised=True)
    yield from (_meets("still", days, kind="review", outcome_met=True) for days in range(610, 731, 15))


def _firms() -> Iterator[Told]:
    """One firm of every industry, with the other facts of a profile and of a purchase in turn."""
    parties, scopes = cycle([*enums.PARTIES, None]), cycle([*enums.SCOPES, None])
    markets, contracts = cycle([*enums.MARKETS, None]), cycle([*enums.CONTRACT_KINDS, None])
    kinds, channels = cycle([*enums.PURCHASE_KINDS, None]), cycle([*enums.PURCHASE_CHANNELS, None])
    entries, currencies = cycle(["sale", None]), cycle(["EUR", "USD", "JPY", "HRK", "XAU"])
    for number, industry in enumerate(enums.INDUSTRIES):
        kind = next(contracts)
        ends = None if number % 2 else day(900)
        contract = kind and {"id": f"C-{number}", "kind": kind, "signed_on": day(20), "ends_on": ends}
        account = f"firm-{industry}"
        facts = {"industry": industry, "party": next(parties), "scope": next(scopes), "market": next(markets)}
        yield _is(account, 20, **facts, contract=contract, account_manager="Ada" if number % 2 else None)
        yield _buys(
            account, 21, entry=next(entries), kind=next(kinds), channel=next(channels), currency=next(currencies)
        )
    yield from _details("firm-retail")


def _details(account: str) -> Iterator[Told]:
    """The fields of a purchase that are seldom there, once with a value and once null; years of use make it loyal."""
    yield _buys(
        account,
        30,
        schema_version="1.0",
        category="home",
        list_price="12.50",
        discount_code="SPRING",
        quantity=2,
        customised=False,
        contract_id="C-8",
        order_id="O-8",
        due_on=day(44),
        paid_on=day(40),
    )
    absent = ("schema_version", "category", "list_price", "discount_code", "quantity", "customised", "channel")
    more = ("contract_id", "order_id", "due_on", "paid_on", "referred_by", "entry", "kind")
    yield _buys(account, 40, **dict.fromkeys((*absent, *more)))
    yield _buys(account, 41, entry="refund")
    yield from (_buys(account, days, list_price="10.00") for days in range(50, 410, 30))
    yield _is(account, 420, industry="retail", goals=["a second shop"])
    nothing = ("schema_version", "industry", "party", "scope", "market", "contract", "account_manager", "goals")
    yield _is("firm-other", 30, **dict.fromkeys(nothing))


def _tickets() -> Iterator[Told]:
    """Somebody who only asks, in every way: a prospect without a decision."""
    kinds, channels, reasons = enums.TICKET_KINDS, cycle(enums.TICKET_CHANNELS), enums.CANCEL_REASONS
    initiators, met = cycle(enums.INITIATORS), cycle([True, False])
    statuses = cycle(enums.TICKET_STATUSES)
    for number, kind in enumerate(kinds):
        values = {"initiator": next(initiators), "sla_met": next(met), "sentiment": -0.5, "csat": 4.5}
        told = {"status": next(statuses), "kind": kind, "channel": next(channels), "outcome_met": next(met), **values}
        yield _asks("kiosk", 960 + number, **told, schema_version="1.0")
    for number, reason in enumerate(reasons):
        yield _asks("kiosk", 970 + number, kind="cancellation", reason=reason)
    names = ("schema_version", "channel", "initiator", "sentiment", "csat", "sla_met", "outcome_met", "reason")
    yield _asks("kiosk", 980, **dict.fromkeys(names))


def _meetings() -> Iterator[Told]:
    """A salon that meets us for every reason there is."""
    channels, initiators, flags = cycle(enums.MEETING_CHANNELS), cycle(enums.INITIATORS), cycle([True, False, False])
    yield _is("salon", 600, industry="other", party="individual")
    yield _buys("salon", 601)
    for number, kind in enumerate(enums.MEETING_KINDS):
        values = {"attendees_theirs": 1, "attendees_ours": 2, "channel": next(channels), "initiator": next(initiators)}
        said = ("outcome_met", "requirement_change", "no_show", "contract_signed")
        yield _meets("salon", 610 + 5 * number, kind=kind, **values, **{name: next(flags) for name in said})
    names = ("schema_version", "channel", "initiator", "attendees_theirs", "attendees_ours")
    flags_too = ("outcome_met", "requirement_change", "no_show", "contract_signed")
    yield _meets("salon", 690, **dict.fromkeys((*names, *flags_too)))
    yield _meets("salon", 695, schema_version="1.0", duration_minutes=12.5)
    # Nothing to release; but the clock of the account moves on, and the policy on trial sees it lapse.
    yield _commands("salon", 820, "release")
    yield _commands("friend", 250, "release")


def _overrides() -> Iterator[Told]:
    """An account that is held in every status, let go, and asked for what cannot be done."""
    yield _asks("held", 700)
    for number, status in enumerate(enums.STATUSES):
        days = 710 + 5 * number
        yield _commands(
            "held", days, "override", status=status, until=at(days + 4), reason="a trial", schema_version="1.0"
        )
    yield _commands("held", 750, "override", status="client", until=at(1200), reason=None)
    yield _commands("held", 755, "release")
    yield _commands("held", 756, "release", by=None)
    names = ("schema_version", "status", "until", "by", "reason", "into", "corrects", "topic", "value")
    yield _told(m.COMMANDS, {**_common("c-757", 757, "held"), "command": "release", **dict.fromkeys(names)})
    yield _buys("stays", 758)
    yield _commands("stays", 760, "override", status="client", until=at(1200), reason="they are friends")


def _merges() -> Iterator[Told]:
    """Accounts that are one: a chain, one that comes out of it again, and a circle, which is refused."""
    for number, account in enumerate(("left", "middle", "right")):
        yield _buys(account, 800 + number)
    yield _commands("left", 810, "merge", into="middle")
    yield _commands("middle", 811, "merge", into="right")
    yield _commands("right", 812, "merge", into="left")
    yield _commands("left", 813, "unmerge", into="middle")


def _corrections() -> Iterator[Told]:
    """What was said wrongly: replaced, withdrawn, and asked for in vain in every topic."""
    yield _buys("mended", 850)
    yield _buys("mended", 851)
    right = _purchase("p-851", 851, "mended", amount="12.00")
    yield _commands("mended", 855, "correct", corrects="p-851", topic=m.PURCHASES, value=right)
    yield _commands("mended", 856, "correct", corrects="p-850", topic=m.PURCHASES, value=None)
    yield _commands("mended", 857, "correct", corrects="p-851", value=None)
    for number, topic in enumerate(m.MESSAGE_TYPES):
        yield _commands("mended", 860 + number, "correct", corrects="nothing", topic=topic, value=None)
    yield _buys("fan", 870, referred_by="mended")
    right = _purchase("p-870", 870, "fan", referred_by="acme")
    yield _commands("fan", 871, "correct", corrects="p-870", topic=m.PURCHASES, value=right)
    yield _commands("fan", 872, "erase")


def _erased() -> Iterator[Told]:
    """An account that leaves every store, and one that had been merged into it."""
    yield _buys("gone", 900)
    yield _buys("twin", 900)
    yield _commands("twin", 901, "merge", into="gone")
    yield _commands("gone", 902, "erase")
