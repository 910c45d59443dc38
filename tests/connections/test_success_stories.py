"""Whose success story could be told: long, good clients who have agreed, and of all others why not."""

import json
from typing import Any

import pytest
from client_support import state_of
from connecting import Bench

PROGRAM = ("success_stories", "consents.csv", "--today", "2027-06-01")


async def told(bench: Bench, consents: str, **states: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], str]:
    """Let accounts stand so, and return what is said of each, and on stderr."""
    for account, changed in states.items():
        await bench.topics.state(account, state_of(account) | {"since": "2026-01-01T00:00:00Z", **changed})
    (bench.folder / "consents.csv").write_text(f"account_id,given_on,until\n{consents}", encoding="utf-8")
    process = await bench.start(*PROGRAM)
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    lines = [json.loads(line) for line in out.splitlines()]
    return {each["account_id"]: each for each in lines}, errors.decode()


async def test_a_candidate_is_a_long_good_client_who_has_agreed(bench: Bench) -> None:
    """One thing against it is enough, each is named, and so is what speaks for it."""
    agreed = "".join(f"{each},2027-01-01,\n" for each in ("good", "young", "weak", "unsure", "held", "buyer"))
    found, errors = await told(
        bench,
        agreed + "over,2026-01-01,2027-05-31\nsoon,2027-06-02,\ngone,2027-01-01,\n",
        good={},
        young={"since": "2026-09-01T00:00:00Z"},
        weak={"score": 59.9},
        unsure={"confidence": 0.79},
        held={"held_until": "2028-01-01T00:00:00Z"},
        buyer={"status": "customer"},
        over={},
        soon={},
        silent={},
        stranger={"status": "customer"},
    )
    assert [account for account, each in found.items() if each["candidate"]] == ["good"]
    assert found["good"]["against"] == []
    assert len(found["good"]["for"]) == 4
    assert {account: each["against"] for account, each in found.items() if account != "good"} == {
        "young": ["a client for 0.7 years, since 2026-09-01; 1 are wanted"],
        "weak": ["scores 59.9; 60 are wanted"],
        "unsure": ["is judged with a confidence of 0.79; 0.8 is wanted"],
        "held": ["is held there by a person until 2028-01-01, whatever the evidence"],
        "buyer": ["is a customer, and no client"],
        "over": ["agreed until 2027-05-31: ask again"],
        "soon": ["agrees from 2027-06-02 on"],
        "silent": ["has not agreed to be named: ask"],
    }
    assert errors.startswith("gone: agreed, and is not there")
    await bench.topics.state("good", None, "erase-1")
    found, errors = await told(bench, agreed)
    assert "good" not in found
    assert "good: agreed, and is not there" in errors


@pytest.mark.parametrize("line", ["a,soon,\n", "a\n", "a,2027-01-01,x\n"])
async def test_a_consent_that_cannot_be_read_is_told_by_its_line(bench: Bench, line: str) -> None:
    """Nobody is taken to have agreed by a line that says something else: nothing is told."""
    (bench.folder / "consents.csv").write_text(f"account_id,given_on,until\n{line}", encoding="utf-8")
    process = await bench.start(*PROGRAM)
    out, errors = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert "consents.csv: line 2" in errors.decode()
