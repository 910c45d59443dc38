"""Deliveries without a server: what a file may say, what is posted and how it is signed, whom we post to, when again."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from delivery_support import SECRET, golden, item, start
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from clientward_client import Gone
from clientward_client.lanes import Committed
from delivering.addresses import PrivateAddressError, is_public, refuse_private
from delivering.events import body_of, event_id_of
from delivering.feed import NEAR, common_start
from delivering.file import DeliveriesError, read_deliveries, secrets_of
from delivering.reading import Mark, untold
from delivering.retrying import (
    DOWN_AFTER,
    LONGEST_PROBE,
    LONGEST_RETRY_AFTER,
    LONGEST_WAIT,
    probe_wait,
    retry_after_of,
    wait_of,
)
from delivering.signing import Signer
from relationship.contract.outcome import RECLASSIFIED
from streams.wire.contracts import render

GOOD = '[endpoints.crm]\nurl = "https://crm.example/hook"\nsecret_variables = ["CRM_SECRET"]\n'


def written(folder: Path, text: str) -> Path:
    """Write a file of deliveries."""
    file = folder / "deliveries.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_read(tmp_path: Path) -> None:
    """Filters, settling and where to begin, with what stands for what is left out."""
    more = 'from = ["client"]\nto = ["lapsed"]\nsettle_minutes = 15\nsince = 2026-01-01T00:00:00Z\n'
    (endpoint,) = read_deliveries(written(tmp_path, GOOD + more))
    assert (endpoint.name, endpoint.settle_ms, endpoint.begin) == ("crm", 900_000, 1_767_225_600_000)
    assert endpoint.wanted.matches(golden(6)) == (golden(6).from_ == "client" and golden(6).to == "lapsed")
    assert (endpoint.file.give_up_days, endpoint.file.allow_private) == (3, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("endpoints = 3", "Expected `object`"),
        ("nothing", "docs/subscribing.md shows a file"),
        ("[endpoints]", "no endpoint"),
        (GOOD + "colour = 3", "unknown field `colour`"),
        (GOOD + 'to = ["cleint"]', "endpoint crm: to=cleint: give one of prospect"),
        (GOOD.replace("https", "http"), "endpoint crm: url = .*: give an https"),
        (GOOD.replace("crm.example", "me:secret@crm.example"), "give no user or password"),
        (GOOD.replace("endpoints.crm", "endpoints.CRM"), "lower-case"),
        (GOOD.replace('secret_variables = ["CRM_SECRET"]', ""), "no secret"),
        (GOOD + "since = 2026-01-01T00:00:00", "a time with an offset"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    """And the line shows no secret of an address."""
    with pytest.raises(DeliveriesError, match=words) as raised:
        read_deliveries(written(tmp_path, text))
    assert "\n" not in str(raised.value)
    assert "secret@" not in str(raised.value)


def test_secrets_come_from_files_and_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anew each time, so that they can be rotated; one that is missing is named."""
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    (endpoint,) = read_deliveries(written(tmp_path, GOOD + f'secret_files = ["{file}"]\n'))
    with pytest.raises(DeliveriesError, match="CRM_SECRET is not set"):
        secrets_of(endpoint)
    monkeypatch.setenv("CRM_SECRET", "whsec_other")
    assert secrets_of(endpoint) == [SECRET, "whsec_other"]
    file.unlink()
    with pytest.raises(DeliveriesError, match=r"secret file .*: No such file or directory; name a file"):
        secrets_of(endpoint)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_"), "whsec_%%%"])
def test_a_weak_secret_is_refused(secret: str) -> None:
    """Without its prefix, too short, or no base64; the error does not repeat it."""
    with pytest.raises(DeliveriesError, match="give a secret `whsec_`") as raised:
        Signer("here", [secret])
    assert secret in {"", "whsec_"} or secret not in str(raised.value)


