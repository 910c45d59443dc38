"""Notices to account managers, against a stand-in of Slack, with decisions on a real Kafka."""

import json

import pytest
from connecting import Bench
from decisions_support import chain, decision
from slack_stand_in import TOKEN, Slack, slack

from clientward_client.messages import Play

PROGRAM = ("notices", "managers.csv", "notices.sqlite")


@pytest.fixture
async def there(bench: Bench):
    """A workspace that the bench's programs know; every change is told at once."""
    async with slack() as here:
        bench.environment |= {"SLACK_TOKEN": TOKEN, "SLACK_URL": here.url, "SETTLE_MINUTES": "0"}
        yield here


def managed(bench: Bench, **managers: str) -> None:
    """Say who manages which account; `everybody` all others."""
    lines = [f"{'*' if account == 'everybody' else account},{to}" for account, to in managers.items()]
    (bench.folder / "managers.csv").write_text("\n".join(["account_id,to", *lines]) + "\n", encoding="utf-8")


async def test_a_manager_is_told_of_what_asks_for_something(bench: Bench, there: Slack) -> None:
    """To each its channel or webhook: who rose, lapsed or fell, and what to do; of others nobody is told."""
    managed(bench, acme="C01", hooked=there.hook, everybody="C02")
    play = Play("court", "a person", "one to one", ["ask for goals"], ["discount codes"])
    await bench.topics.decide(
        *chain("acme", "prospect", "customer", "candidate", "client", "lapsed", "customer"),
        decision("hooked", "candidate", "client", play=play),
        decision("other", "client", "customer"),
        decision("quiet", "customer", "lapsed"),
    )
    await bench.done(*PROGRAM)
    assert there.texts("C01") == ["acme: customer → candidate", "acme: candidate → client", "acme: client → lapsed"]
    assert there.texts("C02") == ["other: client → customer"]
    (told,) = there.channels["hook"].values()
    assert told["text"] == "hooked: candidate → client"
    texts = [each["text"]["text"] for each in told["blocks"]]
    assert texts[0] == "*hooked: candidate → client*\nBecause."
    assert texts[1:3] == ["*Do now*\n• ask for goals", "*Stop*\n• discount codes"]
    await bench.done(*PROGRAM)
    assert len(there.texts("C01")) == 3, "what was told is not told again"


async def test_nobody_is_called_by_what_an_account_is_named(bench: Bench, there: Slack) -> None:
    """What Slack would read as a call or a link is escaped, and a text that is too long is cut."""
    managed(bench, everybody="C01")
    why = "<https://evil.example|click> & " + "so " * 2000
    await bench.topics.decide(decision("<!channel>", "customer", "candidate", why=why))
    await bench.done(*PROGRAM)
    ((ts, told),) = there.channels["C01"].items()
    assert told["text"] == "&lt;!channel&gt;: customer → candidate"
    sent = json.dumps(told)
    assert not {"<", ">"} & {*sent}, ts
    assert "&lt;https://evil.example|click&gt; &amp; so" in sent
    assert told["blocks"][0]["text"]["text"].endswith("so …")


async def test_a_place_that_cannot_be_written_to_holds_up_no_other(bench: Bench, there: Slack) -> None:
    """An archived channel and a webhook that was revoked are written down, without the webhook's address."""
    there.archived.add("C02")
    revoked = there.hook.replace("secretsecret", "revokedsecret")
    managed(bench, good="C01", old="C02", lost=revoked)
    await bench.topics.decide(*(decision(each, "customer", "client") for each in ("old", "lost", "good")))
    ended = await bench.done(*PROGRAM)
    assert there.texts("C01") == ["good: customer → client"]
    reasons = {each["account_id"]: each["reason"] for each in bench.refused()}
    assert reasons == {"old": "chat.postMessage: is_archived", "lost": "POST (its address): 404 no_service"}
    assert "revokedsecret" not in ended.errors


async def test_its_pace_is_kept_and_a_wrong_token_ends_it(bench: Bench, there: Slack) -> None:
    """Retry-After is waited for, by either way; without a right token it ends, and what it owes is told later."""
    managed(bench, acme="C01", hooked=there.hook)
    await bench.topics.decide(decision("acme", "customer", "client"), decision("hooked", "customer", "client"))
    there.order(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})
    there.order(429, {"ok": False, "error": "rate_limited"}, {"Retry-After": "1"})
    ended = await bench.done(*PROGRAM)
    assert ended.errors.count("again in 1 s") == 2
    assert (len(there.texts("C01")), len(there.texts("hook"))) == (1, 1)
    assert "secretsecret" not in ended.errors
    await bench.topics.decide(decision("acme", "client", "customer"))
    bench.environment["SLACK_TOKEN"] = "xoxb-wrong"
    ended = await bench.run(*PROGRAM)
    assert (ended.code, "invalid_auth" in ended.errors, ended.errors.count("\n")) == (1, True, 1)
    bench.environment["SLACK_TOKEN"] = TOKEN
    await bench.done(*PROGRAM)
    assert there.texts("C01")[-1] == "acme: client → customer"


async def test_what_was_told_of_whom_we_erase_is_deleted(bench: Bench, there: Slack) -> None:
    """Its messages go, those that somebody deleted before too, and no other's; killed meanwhile it does the rest."""
    managed(bench, everybody="C01")
    await bench.topics.decide(
        *chain("gone", "customer", "candidate", "client", "lapsed"), decision("stays", "customer", "client")
    )
    await bench.done(*PROGRAM)
    assert len(there.texts("C01")) == 4
    await bench.topics.state("gone", None, "erase-1")
    await bench.killed(*PROGRAM, gate=there)
    assert len(there.texts("C01")) == 3
    await bench.done(*PROGRAM)
    assert there.texts("C01") == ["stays: customer → client"]
    assert bench.refused() == []
    assert b"gone" not in (bench.folder / "notices.sqlite").read_bytes()
