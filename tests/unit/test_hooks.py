"""Webhooks at the intake: what each sender's bodies say, what is no message, and what a wrong file is told."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hook_support import (
    BOOKING,
    CHARGE,
    DEAL,
    NOW,
    ORDER,
    OWN_SQL,
    PROPERTY,
    REFUNDED_ORDER,
    SAYING,
    SECRET,
    SIGN,
    SOLVED,
    TICKET,
    hooks_file,
    raw,
    refunded,
)
from intake_support import Answer, Stored, ask

from hooks.errors import HooksError
from hooks.file import read_hooks
from hooks.taking import Hooks
from intake.app import Intake
from intake.keys import Keys
from relationship.contract.messages import MEETINGS, PURCHASES, TICKETS
from relationship.contract.outcome import REJECTED
from streams.config.settings import Settings
from streams.kafka.publisher import ProducerRecord


class House:
    """The pages with hooks of every sender, and a store in memory."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.hooks = Hooks(Settings(), file)
        self.store: Any = Stored()
        self.intake = Intake(Settings(), Keys(file), self.store, self.hooks, clock=lambda: NOW, ticks=lambda: 0.0)
        self.app = self.intake.app()

    async def post(self, sender: str, body: Any, name: str | None = None, **how: Any) -> Answer:
        """Send a body as a sender does."""
        content = raw(body)
        return await ask(self.app, "POST", f"/hooks/{name or sender}", content, dict(SIGN[sender](content, **how)))

    @property
    def messages(self) -> list[tuple[str, dict[str, Any]]]:
        """What is stored of messages: topic and value."""
        return [(each.topic, json.loads(each.value or b"")) for each in self.store.records if each.topic != REJECTED]

    @property
    def letters(self) -> list[ProducerRecord]:
        """What is stored of dead letters."""
        return [each for each in self.store.records if each.topic == REJECTED]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Pages with hooks."""
    found = House(hooks_file(tmp_path))
    async with found.hooks.running():
        yield found


@pytest.mark.parametrize("sender", sorted(SIGN))
async def test_a_webhook_is_stored_under_an_id_that_comes_again(house: House, sender: str) -> None:
    """202 with the ids; sent again, the same id and bytes; the record is keyed by its account, its source is the hook."""
    body, event_id = SAYING[sender]
    for _ in range(2):
        answer = await house.post(sender, body)
        assert (answer.status, answer.json) == (202, {"status": 202, "ids": [event_id]})
    first, second = house.store.records
    assert first == second
    headers = dict(first.headers)
    assert (headers["ce_id"], headers["ce_source"]) == (event_id.encode(), sender.encode())
    assert first.key.decode() == json.loads(first.value)["account_id"]


async def test_stripe_s_charge_is_a_sale_and_each_refund_its_own(house: House) -> None:
    """Amounts come in cents, a refund as the sum until then; ids are the preset's, which a file that is imported has too."""
    for body in (CHARGE, refunded(1_000, 0), refunded(2_500, 1_000)):
        await house.post("stripe", body)
    told = [(each["event_id"], each["amount"], each.get("entry")) for _, each in house.messages]
    assert told == [
        ("stripe:ch_3", "129.90", "sale"),
        ("stripe:ch_3:refund:10.00", "10.00", "refund"),
        ("stripe:ch_3:refund:25.00", "15.00", "refund"),
    ]
    topic, sale = house.messages[0]
    assert (topic, sale["account_id"], sale["occurred_at"], sale["currency"]) == (
        PURCHASES, "cus_9", "2026-05-28T17:39:58Z", "EUR",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("currency", "amount", "exact"), [("jpy", 500, "500"), ("kwd", 5_125, "5.125"), ("eur", 5_125, "51.25")]
)
async def test_stripe_s_smallest_units_are_the_currency_s(house: House, currency: str, amount: int, exact: str) -> None:
    """A yen has no cents, and a dinar a thousand fils."""
    charge = CHARGE["data"]["object"] | {"currency": currency, "amount": amount, "customer": None}
    assert (await house.post("stripe", CHARGE | {"data": {"object": charge}})).status == 202
    ((_, sale),) = house.messages
    assert (float(sale["amount"]), sale["account_id"]) == (float(exact), "ada@example.com")


async def test_shopify_s_order_is_a_sale_and_its_refunds_follow(house: House) -> None:
    """What failed is not paid back; the sums so far make the ids, as the export has them."""
    await house.post("shopify", ORDER)
    await house.post("shopify", REFUNDED_ORDER, topic="orders/updated")
    (_, sale), *refunds = house.messages
    told = {name: sale[name] for name in ("account_id", "amount", "list_price", "discount_code", "quantity", "channel")}
    assert told == {
        "account_id": "ada@example.com",
        "amount": "90.00",
        "list_price": "100.00",
        "discount_code": "SPRING",
        "quantity": 3,
        "channel": "store",
    }
    assert [(each["event_id"], each["amount"]) for _, each in refunds] == [
        ("shopify:#1001:refund:5.00", "5.00"),
        ("shopify:#1001:refund:12.50", "7.50"),
    ]


