"""The table of rights: it agrees with the code that needs them, and what is printed of it is what is in it."""

import re
import shlex
from pathlib import Path

import pytest

from cli.main import run
from importing.mapping.mapping import TOPICS as MAPPED
from intake.keys import TOPICS as TAKEN
from readmodel.writing.writer import TOPICS as KEPT
from relationship.contract.messages import COMMANDS, MESSAGE_TYPES
from streams.config.settings import Settings
from streams.kafka.topics import topics_for
from streams.rights.kafka_acls import acls_of, lines_of
from streams.rights.parts import EVENTS, OWN, TOLD, parts
from streams.rights.redis_acl import set_user
from tools.rights import GENERATOR, PAGE

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(group="shop")
PARTS = parts(SETTINGS)


def test_the_tables_names_are_those_that_the_rooms_go_by() -> None:
    """What may come from outside, what is mapped, and what the read model keeps: a topic more there is one here."""
    assert {*EVENTS, COMMANDS} == set(TAKEN)
    assert set(EVENTS) == set(MAPPED.values())
    assert set(TOLD) == set(KEPT)
    assert {*EVENTS, COMMANDS, *OWN} == set(MESSAGE_TYPES)


def test_only_one_part_makes_topics_and_it_makes_all() -> None:
    """Nobody else may create, alter, or do anything with a topic that is not there."""
    made = {spec.name for spec in topics_for(SETTINGS)}
    for part in PARTS.values():
        names = {name for right in part.kafka if right.resource == "Topic" for name in right.names}
        operations = {each for right in part.kafka for each in right.operations}
        assert names - {"FOREIGN-TOPIC"} <= made
        assert (part.name == "topics") == bool(operations & {"Create", "AlterConfigs"})
        assert operations <= {"Read", "Write", "Create", "Describe", "DescribeConfigs", "AlterConfigs"}
    assert {name for right in PARTS["topics"].kafka for name in right.names} == made


def test_the_stores_page_says_the_workers_rights() -> None:
    """Its README is for any Faust app, and its tests run with that line; the worker's line has the same commands."""
    page = (ROOT / "packages" / "store" / "README.md").read_text(encoding="utf-8")
    line = re.search(r"^ACL SETUSER .*$", page, re.MULTILINE)
    assert line
    ours = set_user(PARTS["worker"], "store", since_7_2=True)
    assert ours is not None
    assert set(re.findall(r"\+\S+", line[0])) == set(re.findall(r"\+\S+", ours))


def test_every_line_says_what_the_table_says() -> None:
    """The words of kafka-acls.sh, read back, are the rights one by one."""
    for part in PARTS.values():
        lines = [line for line in lines_of(part, "User:CN=a b,O=Shop", "--bootstrap-server b:1") if line[0] != "#"]
        read = set()
        for line in lines:
            words = shlex.split(line)
            assert words[:6] == [
                "kafka-acls.sh",
                "--bootstrap-server",
                "b:1",
                "--add",
                "--allow-principal",
                "User:CN=a b,O=Shop",
            ]
            options = list(zip(words[6::2], words[7::2], strict=True))
            operations = [value for option, value in options if option == "--operation"]
            read |= {
                (option[2:].capitalize(), value, operation)
                for option, value in options
                if option != "--operation"
                for operation in operations
            }
        acls = list(acls_of(part, "User:x"))
        assert read == {(each.resource, each.name, each.operation) for each in acls}
        assert len(acls) == len(read)


def test_a_user_of_redis_has_one_pattern_and_no_dangerous_command() -> None:
    """The line begins from nothing; no part may look at all keys, at the configuration, or at other users."""
    for part in PARTS.values():
        line = set_user(part, "u")
        if part.redis is None:
            assert line is None
            continue
        assert line is not None
        assert line.startswith("ACL SETUSER u reset on >PASSWORD ~{shop-")
        assert " resetchannels -@all " in line
        assert not {"keys", "scan", "flushall", "flushdb", "config", "acl", "subscribe"} & set(part.redis.commands)
        assert "|" not in line  # what Redis knows since 7.2 alone
        assert f"{line} +client|setinfo" == set_user(part, "u", since_7_2=True)


def test_the_page_shows_the_table() -> None:
    """docs/security.md has what the generator makes of it now."""
    made = GENERATOR.files(PAGE)[PAGE]
    assert made == PAGE.read_bytes(), "run `python -m tools.rights`"
    assert b"`{GROUP-relationships:*`" in made


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A deployment of the group `shop`, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLIENTWARD_GROUP", "shop")


def test_the_command_prints_them_for_whoever_logs_in(capsys: pytest.CaptureFixture[str]) -> None:
    """With the deployment's names, an adapter's topic, a subscriber's group, and a certificate's subject."""
    asked = ("security", "kafka-acls", "--part", "adapter", "--part", "subscriber", "--name", "adapter=CN=a,O=Shop")
    assert run([*asked, "--adapter", "orders=shop.orders", "--group", "letters"]) == 0
    out = capsys.readouterr().out
    assert "--allow-principal User:CN=a,O=Shop --operation Read --operation DescribeConfigs --topic shop.orders" in out
    assert "--group shop-adapt-orders" in out
    assert "--allow-principal User:clientward-subscriber --operation Read --group letters" in out
    assert run(["security", "redis-acl", "--part", "deliver"]) == 0
    assert capsys.readouterr().out.startswith("ACL SETUSER clientward-deliver reset on >PASSWORD ~{shop-deliver}:* ")
    assert run(["security", "kafka-acls", "--table", "--part", "readmodel"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 11
    assert run(["security", "kafka-acls", "--json", "--part", "readmodel"]) == 0
    assert capsys.readouterr().out.count('"operation":"Read"') == 5


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--part", "nobody"], "there is no part 'nobody'; there are: topics, worker,"),
        (["--name", "worker"], "--name 'worker' is not PART=NAME"),
        (["--name", "nobody=x"], "there is no part 'nobody'"),
        (["--adapter", "orders"], "--adapter 'orders' is not NAME=TOPIC"),
    ],
)
def test_what_is_no_part_is_one_line(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong option is wrong use, and is told."""
    assert run(["security", "kafka-acls", *arguments]) in {1, 2}
    (line,) = capsys.readouterr().err.splitlines()
    assert text in line
