"""Dead letters sent again and given up, on a real Kafka and a real Redis beside a real worker."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from engine_support import Event, fresh_settings, published, purchase, running, send, settled
from live import plain_environment, run
from test_views import command

from actions import dead_letters
from actions.dead_letters import Moved, Run, discard, redrive
from actions.errors import InputError
from agents.worker import Worker
from relationship.contract.filters import AuditFilter
from relationship.contract.messages import PURCHASES
from relationship.contract.outcome import Reason
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.state.record import AccountRecord, decode
from streams.config.settings import Settings
from streams.health.table import read_record
from streams.wire.redriving import REDRIVEN, LetterFilter
from views.operations.audit import audit
from views.operations.refusals import refusals

NOW = datetime.now(UTC).replace(microsecond=0)
ALL = LetterFilter(settled=True)


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> Settings:
    """A deployment of this test alone, once the topics of the test before are gone."""
    return await fresh_settings(kafka_bootstrap, redis_url, group, tmp_path)


async def shop(settings: Settings) -> AccountRecord:
    """Return what Redis holds of the account."""
    return decode(await read_record(settings, "shop") or b"")


async def moved(worker: Worker, settings: Settings, **fields: Any) -> Moved:
    """Redrive what the fields say, and let the worker fold it."""
    found = await redrive(settings, Run(by="ops", why="mended", **fields))
    await settled(worker)
    return found


def only(reason: Reason) -> dict[str, Any]:
    """Return the fields of a run over one reason."""
    return {"wanted": LetterFilter(reason=reason)}


async def begun(settings: Settings, worker: Worker) -> None:
    """Have a late purchase and two broken records refused; of one, the account is erased afterwards."""
    broken: list[Event] = [(PURCHASES, "odd", b"{\xff"), (PURCHASES, "gone", b"{\xff")]
    await send(settings, [purchase(1, "shop", at=NOW)])
    await settled(worker)
    await send(settings, [purchase(2, "shop", at=NOW - timedelta(days=60)), purchase(3, "gone", at=NOW), *broken])
    await settled(worker)
    await send(settings, [command("gone", "erase")])
    await settled(worker)


async def test_what_was_refused_is_sent_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As it was, audited, later than the workers allow where it is asked; twice sent is a repeat."""
    async with running(settings, Core(load_policy())) as worker:
        await begun(settings, worker)
        erased = {"its account was erased since": 1}
        assert await moved(worker, settings, dry=True) == Moved(3, 2, erased)
        assert (await refusals(settings)).reasons == {Reason.DECODE: 2, Reason.LATE: 1}

        assert await moved(worker, settings, **only(Reason.LATE)) == Moved(1, 1, {})
        (again,) = (await refusals(settings, Reason.LATE)).newest
        assert (again.redriven, again.state) == (1, "open")
        assert (await refusals(settings, Reason.LATE, wanted=ALL)).total == 2
        sent = [record for record in await published(settings, PURCHASES) if b'"p2"' in record.value]
        assert len({(record.key, record.value) for record in sent}) == 1
        assert [len(record.headers) for record in sent] == [0, 1]

        await _interrupted(monkeypatch, settings)
        assert await moved(worker, settings, lateness_days=90, **only(Reason.LATE)) == Moved(1, 1, {})
        now = await shop(settings)
        assert (len(now.facts()), now.repeats) == (2, 1)
        assert (await refusals(settings, Reason.LATE)).total == 0

        assert await moved(worker, settings, rate=1000.0, **only(Reason.DECODE)) == Moved(2, 1, erased)
        await _audited(settings)
        await _discarded(settings, tmp_path)


async def _interrupted(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Break a redrive off when its records are stored and its note is not."""

    async def dies(_client: Any, _notes: Sequence[Any]) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(dead_letters, "write_notes", dies)
        with pytest.raises(KeyboardInterrupt):
            await redrive(settings, Run(by="ops", why="mended", lateness_days=90, **only(Reason.LATE)))


async def _audited(settings: Settings) -> None:
    log = await audit(settings, AuditFilter(action="dlq-redrive"))
    assert {entry.by for entry in log.entries} == {"ops"}
    assert [entry.detail for entry in log.entries][:3] == [
        "1 dead letters (1 LATE): mended",
        *["1 dead letters (1 LATE), up to 90 days late: mended"] * 2,
    ]
    assert log.total == 4


async def _discarded(settings: Settings, folder: Path) -> None:
    """Give the rest up by the command line; without a name, nothing is done."""
    with pytest.raises(InputError, match="say by whom"):
        await discard(settings, Run(by="", why="never"))
    environment = plain_environment(
        CLIENTWARD_KAFKA_BOOTSTRAP=settings.kafka_bootstrap, CLIENTWARD_PARTITIONS=str(settings.partitions)
    )
    shown = await run("dlq", "show", "--reason", "decode", "-n", "1", folder=folder, environment=environment)
    place = shown.lines[0].split()[0].decode()
    assert shown.lines[0].endswith(b"DECODE, redriven 1x before")
    assert b"  value    {\\xff" in shown.lines
    ended = await run(
        *("dlq", "discard", place, "--by", "ops", "--why", "junk", "--json"), folder=folder, environment=environment
    )
    assert (ended.code, msgspec.json.decode(ended.out)) == (0, {"chosen": 1, "done": 1, "left": {}})
    assert [each.state for each in (await refusals(settings, wanted=ALL)).newest].count("discarded") == 1
    assert (await refusals(settings)).reasons == {Reason.DECODE: 1}
    assert (await audit(settings, AuditFilter(action="dlq-discard"))).entries[
        0
    ].detail == "1 dead letters (1 DECODE): junk"


async def test_a_redrive_keeps_to_its_rate(settings: Settings, tmp_path: Path) -> None:
    """`--rate 1`: of three letters each stands in Kafka a second after the one before, by the broker's own clock."""
    async with running(settings, Core(load_policy())) as worker:
        await send(settings, [(PURCHASES, f"odd-{number}", b"{\xff") for number in range(3)])
        await settled(worker)
        environment = plain_environment(
            CLIENTWARD_KAFKA_BOOTSTRAP=settings.kafka_bootstrap, CLIENTWARD_PARTITIONS=str(settings.partitions)
        )
        again = ("dlq", "redrive", "--by", "ops", "--why", "mended", "--json")
        ended = await run(*again, "--rate", "1", folder=tmp_path, environment=environment)
        assert (ended.code, msgspec.json.decode(ended.out)) == (0, {"chosen": 3, "done": 3, "left": {}})
        sent = [record for record in await published(settings, PURCHASES) if dict(record.headers).get(REDRIVEN)]
        times = sorted(record.timestamp for record in sent)
        assert len(times) == 3
        assert all(later - earlier >= 900 for earlier, later in pairwise(times))  # ms; Kafka notes whole ones