async def test_zendesk_s_ticket_is_opened_and_resolved(house: House) -> None:
    """By its requester; a status on the way between says nothing."""
    for body in (TICKET, SOLVED, SOLVED | {"event": {"current": "PENDING"}}):
        answer = await house.post("zendesk", body)
    assert (answer.status, answer.json) == (200, {"status": 200, "ignored": 1})
    told = [
        (topic, each["status"], each["kind"], each["channel"], each["account_id"]) for topic, each in house.messages
    ]
    assert told == [(TICKETS, status, "incident", "email", "8447") for status in ("opened", "resolved")]


async def test_hubspot_s_list_is_taken_apart(house: House) -> None:
    """A deal of a workflow is a purchase; a property that changed says nothing by itself, and is counted."""
    answer = await house.post("hubspot", [PROPERTY, DEAL, PROPERTY])
    assert (answer.status, answer.json) == (202, {"status": 202, "ids": ["hubspot:deal:901"], "ignored": 2})
    ((topic, deal),) = house.messages
    assert (topic, deal["amount"], deal["order_id"], deal["kind"]) == (PURCHASES, "4800.00", "deal:901", "service")


async def test_calendly_s_booking_is_a_meeting_once_it_has_begun(house: House) -> None:
    """One that is still to come, and one that is cancelled, say nothing."""
    coming: Any = json.loads(json.dumps(BOOKING))
    coming["payload"]["scheduled_event"]["start_time"] = "2026-06-28T14:00:00.000000Z"
    cancelled = BOOKING | {"payload": BOOKING["payload"] | {"status": "canceled"}}
    for body in (coming, cancelled):
        assert (await house.post("calendly", body)).json == {"status": 200, "ignored": 1}
    await house.post("calendly", BOOKING)
    ((topic, meeting),) = house.messages
    told = {name: meeting[name] for name in ("kind", "duration_minutes", "channel", "attendees_theirs", "initiator")}
    assert topic == MEETINGS
    assert told == {
        "kind": "check_in", "duration_minutes": 45, "channel": "video", "attendees_theirs": 2, "initiator": "account",
    }  # fmt: skip


@pytest.mark.parametrize("sender", sorted(SIGN))
async def test_a_request_that_is_not_the_sender_s_is_refused_unread(house: House, sender: str) -> None:
    """401, nothing stored, and no word of it in the log's or the metrics' names."""
    answer = await house.post(sender, SAYING[sender][0], secret=SECRET[:-4] + "AAA=")
    assert answer.status == 401
    assert (await ask(house.app, "POST", f"/hooks/{sender}", raw(SAYING[sender][0]))).status == 401
    assert house.store.records == []
    metrics = (await ask(house.app, "GET", "/metrics")).body.decode()
    assert 'clientward_intake_requests_total{source="",status="401"} 2.0' in metrics


async def test_a_hook_that_is_none_is_not_there(house: House) -> None:
    """404 before anything is checked; an intake without hooks says the same."""
    assert (await house.post("stripe", CHARGE, name="nobody")).status == 404
    bare = Intake(Settings(), Keys(house.file), house.store)
    assert (await ask(bare.app(), "POST", "/hooks/stripe", b"{}")).status == 404


@pytest.mark.parametrize(
    ("sender", "body", "reason"),
    [
        ("stripe", b"{not json", "SCHEMA"),
        ("stripe", CHARGE | {"data": {"object": CHARGE["data"]["object"] | {"currency": "xqq"}}}, "SCHEMA"),
        ("zendesk", TICKET | {"detail": TICKET["detail"] | {"type": "riddle"}}, "SCHEMA"),
        ("standard", {"order": 8, "who": "acme", "at": "2999-01-01T00:00:00Z", "sum": "1.00"}, "TIME"),
    ],
)
async def test_what_cannot_be_mapped_is_a_dead_letter(house: House, sender: str, body: Any, reason: str) -> None:
    """Its sender would try in vain for days: 202, the whole body with its reason, and none of the headers that sign."""
    answer = await house.post(sender, body)
    assert (answer.status, answer.json) == (202, {"status": 202, "dead_letters": 1})
    (letter,) = house.letters
    assert letter.value == raw(body)
    told = {name: value.decode() for name, value in letter.headers if value is not None}
    assert reason in told.values()
    assert f"hooks.{sender}" in told.values()
    assert not any("signature" in name or "hmac" in name for name in told)
    metrics = (await ask(house.app, "GET", "/metrics")).body.decode()
    assert f'clientward_intake_hook_events_total{{hook="{sender}",outcome="dead_letter"}} 1.0' in metrics


