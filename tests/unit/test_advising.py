"""What a chat agent is told of an account, who may ask, and what is said where nothing is known. No server."""

from pathlib import Path

import msgspec
import pytest
from mcp import Client
from starlette.testclient import TestClient
from story import courtship, fold, profile, purchase

from advising.advice import UNSURE, Advice, advice_of, nothing_known
from advising.app import make_app
from advising.keys import Keys, KeysError, new_key, read_keys
from advising.tool import look_in, make_server
from relationship.classify.plays import CLIENT, PLAYS
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings
from views.accounts.account import AccountView, account_view
from views.errors import InputError, ServerError, ServerUnavailableError


def view_of(*told) -> AccountView:
    """Return the view of an account with this history."""
    replay, _ = fold(told)
    return account_view("a", replay.records["a"], load_policy())


def test_a_client_is_spoken_to_as_its_play_says() -> None:
    """Standing, confidence and why are the account's; what to do and to leave is its play's, and no goal is told."""
    view = view_of(*courtship(), profile(161, goals="to sell the firm", account_manager="Ann"))
    advice = advice_of(view)
    assert (advice.known, advice.standing, advice.score) == (True, "client", view.state.score)
    assert (advice.confidence, advice.why, advice.what_next) == (view.state.confidence, view.why, view.what_next)
    assert (advice.play, advice.do, advice.do_not) == ("keep", PLAYS[CLIENT].actions, PLAYS[CLIENT].stop)
    assert all(
        part in advice.summary for part in ("It is a client.", view.why, "self-serve deflection of its questions")
    )
    assert not any(text in msgspec.json.encode(advice).decode() for text in ("sell the firm", "Ann"))
    assert any("score" in each for each in advice.do_not_say)


def test_a_standing_that_is_not_sure_is_told_as_such() -> None:
    """Below the mark it is probable, at the mark it is told plainly."""
    view = view_of(purchase(1))

    def with_confidence(confidence: float) -> Advice:
        return advice_of(
            msgspec.structs.replace(view, state=msgspec.structs.replace(view.state, confidence=confidence))
        )

    assert with_confidence(UNSURE - 0.01).summary.startswith("It is probably a customer (take care")
    assert with_confidence(UNSURE - 0.01).unsure is True
    assert with_confidence(UNSURE).summary.startswith("It is a customer. ")


def test_of_an_unknown_account_nothing_is_made_up() -> None:
    """No standing, no play, and a sentence that says so; an erased one is told no differently."""
    advice = nothing_known("x")
    assert (advice.known, advice.standing, advice.play, advice.do) == (False, None, None, [])
    assert "has no events, or it was erased" in advice.summary


async def look(account_id: str) -> Advice:
    """Look at one account that is there, one that is not, and one that a server is too far away for."""
    if account_id == "away":
        raise ServerUnavailableError("Redis cannot be reached")
    return advice_of(view_of(*courtship())) if account_id == "a" else nothing_known(account_id)


async def test_the_tool_reads_and_says_so() -> None:
    """The library's own client finds one tool that is read-only, and gets the advice structured and as text."""
    async with Client(make_server(look, "1")) as client:
        (tool,) = (await client.list_tools()).tools
        assert (tool.name, tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (
            "who_is_this_account",
            True,
            False,
        )
        assert tool.input_schema["required"] == ["account_id"]
        told = await client.call_tool("who_is_this_account", {"account_id": "a"})
        assert msgspec.convert(told.structured_content, Advice) == await look("a")
        assert '"standing": "client"' in told.content[0].text
        unknown = await client.call_tool("who_is_this_account", {"account_id": "x"})
        assert (unknown.is_error, unknown.structured_content["known"]) == (False, False)
        away = await client.call_tool("who_is_this_account", {"account_id": "away"})
        assert (away.is_error, "Redis cannot be reached" in away.content[0].text) == (True, True)


@pytest.mark.parametrize("account", ["a", "", "x" * 256])
async def test_why_an_account_cannot_be_read_is_for_our_log(account: str) -> None:
    """An agent, which may repeat what it hears, is told neither a server's name nor its address; an id is checked first."""
    look_there = look_in(Settings(redis_url="redis://user:secret@127.0.0.1:1"))
    with pytest.raises(ServerError if account == "a" else InputError) as told:
        await look_there(account)
    assert not any(word in str(told.value) for word in ("127.0.0.1", "secret", "Redis"))


def test_by_http_only_who_has_a_key_is_answered(tmp_path: Path) -> None:
    """Without a known key everything is 401, the protocol too; a key that is taken out of the file is one no more."""
    key, line = new_key("chat")
    file = tmp_path / "keys"
    file.write_text(f"# of the shop\n{line}\n", encoding="utf-8")
    with TestClient(make_app(look, make_server(look, "1"), Keys(file))) as client:
        assert client.get("/livez").status_code == 200
        for headers in ({}, {"Authorization": "Bearer cwa_wrong"}, {"Authorization": f"Basic {key}"}):
            assert client.get("/advice", params={"account": "a"}, headers=headers).status_code == 401
            assert client.post("/mcp", json={}, headers=headers).status_code == 401
        client.headers["Authorization"] = f"Bearer {key}"
        known = client.get("/advice", params={"account": "a"})
        assert (known.status_code, known.json()["standing"]) == (200, "client")
        unknown = client.get("/advice", params={"account": "x/y?"})
        assert (unknown.status_code, unknown.json()["known"], unknown.json()["account_id"]) == (404, False, "x/y?")
        assert client.get("/advice").status_code == 400
        assert client.get("/advice", params={"account": "away"}).status_code == 503
        assert client.post("/advice", params={"account": "a"}).status_code == 405
        file.write_text(new_key("other")[1] + "\n", encoding="utf-8")
        assert client.get("/advice", params={"account": "a"}).status_code == 401


@pytest.mark.parametrize(
    ("text", "words"), [("", "no key is in it"), ("chat 123\n", "line 1"), ("CHAT " + 64 * "0", "line 1")]
)
def test_a_file_of_keys_that_cannot_be_followed_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """The line names file and place; a name for a key has its letters too."""
    file = tmp_path / "keys"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(KeysError, match=words):
        read_keys(file)
    with pytest.raises(KeysError, match="lower-case letters"):
        new_key("No Name")
