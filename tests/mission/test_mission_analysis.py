"""States and reclassifications as Parquet files, from a real worker's topics."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from aiokafka import AIOKafkaProducer
from engine_support import make_settings, published, running, send, settled
from live import plain_environment, run
from story import command, courtship, purchase

from cli.main import run as clientward
from relationship.contract.messages import COMMANDS
from relationship.contract.outcome import RECLASSIFIED, STATE
from relationship.core import Core
from relationship.policy.compiled import load_policy
from views.base.parquet import ROWS, STATES, written


@pytest.mark.row("system: analytics, files")
async def test_states_and_reclassifications_are_files_for_analysis(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Row for row what the topics hold, typed; a decision sent twice is one row, and what was erased is none."""
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    told = [(topic, msgspec.structs.replace(each, account_id=name)) for name in "ab" for topic, each in courtship()]
    told += [purchase(day, f"c{day}", account="c") for day in (1, 2)]
    told += [command(161, "erase", account=name) for name in "bc"]
    told += [purchase(162, "again", account="c")]
    shift = datetime.now(UTC) - told[-1][1].occurred_at
    told = [(topic, msgspec.structs.replace(each, occurred_at=each.occurred_at + shift)) for topic, each in told]
    async with running(settings, Core(load_policy())) as worker:
        for topic, each in told:
            if topic == COMMANDS:  # of what is erased before it is folded, nothing is decided at all
                await settled(worker)
            await send(settings, [(topic, each.account_id, msgspec.json.encode(each))])
        await settled(worker)
    decisions = [record for record in await published(settings, RECLASSIFIED) if record.key != b"b"]
    (_, again) = [record for record in decisions if record.key == b"c"]
    decisions = [record for record in decisions if record.key == b"a"] + [again]
    await send_again(settings, decisions[0])
    states = {
        r.key: json.loads(r.value) for r in await published(settings, STATE) if r.value is not None and r.key != b"b"
    }
    environment = plain_environment(
        CLIENTWARD_KAFKA_BOOTSTRAP=kafka_bootstrap,
        CLIENTWARD_GROUP=group,
        CLIENTWARD_PARTITIONS=str(settings.partitions),
    )
    for what, count in (("states", 2), ("reclassifications", len(decisions))):
        ended = await run("export", what, f"{what}.parquet", folder=tmp_path, environment=environment)
        assert (ended.code, ended.lines) == (0, [f"{what}.parquet: {count} {what}".encode()]), ended
    assert files(tmp_path) == {"reclassifications.parquet", "states.parquet"}

    rows = {row["account_id"]: row for row in pq.read_table(tmp_path / "states.parquet").to_pylist()}
    assert rows.keys() == {"a", "c"}
    for account, row in rows.items():
        state = states[account.encode()]
        assert (row["status"], row["score"], row["play"]) == (state["status"], state["score"], state["play"])
        assert row["since"] == datetime.fromisoformat(state["since"])
        assert (row["industry"], row["policy_version"]) == (state["segment"]["industry"], "1")

    table = pq.read_table(tmp_path / "reclassifications.parquet")
    wanted = {each["event_id"]: each for each in (json.loads(record.value) for record in decisions)}
    assert sorted(table["event_id"].to_pylist()) == sorted(wanted)
    for row in table.to_pylist():
        decision = wanted[row["event_id"]]
        assert (row["from"], row["to"], row["why"]) == (decision["from"], decision["to"], decision["why"])
        assert row["effective_at"] == datetime.fromisoformat(decision["effective_at"])
        assert row["dimensions"] == decision["dimensions"]
        assert row["play"] == decision["play"]["name"]
        assert round(sum(part["contribution"] for part in row["dimensions"]), 2) == row["score"]


def files(folder):
    """Return the names of the Parquet files and drafts in a folder."""
    return {path.name for path in folder.glob("*parquet*")}


async def send_again(settings, record):
    """Publish a decision a second time, as a worker does that was killed before it could note that it is sent."""
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers) as producer:
        await producer.send_and_wait(
            record.topic, record.value, record.key, record.partition, headers=list(record.headers)
        )


@pytest.mark.row("system: analytics, files")
async def test_a_large_export_is_written_in_pieces(tmp_path: Path) -> None:
    """Row groups of a bounded size, and nothing lost between two of them."""
    moment = {"since": "2026-01-01T00:00:00Z", "as_of": "2026-01-02T00:00:00.000001Z", "held_until": None}
    segment = {"industry": "law", "party": None, "scope": "external", "market": None, "standing": "new"}
    fixed = {"status": "client", "score": 60.5, "confidence": 0.5, "segment": segment, "play": "keep", **moment}
    fixed |= {"policy": {"id": "p", "version": "1"}, "transition_seq": 1}

    async def values():
        for i in range(ROWS + 5):
            yield json.dumps({"account_id": f"a{i}", **fixed}).encode()

    file = tmp_path / "states.parquet"
    assert await written(file, STATES, values()) == ROWS + 5
    groups = pq.ParquetFile(file).metadata
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [ROWS, 5]
    assert len(set(pq.read_table(file)["account_id"].to_pylist())) == ROWS + 5
    as_of = pq.read_table(file)["as_of"][0].as_py()
    assert as_of - datetime(2026, 1, 2, tzinfo=UTC) == timedelta(microseconds=1)


@pytest.mark.row("system: analytics, files")
async def test_an_export_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """What cannot be read to its end replaces nothing, and leaves no draft behind."""
    file = tmp_path / "states.parquet"
    file.write_bytes(b"old")

    async def values():
        yield b"{"

    with pytest.raises(msgspec.DecodeError):
        await written(file, STATES, values())
    assert files(tmp_path) == {"states.parquet"}
    assert file.read_bytes() == b"old"


def test_without_pyarrow_it_says_what_to_install(monkeypatch, capsys) -> None:
    """One line, and no file."""
    monkeypatch.setattr("cli.look.export.find_spec", lambda _: None)
    assert clientward(["export", "states", "x.parquet"]) == 1
    assert capsys.readouterr().err == (
        "clientward: Parquet needs pyarrow, which is not installed: pip install 'clientward[analysis]'\n"
    )
    assert "pyarrow" not in {name for name in sys.modules if name.startswith("streams")}
