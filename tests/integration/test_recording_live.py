"""What the topics got in a week is sampled from all over it, and told against the policy in force."""

import time
from pathlib import Path

import msgspec
from engine_support import make_settings, send
from story import meeting, purchase, ticket

from relationship.contract.messages import MEETINGS, PURCHASES
from streams.kafka.reading import read_since
from views.base.recording import how_recorded

DAY_MS = 86_400_000


async def test_a_week_is_counted_whole_and_looked_at_in_part(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Each record once, from the beginning of the time to its end; what was stored before it is not there."""
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    told = [purchase(1, f"p{n}", f"a{n % 9}") for n in range(400)] + [
        meeting(2, f"m{n}", "a", outcome_met=True) for n in range(40)
    ]
    told += [ticket(3, f"t{n}", "a") for n in range(8)]
    await send(settings, [(topic, each.account_id, msgspec.json.encode(each)) for topic, each in told])
    since = int(time.time() * 1_000) - 7 * DAY_MS
    found = await read_since(settings, (PURCHASES, MEETINGS), since, 100)
    assert {topic: each.records for topic, each in found.items()} == {PURCHASES: 400, MEETINGS: 40}
    places = [(each.partition, each.offset) for each in found[PURCHASES].sample]
    assert len(places) == len(set(places))
    assert 100 <= len(places) < 150
    ends = {number: max(at for n, at in places if n == number) for number, _ in places}
    begins = {number: min(at for n, at in places if n == number) for number, _ in places}
    assert all(begins[number] == 0 for number in begins)
    assert any(ends[number] > 40 for number in ends)
    assert len(found[MEETINGS].sample) == 40
    later = await read_since(settings, (PURCHASES,), since + 8 * DAY_MS, 100)
    assert (later[PURCHASES].records, later[PURCHASES].sample) == (0, [])
    view = await how_recorded(settings)
    assert view.events == {"purchase": 400, "meeting": 40, "ticket": 8, "profile": 0}
    assert (view.calibrated, view.refused, view.looked_at["purchase"]) == (False, 0, 400)
    (met,) = [each for each in view.fields if each.field == "outcome_met" and each.type == "meeting"]
    assert (met.now, met.verdict) == (1.0, "unknown")
