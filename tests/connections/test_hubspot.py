"""HubSpot's companies, against a stand-in that has the API's limits and errors, with decisions on a real Kafka."""

import pytest
from connecting import Bench
from decisions_support import decision
from hubspot_stand_in import DAILY, SECONDLY, TOKEN, HubSpot, hubspot

UPSERT = "POST /crm/v3/objects/companies/batch/upsert"


@pytest.fixture
async def there(bench: Bench):
    """A HubSpot account that the bench's programs know."""
    async with hubspot() as here:
        bench.environment |= {"HUBSPOT_TOKEN": TOKEN, "HUBSPOT_URL": here.url}
        yield here


async def test_a_company_says_where_it_stands_and_its_stage_follows_both_ways(bench: Bench, there: HubSpot) -> None:
    """Properties are made once; a stage goes forward, and back by being emptied first; who is not there is passed over."""
    await bench.done("hubspot")
    assert there.properties["clientward_account"]["hasUniqueValue"]
    there.add(clientward_account="acme", name="Acme Ltd", lifecyclestage="lead")
    there.add(clientward_account="sold", name="Sold Ltd", lifecyclestage="opportunity")
    up = decision("acme", "candidate", "client", why="They plan with us.", score=71.25)
    await bench.topics.decide(up, decision("sold", "customer", "prospect"), decision("strange"))
    await bench.done("hubspot")
    assert there.of("acme") == {
        "name": "Acme Ltd",
        "lifecyclestage": "evangelist",
        "clientward_account": "acme",
        "clientward_standing": "client",
        "clientward_score": "71.25",
        "clientward_confidence": "0.75",
        "clientward_since": "2026-01-01T00:00:00+00:00",
        "clientward_reason": "They plan with us.",
    }
    assert there.of("sold")["lifecyclestage"] == "opportunity", "a prospect's stage is for sales to say"
    assert len(there.companies) == 2

    calls = there.calls.count(UPSERT)
    await bench.topics.decide(decision("acme", "client", "customer"))
    await bench.done("hubspot")
    assert there.of("acme")["lifecyclestage"] == "customer"
    assert there.calls.count(UPSERT) == calls + 2, "emptied, and then set"
    await bench.topics.decide(decision("new", why="Why not."))
    await bench.done("hubspot", "--create")
    assert there.of("new")["name"] == "new"


async def test_whom_we_erase_is_archived_and_whom_we_merge_says_so(bench: Bench, there: HubSpot) -> None:
    """Of the erased nothing of ours is left in the archive; one that comes back is set anew, also within one batch."""
    await bench.done("hubspot")
    for each in ("gone", "twin", "back"):
        there.add(clientward_account=each, name=each)
    await bench.topics.decide(*(decision(each) for each in ("gone", "twin", "back")))
    await bench.done("hubspot")
    for account, event_id in (("gone", "erase-1"), ("twin", "merge-2"), ("back", "erase-3")):
        await bench.topics.state(account, None, event_id)
    await bench.topics.decide(decision("back", "customer", "client"))
    await bench.done("hubspot", "--create")
    assert {each["name"] for each in there.archived} == {"gone", "back"}
    assert not any("clientward_standing" in each or "clientward_reason" in each for each in there.archived)
    assert there.of("twin")["clientward_reason"].startswith("merged into another account")
    assert "clientward_standing" not in there.of("twin")
    assert there.of("back")["clientward_standing"] == "client"


@pytest.mark.parametrize("is_partial", [True, False])
async def test_what_is_refused_of_one_company_holds_up_no_other(bench: Bench, there: HubSpot, is_partial: bool) -> None:
    """Told beside the results or for the batch as a whole, the one at fault is found and written down."""
    there.is_partial = is_partial
    await bench.topics.decide(*(decision(f"a{n}", why="refuse this" if n == 7 else "So.") for n in range(25)))
    await bench.done("hubspot", "--create")
    assert len(there.companies) == 24
    (refused,) = bench.refused()
    assert (refused["account_id"], refused["event_id"]) == ("a7", "rc-a7-prospect-customer")
    assert refused["reason"] == "a rule of the portal forbids it"


async def test_limits_are_waited_for_or_left_for_another_day(bench: Bench, there: HubSpot) -> None:
    """Those of ten seconds are; with a day's used up it ends, told to start later, and what it owes is done then."""
    await bench.topics.decide(decision("acme"))
    there.order(429, SECONDLY)
    there.order(502, {})
    ended = await bench.run("hubspot", "--create")
    assert (ended.code, ended.errors.count("again in")) == (0, 2)
    await bench.topics.decide(decision("acme", "customer", "client"))
    there.order(200, {"results": [*there.properties.values()]})
    there.order(429, DAILY)
    ended = await bench.run("hubspot", "--create")
    assert ended.code == 75
    assert "limit of calls is used up" in ended.errors
    assert there.of("acme")["clientward_standing"] == "customer"
    await bench.done("hubspot", "--create")
    assert there.of("acme")["clientward_standing"] == "client"
    await bench.topics.decide(decision("acme", "client", "customer"))
    there.order(200, {"results": [*there.properties.values()]})
    there.order(403, {"status": "error", "message": "This app hasn't been granted all required scopes"})
    ended = await bench.run("hubspot")
    assert (ended.code, ended.errors.count("\n")) == (1, 1), ended.errors
    assert "granted all required scopes" in ended.errors


async def test_killed_between_two_calls_it_leaves_nobody_out(bench: Bench, there: HubSpot) -> None:
    """A backlog in full batches; killed when a stage is emptied and not yet set, it comes back and sets it."""
    accounts = [f"a{number}" for number in range(250)]
    await bench.topics.decide(*(decision(each, "candidate", "client") for each in accounts))
    await bench.done("hubspot", "--create")
    assert len(there.sizes) <= 20, "a read and a write for each hundred, or for as many as a fetch brings"
    await bench.topics.decide(*(decision(each, "client", "customer") for each in accounts))
    await bench.killed("hubspot", gate=there, after=2)  # the properties, a read, and the stages emptied
    assert "lifecyclestage" not in there.of(next(e for e in accounts if "lifecyclestage" not in there.of(e)))
    await bench.done("hubspot")
    assert {(c["clientward_standing"], c["lifecyclestage"]) for c in there.companies.values()} == {
        ("customer", "customer")
    }