async def test_one_that_cannot_be_mapped_spoils_no_other(house: House) -> None:
    """Of a list, each element for itself."""
    answer = await house.post("hubspot", [DEAL, DEAL | {"deal_id": 902, "amount": "a lot"}, DEAL | {"deal_id": 903}])
    assert answer.json == {"status": 202, "ids": ["hubspot:deal:901", "hubspot:deal:903"], "dead_letters": 1}


async def test_a_topic_that_the_hook_may_not_say_is_a_dead_letter(tmp_path: Path) -> None:
    """A mapping of one's own is held to the hook's topics."""
    house = House(hooks_file(tmp_path, {"standard": f'topics = ["{TICKETS}"]'}))
    async with house.hooks.running():
        answer = await house.post("standard", SAYING["standard"][0])
    assert answer.json == {"status": 202, "dead_letters": 1}


async def test_kafka_away_is_answered_503(house: House) -> None:
    """With the seconds after which to come again: the sender tries again by itself."""
    house.store.fails = True
    answer = await house.post("stripe", CHARGE)
    assert answer.status == 503
    assert "retry-after" in answer.headers
    house.store.is_ready = False
    assert (await house.post("stripe", CHARGE)).status == 503


async def test_a_change_of_the_file_counts_at_once(house: House) -> None:
    """A hook that is taken out is none; a file that cannot be followed changes nothing; a secret file is read each time."""
    text = house.file.read_text()
    house.file.write_text(text.replace("[hooks.stripe]", "[hooks.cards]"))
    assert (await house.post("stripe", CHARGE)).status == 404
    assert (await house.post("stripe", CHARGE, name="cards")).status == 202
    house.file.write_text("[hooks.cards]\nsender = 'nobody'")
    assert (await house.post("stripe", CHARGE, name="cards")).status == 202
    (house.file.parent / "secret").write_text("another")
    assert (await house.post("stripe", CHARGE, name="cards")).status == 401
    assert (await house.post("stripe", CHARGE, name="cards", secret="another")).status == 202
    (house.file.parent / "secret").unlink()
    assert (await house.post("stripe", CHARGE, name="cards", secret="another")).status == 500


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('sender = "paypal"\nsecret_files = ["secret"]', "Invalid enum value 'paypal'"),
        ('sender = "stripe"', "give secret_files or secret_env"),
        ('sender = "stripe"\nsecret_env = ["NO_SUCH_SECRET"]', "the environment has no NO_SUCH_SECRET"),
        ('sender = "stripe"\nsecret_files = ["open"]', "chmod 600"),
        ('sender = "stripe"\nsecret_files = ["empty"]', "a secret is empty"),
        ('sender = "standard"\nsecret_files = ["secret"]', "give a file of SQL"),
        ('sender = "hubspot"\nsecret_files = ["secret"]', "give the whole address"),
        ('sender = "stripe"\nsecret_files = ["secret"]\ntopics = ["x"]', "topics: x; give some of"),
        ('sender = "stripe"\nsecret_files = ["secret"]\nmapping = "bad.sql"', "bad.sql"),
        ('sender = "stripe"\nsecret = "whsec"', "unknown field `secret`"),
    ],
)
def test_a_wrong_file_says_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    """One line, with the hook and what to write instead; a secret never stands in it."""
    for name, content, mode in (("secret", SECRET, 0o600), ("open", SECRET, 0o644), ("empty", "\n", 0o600)):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(mode)
    (tmp_path / "bad.sql").write_text("SELECT 1")
    file = tmp_path / "intake.toml"
    file.write_text(f"[hooks.cards]\n{text}\n")
    with pytest.raises(HooksError) as wrong:
        Hooks(Settings(), file)
    assert said in str(wrong.value)
    assert "\n" not in str(wrong.value)
    assert SECRET not in str(wrong.value)


def test_a_secret_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As containers have it."""
    monkeypatch.setitem(os.environ, "CARDS_SECRET", f"{SECRET}\n")
    file = tmp_path / "intake.toml"
    file.write_text('[hooks.cards]\nsender = "stripe"\nsecret_env = ["CARDS_SECRET"]\n')
    assert read_hooks(file)["cards"].secrets() == [SECRET]


def test_a_mapping_without_ids_is_refused(tmp_path: Path) -> None:
    """A webhook that comes again would count twice: each query has to name an event_id of its own."""
    file = hooks_file(tmp_path)
    unnamed = OWN_SQL.replace("'own:' || (value ->> '$.order') AS event_id, ", "")
    (tmp_path / "own.sql").write_text(unnamed)
    with pytest.raises(HooksError, match="add AS event_id"):
        Hooks(Settings(), file)
