"""Commands that cannot be carried out, on a real worker: each is answered in the audit topic, and none is a dead letter."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine_support import Event, make_settings, published, running, send, settled

from relationship.contract.messages import COMMANDS, PURCHASES
from relationship.contract.outcome import AUDIT, REJECTED
from relationship.core import Core
from relationship.policy.compiled import load_policy

NOW = datetime.now(UTC)


def purchase(account: str, days_ago: float) -> Event:
    """Return a purchase of so many days ago."""
    at = (NOW - timedelta(days=days_ago)).isoformat()
    value = {
        "event_id": f"{account}{days_ago}",
        "account_id": account,
        "occurred_at": at,
        "amount": "9",
        "currency": "EUR",
    }
    return PURCHASES, account, json.dumps(value).encode()


def command(account: str, name: str, **fields: str | None) -> Event:
    """Return a command of now."""
    value = {"event_id": f"{name}-{account}", "account_id": account, "occurred_at": NOW.isoformat(), "command": name}
    return COMMANDS, account, json.dumps(value | fields).encode()


async def test_bad_commands_are_answered_and_what_is_too_late_is_counted(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """By nobody, into itself, in a circle, of nobody, of what is not kept: the audit says why; LATE is a letter, counted."""
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    until = (NOW + timedelta(days=9)).isoformat()
    bad = [
        command("a", "override", status="client", until=until),
        command("b", "merge", into="b", by="ops"),
        command("c", "merge", into="d", by="ops"),
        command("e", "erase", by="ops"),
        command("f", "correct", corrects="not there", value=None, by="ops"),
    ]
    async with running(settings, Core(load_policy())) as worker:
        await send(settings, [purchase(account, 1) for account in "abcdf"])
        await settled(worker)
        await send(settings, [command("d", "merge", into="c", by="ops")])
        await settled(worker)
        await send(settings, bad)
        await send(settings, [purchase("a", 40)])
        await settled(worker)
        text = worker.metrics_text().decode()
    entries = [json.loads(record.value) for record in await published(settings, AUDIT)]
    answers = {entry["account_id"]: entry["detail"] for entry in entries if entry["outcome"] == "refused"}
    assert answers == {
        "a": "nobody is named in 'by': say who asks",
        "b": "an account is not merged into itself: name another one in 'into'",
        "c": "that account is merged into this one already: it would be a circle",
        "f": "the event is not in the history kept; it is corrected should it still come",
    }
    (letter,) = await published(settings, REJECTED)
    assert json.loads(letter.value)["event_id"] == "a40"
    assert 'clientward_refused_events_total{reason="LATE"} 1.0' in text
