"""The HTTP intake without Kafka: keys, limits, formats, and that no body makes it fail."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_support import DESK, NOW, SHOP, VALUE, Stored, ask, bearer, event, keys, keys_file

from cli.main import run
from hooks.file import read_hooks
from intake import app as pages
from intake.app import Intake
from intake.formats import BATCH, MOST_EVENTS, STRUCTURED
from intake.keys import Keys, KeysError, hash_of, new_key, read_keys
from intake.limits import Rates
from relationship.contract.messages import MOVES, PURCHASES
from streams.config.settings import Settings


class House:
    """The pages, their store, and a clock that a test moves."""

    def __init__(self, folder: Path, more: str = "", body_seconds: float = 30) -> None:
        self.store, self.ticks = Stored(), 0.0
        self.keys = keys(folder, more)
        self.intake = Intake(
            Settings(),
            self.keys,
            self.store,  # type: ignore[arg-type]  # as a Store answers
            clock=lambda: NOW,
            ticks=lambda: self.ticks,
            body_seconds=body_seconds,
        )
        self.app = self.intake.app()

    async def post(self, body: Any, headers: Any = None, **more: Any) -> Any:
        """Send a body, which is JSON unless it is bytes."""
        raw = body if isinstance(body, bytes) or "receive" in more else json.dumps(body).encode()
        return await ask(self.app, "POST", "/events", raw, headers or bearer(), **more)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The pages with two sources."""
    return House(tmp_path)


async def test_a_stored_event_is_answered_202_and_keyed_by_its_account(house: House) -> None:
    """The answer has the message's id, the record the bytes that were sent, and the source is the key's, not the event's."""
    value = json.dumps({**VALUE, "occurred_at": "2026-05-01T12:00:00+02:00", "unknown": 1.50}, indent=1).encode()
    body = b'{"specversion":"1.0","id":"x","source":"clientward","type":"%s","data":%s}' % (PURCHASES.encode(), value)
    answer = await house.post(body)
    assert (answer.status, answer.json) == (202, {"id": "e-1", "status": 202})
    (record,) = house.store.records
    assert (record.topic, record.key, record.value) == (PURCHASES, b"acme", value)
    assert dict(record.headers)["ce_source"] == b"shop"
    assert dict(record.headers)["ce_time"] == b"2026-05-01T10:00:00+00:00"


@pytest.mark.parametrize("form", [to_structured_event, to_binary_event])
async def test_the_cloudevents_library_is_understood(house: House, form: Any) -> None:
    """What another implementation writes, structured and binary, ends up as the same message."""
    attributes = {"id": "ce-ü 1", "source": "/shop", "type": PURCHASES, "datacontenttype": "application/json"}
    written = form(CloudEvent(attributes, VALUE))
    answer = await house.post(bytes(written.body), {**written.headers, "authorization": f"Bearer {SHOP}"})
    assert answer.status == 202, answer
    assert json.loads(house.store.records[0].value or b"") == VALUE
    bad = form(CloudEvent(attributes, {**VALUE, "amount": "-1"}))
    refused = await house.post(bytes(bad.body), {**bad.headers, "authorization": f"Bearer {SHOP}"})
    assert refused.json["id"] == "ce-ü 1"