def test_a_receiver_with_any_of_the_secrets_is_content() -> None:
    """By the reference library's own check; with another secret, body or id it is not."""
    other = "whsec_" + "A" * 32
    now = datetime.now(UTC).timestamp()
    body = body_of(golden())
    headers = Signer("here", [SECRET, other]).headers("rc-1", body, now)
    for secret in (SECRET, other):
        assert Webhook(secret).verify(body, headers)["specversion"] == "1.0"
    for secret, content, name in (
        (SECRET, body + " ", "rc-1"),
        ("whsec_" + "B" * 32, body, "rc-1"),
        (SECRET, body, "x"),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(content, headers | {"webhook-id": name})


def test_what_is_posted_is_a_cloud_event_whose_data_keeps_the_contract() -> None:
    """Every golden decision, by the schema of its topic; and the id is the decision's."""
    schema = Draft202012Validator(json.loads(render()[f"schemas/{RECLASSIFIED}.schema.json"]))
    for number in range(50):
        event = json.loads(body_of(golden(number)))
        schema.validate(event["data"])
        assert event["id"] == event["data"]["event_id"] == event_id_of(golden(number))
        assert (event["type"], event["subject"]) == (RECLASSIFIED, event["data"]["account_id"])


def test_an_account_that_is_gone_is_told_with_why() -> None:
    """Without data, since there is none any more."""
    gone = Gone(account_id="acme", reason="erased", event_id="erase-1", at=datetime(2026, 1, 1, tzinfo=UTC))
    event = json.loads(body_of(gone))
    assert (event["data"], event["reason"], event["subject"]) == (None, "erased", "acme")
    assert event["time"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",  # noqa: S104
        "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_a_private_address_is_refused_in_every_spelling(address: str) -> None:
    """Loopback, private nets, link-local with the metadata service, mapped and tunnelled ones."""
    assert not is_public(address)
    with pytest.raises(PrivateAddressError, match="allow_private"):
        refuse_private(address)


def test_a_public_address_is_let_through() -> None:
    """As numbers in both versions; names are judged when they are looked up."""
    assert is_public("93.184.215.14")
    assert is_public("2606:4700::1111")
    refuse_private("crm.example")


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True), st.none() | st.floats(0, 1e9))
def test_waits_grow_to_an_hour_and_respect_retry_after(attempts: int, chance: float, after: float | None) -> None:
    """Half of a wait is chance; a receiver's wish counts, up to a day."""
    wait = wait_of(attempts, after, chance)
    assert 2.5 <= wait <= max(LONGEST_WAIT, min(after or 0, LONGEST_RETRY_AFTER))
    assert wait >= min(after or 0, LONGEST_RETRY_AFTER)
    assert wait_of(attempts + 1, after, chance) >= wait


def test_an_endpoint_that_is_down_is_probed() -> None:
    """Not before so many failures in a row, and at least once a minute."""
    assert probe_wait(DOWN_AFTER - 1) == 0
    assert 0 < probe_wait(DOWN_AFTER) < probe_wait(DOWN_AFTER + 3) <= probe_wait(10_000) == LONGEST_PROBE


def test_retry_after_is_seconds_or_a_date() -> None:
    """And nonsense is nothing."""
    later = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=90)
    assert retry_after_of("30", 0) == 30
    assert retry_after_of(later.strftime("%a, %d %b %Y %H:%M:%S GMT"), later.timestamp() - 90) == 90
    assert (retry_after_of("soon", 0), retry_after_of(None, 0)) == (None, None)


def test_the_common_reader_begins_where_the_last_of_the_near_ones_stands() -> None:
    """Who stands far behind is fed apart, and none of the others misses anything."""
    at = {"a": NEAR + 500, "b": NEAR + 900, "far": 0}
    marks = {name: {0: Mark((Committed(offset), Committed(5)), (offset - 1, 4))} for name, offset in at.items()}
    begin, near = common_start(marks)
    assert near == {"a", "b"}
    assert begin[0].resume == (Committed(NEAR + 500), Committed(5))


def test_a_common_reader_knows_not_what_one_of_them_was_told() -> None:
    """The position stays, with the clock; what each was given it knows itself."""
    at = Committed(7, "clientward-client/1 told=9 settle=5 newest=3")
    assert untold(at) == Committed(7, "clientward-client/1 told=-1 settle=5 newest=3")
    assert untold(Committed(7)) == Committed(7)
    assert start()[0].resume[0] == item(0).resume[1]
