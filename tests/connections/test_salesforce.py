"""Salesforce's accounts, against a stand-in that has the API's limits and errors, with decisions on a real Kafka."""

import pytest
from connecting import Bench
from decisions_support import decision
from salesforce_stand_in import CLIENT, SECRET, USED_UP, Salesforce, salesforce


@pytest.fixture
async def there(bench: Bench):
    """An organisation that the bench's programs know."""
    async with salesforce() as here:
        bench.environment |= {
            "SALESFORCE_URL": here.url,
            "SALESFORCE_CLIENT_ID": CLIENT,
            "SALESFORCE_CLIENT_SECRET": SECRET,
        }
        yield here


async def test_an_account_says_where_it_stands(bench: Bench, there: Salesforce) -> None:
    """The newest of a batch is set, the name is left alone, and who is not there is passed over or made, as is wanted."""
    there.add("acme", Name="Acme Ltd")
    first = decision("acme", "prospect", "customer")
    await bench.topics.decide(
        first, decision("acme", "customer", "client", why="They plan.", score=71.256), decision("new")
    )
    await bench.done("salesforce")
    assert there.of("acme") == {
        "Clientward_Id__c": "acme",
        "Name": "Acme Ltd",
        "Clientward_Standing__c": "client",
        "Clientward_Score__c": 71.26,
        "Clientward_Confidence__c": 0.75,
        "Clientward_Since__c": "2026-01-01T00:00:00+00:00",
        "Clientward_Reason__c": "They plan.",
    }
    assert (len(there.accounts), bench.refused()) == (1, [])
    await bench.topics.decide(decision("new", "customer", "candidate"))
    await bench.done("salesforce", "--create")
    assert (there.of("new")["Name"], there.of("new")["Clientward_Standing__c"]) == ("new", "candidate")


async def test_whom_we_erase_is_deleted_and_whom_we_merge_says_so(bench: Bench, there: Salesforce) -> None:
    """Emptied before it is deleted; one that cannot be deleted is written down; one that is not there is no matter."""
    for each in ("gone", "held", "twin"):
        there.add(each)
    there.with_cases.add("held")
    await bench.topics.decide(*(decision(each) for each in ("gone", "held", "twin", "strange")))
    await bench.done("salesforce")
    for account, event_id in (("gone", "erase-1"), ("held", "erase-2"), ("strange", "erase-3"), ("twin", "merge-4")):
        await bench.topics.state(account, None, event_id)
    await bench.done("salesforce", "--create")
    (gone,) = there.deleted
    assert {name for name, value in gone.items() if value is not None} == {"Clientward_Id__c", "Name"}
    assert there.of("held")["Clientward_Reason__c"] is None
    (refused,) = bench.refused()
    assert "DELETE_FAILED" in refused["reason"]
    assert there.of("twin")["Clientward_Reason__c"].startswith("merged into another account")
    assert there.of("twin")["Clientward_Standing__c"] is None
    assert len(there.accounts) == 2, "nobody is made in order to be emptied"


async def test_what_is_refused_of_one_record_holds_up_no_other(bench: Bench, there: Salesforce) -> None:
    """A rule's words are written down; a record that is locked is tried again."""
    accounts = [f"a{number}" for number in range(25)]
    there.locked["a3"] = 2
    await bench.topics.decide(*(decision(each, why="refuse this" if each == "a7" else "So.") for each in accounts))
    await bench.done("salesforce", "--create")
    assert sorted(each["Clientward_Id__c"] for each in there.accounts.values()) == sorted({*accounts} - {"a7"})
    (refused,) = bench.refused()
    assert (refused["account_id"], refused["event_id"]) == ("a7", "rc-a7-prospect-customer")
    assert refused["reason"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION: a rule of the organisation forbids it"


async def test_a_session_is_renewed_and_a_day_s_limit_left_for_another(bench: Bench, there: Salesforce) -> None:
    """An expired session is begun anew and the call made again; with the limit used up it ends, told to start later."""
    there.add("acme")
    await bench.topics.decide(decision("acme"))
    there.order(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
    await bench.done("salesforce")
    assert there.of("acme")["Clientward_Standing__c"] == "customer"
    await bench.topics.decide(decision("acme", "customer", "client"))
    there.order(403, USED_UP)
    ended = await bench.run("salesforce")
    assert (ended.code, "limit of calls is used up" in ended.errors) == (75, True)
    assert there.of("acme")["Clientward_Standing__c"] == "customer"
    await bench.done("salesforce")
    assert there.of("acme")["Clientward_Standing__c"] == "client"
    bench.environment["SALESFORCE_CLIENT_SECRET"] = "wrong"
    ended = await bench.run("salesforce")
    assert (ended.code, "invalid client credentials" in ended.errors) == (1, True)


async def test_killed_in_a_call_it_leaves_nobody_out(bench: Bench, there: Salesforce) -> None:
    """A backlog in full collections; killed when one was stored and not answered, it stores it again and goes on."""
    accounts = [f"a{number}" for number in range(450)]
    for each in accounts:
        there.add(each)
    await bench.topics.decide(*(decision(each, "candidate", "client") for each in accounts))
    await bench.killed("salesforce", gate=there)
    before = sum("Clientward_Standing__c" in each for each in there.accounts.values())
    assert 0 < before < len(accounts)
    await bench.done("salesforce")
    assert {each["Clientward_Standing__c"] for each in there.accounts.values()} == {"client"}
    assert sum(there.sizes) >= len(accounts) + before, "what was not known to be done was done again"
    assert len(there.sizes) <= 20, "in full collections, or as many as a fetch brings"