async def test_each_event_of_a_batch_has_its_own_result(house: House) -> None:
    """Good ones are stored and bad ones told, in order, with 207; what Kafka finds too large is among the bad."""
    house.store.too_large = {b"huge"}
    moved = event(4) | {"type": MOVES}
    batch = [event(1), event(2, amount="1,50"), event(3), moved, "nonsense", event(6, account_id="huge")]
    answer = await house.post(batch, bearer(content_type=BATCH))
    results = answer.json["results"]
    assert answer.status == 207
    assert [each["status"] for each in results] == [202, 422, 202, 403, 422, 422]
    assert [each.get("id") for each in results] == ["e-1", "ce-2", "e-3", "ce-4", None, "e-6"]
    assert results[1]["error"].startswith("SCHEMA: $.amount")
    assert [dict(each.headers)["ce_id"] for each in house.store.records] == [b"e-1", b"e-3"]
    good = await house.post([event(1)], bearer(content_type=BATCH))
    assert (good.status, good.json) == (202, {"results": [{"id": "e-1", "status": 202}]})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"data": {**VALUE, "amount": "-1"}}, "SCHEMA: $.amount"),
        ({"data": {**VALUE, "occurred_at": "2030-01-01T00:00:00Z"}}, "TIME: $.occurred_at"),
        ({"data": None}, "SCHEMA"),
        ({"data_base64": "e30="}, "no data"),
        ({"specversion": "0.3"}, "specversion: give 1.0"),
        ({"source": ""}, "the attribute source is missing"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
        ({"id": 7}, "not a CloudEvent"),
    ],
)
async def test_a_bad_event_is_answered_422_with_one_line(house: House, change: Any, reason: str) -> None:
    """The line says what is wrong and where, and nothing is stored."""
    answer = await house.post({**event(), **change})
    assert answer.status == 422
    assert answer.json["error"].startswith(reason), answer.json
    assert "\n" not in answer.json["error"]
    assert house.store.records == []


@pytest.mark.parametrize("body", [b"[" * 1_000_000, b'{"data":' + b"[" * 1_000_000, b'{"x":' * 500_000])
@pytest.mark.parametrize("content_type", [STRUCTURED, BATCH])
async def test_a_body_nested_without_end_is_refused(house: House, content_type: str, body: bytes) -> None:
    """Whatever the form, it is told in one line and kept nowhere."""
    answer = await house.post(body, bearer(content_type=content_type))
    assert answer.status in {400, 422}
    assert house.store.records == []


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer cwk_other"}, {"authorization": f"Basic {SHOP}"}])
async def test_without_a_key_the_body_is_not_even_read(house: House, header: dict[str, str]) -> None:
    """401, whatever the body."""

    async def never() -> Any:
        pytest.fail("the body was read")

    answer = await house.post(b"", header | {"content-type": STRUCTURED}, receive=never)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_key_sends_its_own_topics_until_it_is_revoked(house: House, tmp_path: Path) -> None:
    """403 for another topic; 401 once its hash is taken out; a file that is broken changes nothing."""
    assert (await house.post(event(), bearer(DESK))).status == 403
    file = keys_file(tmp_path)
    whole = file.read_text()
    file.write_text("[sources")
    assert (await house.post(event())).status == 202
    file.write_text(whole.replace(f'"{hash_of(SHOP)}"', ""))
    assert (await house.post(event())).status == 401
    file.write_text(whole)
    assert (await house.post(event())).status == 202


async def test_a_source_that_sends_too_much_is_told_when_to_come_again(tmp_path: Path) -> None:
    """Ten seconds' worth at once, then 429 with the seconds to wait, after which it goes on; others do not notice."""
    house = House(tmp_path, "events_per_second = 2")
    batch = [event(n) for n in range(20)]
    assert (await house.post(batch, bearer(content_type=BATCH))).status == 202
    answer = await house.post([event(n) for n in range(5)], bearer(content_type=BATCH))
    assert (answer.status, answer.headers["retry-after"]) == (429, "3")
    assert (await house.post(event(), bearer(DESK))).status == 403
    house.ticks = 3.0
    assert (await house.post([event(n) for n in range(5)], bearer(content_type=BATCH))).status == 202


def test_a_batch_larger_than_the_bucket_is_owed() -> None:
    """It passes with a full bucket, and the source waits until all of it is made up for."""
    rates = Rates()
    assert rates.wait("shop", 1, 50, 0.0) == 0
    assert rates.wait("shop", 1, 1, 0.0) == 41
    assert rates.wait("shop", 1, 1, 41.0) == 0


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(house: House) -> None:
    """413 by the header that says so, and without one when the limit is passed."""
    parts = [b"x" * 1_000_000] * 9
    told = await house.post(b"", bearer() | {"content-length": "4000001"})
    untold = await ask(house.app, "POST", "/events", parts, bearer())
    many = await house.post(b"[" + b"1," * 10_000 + b"1]", bearer(content_type=BATCH))
    assert (told.status, untold.status, many.status) == (413, 413, 413)
    assert house.store.records == []


