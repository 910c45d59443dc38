"""The e-mail platform at scale: by batches, through a kill in a call, and with a contact that it does not take."""

import ast
import math

from connecting import SUBSCRIBERS, Bench
from decisions_support import decision
from mail_stand_in import AUDIENCE, KEY, Platform, platform

from relationship.classify import plays

CALLS_A_BATCH = 1 + 13  # the members, and each tag


def told_to(bench: Bench, there: Platform, accounts: list[str]) -> None:
    """Let a bench's programs know the platform, and the accounts' addresses."""
    lines = ["account_id,email", *(f"{each},{each}@firm.example" for each in accounts)]
    (bench.folder / "emails.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    bench.environment |= {"MAILCHIMP_API_KEY": KEY, "MAILCHIMP_LIST": AUDIENCE, "MAILCHIMP_URL": there.url}


def test_every_play_has_its_tag() -> None:
    """The program's plays are those that the product decides for."""
    tree = ast.parse((SUBSCRIBERS / "email_platform.py").read_text(encoding="utf-8"))
    (found,) = [
        ast.literal_eval(each.value)
        for each in tree.body
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "PLAYS"
    ]
    wanted = [*plays.PLAYS.values(), *plays.WIN_BACK.values(), plays.WELCOME, plays.LET_GO]
    assert {*found} == {each.name for each in wanted}


async def test_a_backlog_is_worked_off_in_few_calls_and_through_a_kill(bench: Bench) -> None:
    """A thousand accounts take some calls for each five hundred; killed in one of them, it goes on and leaves nobody out."""
    accounts = [f"a{number}" for number in range(1000)]
    await bench.topics.decide(*(decision(each) for each in accounts))
    async with platform() as there:
        told_to(bench, there, accounts)
        await bench.done("email_platform", "emails.csv")
        assert len(there.members) == len(accounts)
        assert {frozenset(there.tags(member["email"])) for member in there.members.values()} == {
            frozenset({"status: customer", "play: court"})
        }
        calls = len(there.calls) - 14  # the tags were looked up and made
        assert calls <= CALLS_A_BATCH * math.ceil(len(accounts) / 200), "500 a call, or as many as a fetch brings"

        await bench.topics.decide(*(decision(each, "customer", "client") for each in accounts))
        await bench.killed("email_platform", "emails.csv", gate=there, after=5)
        await bench.done("email_platform", "emails.csv")
        assert {frozenset(there.tags(member["email"])) for member in there.members.values()} == {
            frozenset({"status: client", "play: court"})
        }


async def test_a_contact_that_is_not_taken_is_written_down(bench: Bench) -> None:
    """The platform's reason stands in refused.jsonl without the address, and the others are in step."""
    await bench.topics.decide(decision("fake"), decision("good"))
    async with platform() as there:
        told_to(bench, there, ["good"])
        with (bench.folder / "emails.csv").open("a", encoding="utf-8") as file:
            file.write("fake,someone@example.com\n")
        await bench.done("email_platform", "emails.csv")
        assert there.tags("good@firm.example") == {"status: customer", "play: court"}
        (refused,) = bench.refused()
        assert (refused["account_id"], refused["reason"]) == ("fake", "ERROR_GENERIC")
        assert refused["event_id"] == "rc-fake-prospect-customer"