async def test_a_slow_body_is_given_up(tmp_path: Path) -> None:
    """408 when the body is not there in time, and its place is free again."""
    house = House(tmp_path, body_seconds=0.01)

    async def slow() -> Any:
        await asyncio.Event().wait()

    assert (await house.post(b"", receive=slow)).status == 408
    assert house.intake._at_once == 0


async def test_while_kafka_is_away_senders_are_told_to_come_again(house: House) -> None:
    """503 with Retry-After, at once and after a try that failed; not ready meanwhile, and alive."""
    house.store.fails = True
    tried = await house.post(event())
    house.store.is_ready = False
    known = await house.post(event())
    assert [(each.status, each.headers["retry-after"]) for each in (tried, known)] == [(503, "5")] * 2
    assert (await ask(house.app, "GET", "/readyz")).status == 503
    assert (await ask(house.app, "GET", "/livez")).status == 200


async def test_too_much_at_once_is_put_off(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with Retry-After beyond the requests that may be under way."""
    monkeypatch.setattr(pages, "AT_ONCE", 0)
    answer = await house.post(event())
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


async def test_metrics_count_what_came_of_events(house: House) -> None:
    """By source and status; a request without a key counts for no source."""
    await house.post([event(1), event(2, amount="x")], bearer(content_type=BATCH))
    await house.post(event(), {"content-type": STRUCTURED})
    text = (await ask(house.app, "GET", "/metrics")).body.decode()
    assert 'clientward_intake_events_total{source="shop",status="202"} 1.0' in text
    assert 'clientward_intake_events_total{source="shop",status="422"} 1.0' in text
    assert 'clientward_intake_requests_total{source="",status="401"} 1.0' in text
    assert "clientward_intake_kafka_up 1.0" in text


async def test_the_description_names_every_page(house: House) -> None:
    """OpenAPI 3.1, with each path that is served and each status that /events answers."""
    document = (await ask(house.app, "GET", "/openapi.json")).json
    assert document["openapi"] == "3.1.0"
    served = {route.path for route in house.app.routes} - {"/openapi.json"}  # type: ignore[attr-defined]
    assert set(document["paths"]) == served
    assert "429" in document["paths"]["/events"]["post"]["responses"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda x: st.lists(x) | st.dictionaries(st.text(), x),
)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "specversion": st.just("1.0") | json_values,
        "id": st.text() | json_values,
        "source": st.just("/s") | json_values,
        "type": st.just(PURCHASES) | json_values,
        "data": st.just(VALUE) | json_values,
    },
)
bodies = (
    st.binary()
    | envelopes.map(lambda value: json.dumps(value).encode())
    | st.lists(envelopes, max_size=4).map(lambda value: json.dumps(value).encode())
    | st.sampled_from([b"[" * 100_000, b'{"a":' * 100_000, b'{"id":"\\ud800"}', b"\xff\xfe", b'{"id":1,"id":2}'])
)
media = st.sampled_from([STRUCTURED, BATCH, "application/json", "", "text/plain"]) | st.text(max_size=20)
header_values = st.binary(max_size=30) | st.just(b"1.0") | st.just(PURCHASES.encode())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies, content_type=media, attributes=st.lists(header_values, min_size=4, max_size=4))
def test_no_body_makes_it_fail(tmp_path: Path, body: bytes, content_type: str, attributes: list[bytes]) -> None:
    """Whatever comes is answered 202, 207 or with a refusal and a line; what is stored the codec has found right."""
    house = House(tmp_path)
    named = dict(zip(("ce-specversion", "ce-id", "ce-source", "ce-type"), attributes, strict=True))
    answer = asyncio.run(house.post(body, {**bearer(content_type=content_type), **named}))
    assert answer.status in {202, 207, 400, 403, 413, 415, 422}
    assert answer.json
    assert all(json.loads(record.value or b"")["account_id"] == "acme" for record in house.store.records)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sources", "docs/intake.md"),
        ('[sources.shop]\nsha256 = ["cwk_shop"]\ntopics = ["crm.purchase.recorded.v1"]', "--new-key shop"),
        ("[sources.shop]\nsha256 = []\ntopics = []", "source shop: topics: none"),
        (f'[sources.shop]\nsha256 = []\ntopics = ["{MOVES}"]', f"source shop: topics: {MOVES}"),
        (f'[sources.clientward]\nsha256 = []\ntopics = ["{PURCHASES}"]', "another name"),
        (f'[sources.shop]\nsha256 = []\ntopics = ["{PURCHASES}"]\nevents_per_second = 0', "events_per_second"),
        ("".join(f'[sources.{n}]\nsha256 = ["{"a" * 64}"]\ntopics = ["{PURCHASES}"]\n' for n in "ab"), "source b"),
    ],
)
def test_a_file_that_is_wrong_gets_one_line(tmp_path: Path, text: str, told: str) -> None:
    """It names the file, the source and what to write instead."""
    path = tmp_path / "intake.toml"
    path.write_text(text)
    with pytest.raises(KeysError, match=r"^\S*intake\.toml: [^\n]*$") as error:
        read_keys(path)
    assert told in str(error.value)


def test_a_new_key_is_its_own_and_found_by_its_hash(tmp_path: Path) -> None:
    """No two are alike, and the file holds only the hash."""
    key = new_key()
    path = tmp_path / "intake.toml"
    path.write_text(f'[sources.shop]\nsha256 = ["{hash_of(key)}"]\ntopics = ["{PURCHASES}"]\n')
    known = Keys(path).of(f"bearer {key}")
    assert known is not None
    assert known.name == "shop"
    assert key not in path.read_text()
    assert new_key() != key


def test_the_command_makes_keys_and_says_what_is_wrong(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """--new-key prints what goes into the file, and the key beside it; every mistake is one line with exit code 2."""
    assert run(["intake", "--new-key", "shop"]) == 0
    out, err = capfd.readouterr()
    (tmp_path / "intake.toml").write_text(out)
    assert Keys(tmp_path / "intake.toml").of(f"Bearer {err.split()[-1]}") is not None
    for wrong in (["intake"], ["intake", str(tmp_path / "none.toml")], ["intake", "--new-key", "A b"]):
        assert run(wrong) == 2
        assert capfd.readouterr().err.count("\n") == 1


async def test_the_page_of_the_documentation_is_true(tmp_path: Path) -> None:
    """Its file is one, its event is taken as it stands there, and its figures are the code's."""
    page = (Path(__file__).parents[2] / "docs" / "intake.md").read_text(encoding="utf-8")
    toml, hook = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (body,) = re.findall(r"-d '(.*?)'\n", page, re.DOTALL)
    (tmp_path / "page.toml").write_text(toml.replace("…64 hex digits…", hash_of(SHOP)))
    assert read_keys(tmp_path / "page.toml")[hash_of(SHOP)].source.events_per_second == 1000
    (tmp_path / "hook.toml").write_text(hook)
    (tmp_path / "cards.secret").write_text("whsec_of_the_page")
    (tmp_path / "cards.secret").chmod(0o600)
    assert read_hooks(tmp_path / "hook.toml")["cards"].secrets() == ["whsec_of_the_page"]
    answer = await House(tmp_path).post(body.encode())
    assert (answer.status, answer.json["id"]) == (202, "order-1001")
    assert f"more than {pages.BODY_BYTES // 10**6} MB or {MOST_EVENTS:,} events" in page
    assert f"more than {pages.BODY_SECONDS:g} s" in page
