"""The soak: what it publishes is judged as it expects, memory that grows is seen to grow, and a lost record is noticed."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.soak import page
from benchmarks.soak.feed import Feed, probe_share_at, scripts
from benchmarks.soak.holding import horizon
from benchmarks.soak.sampling import Sample, counts, percentiles
from benchmarks.soak.verdict import FLAT_MIB, checks, figures, line, worker_line
from relationship.contract.messages import MESSAGE_TYPES, PURCHASES, TICKETS
from relationship.contract.outcome import RECLASSIFIED, Applied, Delivered, Refused
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.timeline.history import KEPT
from streams.engine.metrics import Metrics
from streams.wire.codecs import Codec, Limits

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
RECORDS = 4_000
PROBES = 5
EXPECTED = {"applied": 90, "repeat": 7, "refused": 3}


class World:
    """The real codec and core, with no broker: what becomes of records, and which decisions they bring."""

    def __init__(self):
        self.verdicts = Counter()
        self.causes = set()
        self._codec, self._core = Codec(Limits()), Core(load_policy())
        self._records = {}
        self._offset = 0

    def fold(self, event, now):
        """Take a record as a worker would."""
        now_us = int(now.timestamp() * 1e6)
        self._offset += 1
        message = self._codec.decode(
            event.topic, event.key, event.value, now_us, offset=self._offset, timestamp_us=now_us
        )
        if isinstance(message, Refused):
            self.verdicts["refused"] += 1
            return
        outcome = self._core.step(
            message.account_id, self._records.get(event.key), [Delivered(event.topic, self._offset, message)], 0
        )
        self._records[event.key] = outcome.record
        (verdict,) = outcome.verdicts
        self.verdicts["applied" if isinstance(verdict, Applied) else type(verdict).__name__.lower()] += 1
        decisions = (json.loads(each.value) for each in outcome.sends if each.topic == RECLASSIFIED)
        self.causes |= {decision["caused_by"] for decision in decisions}


@pytest.fixture(scope="module")
def played():
    """A feed of which records were taken, all of them, and what the real core made of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.soak.feed.PROBES", PROBES)  # so few that each has many turns
        yield play()


def play():
    """Let a feed and the real core run through some records."""
    feed, world, fed = Feed(50, 4, seed=3), World(), []
    for number in range(RECORDS):
        now = START + timedelta(milliseconds=20 * number)
        fed.append(feed.next(now))
        world.fold(fed[-1].event, now)
    return feed, world, fed


def test_the_feed_knows_what_must_become_of_its_records(played):
    """The real core applies, recognises and refuses exactly as many records as the feed says that it must."""
    feed, world, _ = played
    assert world.verdicts == feed.expected
    assert min(feed.expected[name] for name in ("applied", "repeat", "refused")) > 0
    assert sum(feed.expected.values()) == RECORDS


@pytest.mark.parametrize(("rate", "share"), [(0, 0.02), (100, 0.02), (2_500, 0.02), (5_000, 0.01)])
def test_there_are_fifty_probes_a_second_at_most(rate, share):
    """A fiftieth of the records, up to 2,500 a second."""
    assert probe_share_at(rate) == share


def test_every_probe_brings_a_decision(played):
    """A probe's purchase, override and release each bring a decision that names it, so that latency can be measured."""
    _, world, fed = played
    probes = {each.probe for each in fed if each.probe}
    assert len(probes) > 50
    assert probes <= world.causes


def test_the_set_of_accounts_is_fixed(played):
    """However long it goes on, the feed has its accounts and its probes and no more, in all the topics of the intake."""
    _, _, fed = played
    keys = {each.event.key for each in fed}
    assert len(keys) <= 50 + PROBES
    assert len([key for key in keys if key.startswith(b"soak-")]) == 50
    assert {each.event.topic for each in fed} > {PURCHASES, TICKETS}
    assert {each.event.topic for each in fed} <= set(MESSAGE_TYPES)


def test_a_script_is_the_simulators():
    """A script tells what an account of the simulator does, and credits nobody else."""
    found = scripts(3)
    assert len(found) > 100
    assert all(topic in MESSAGE_TYPES and b"referred_by" not in rest for script in found for topic, rest in script)


def samples(growth=0.0, lost=0, lag=0):
    """Return ten minutes of a worker that jumps to 100 MiB in the first minutes and then grows by so much a minute."""
    found = []
    for number in range(121):
        minutes = number / 12
        worker = 60 + 40 * min(minutes, 3) / 3 + growth * max(0.0, minutes - 10 / 3)
        share = number / 120
        applied, repeats, refused = (int(share * EXPECTED[name]) for name in ("applied", "repeat", "refused"))
        found.append(
            Sample(
                minutes * 60, 100, applied, repeats, refused, 5, worker, 300, 50 + share, 0.5, 0.3, 0.1, 2, 9.0, 30.0
            )
        )
    found[-1] = found[-1]._replace(applied=EXPECTED["applied"] - lost, lag_events=lag)
    return found


def missed(found, held=None, answered=(4, 4)):
    """Return the texts of the checks that are missed."""
    return [check.text for check in checks(found, EXPECTED, held or EXPECTED, answered) if not check.met]


def test_a_line_is_found_again():
    """Slope and height of points on a line come back, with no error."""
    found = line([0.0, 60.0, 120.0], [5.0, 6.0, 7.0])
    assert found == pytest.approx((5.0, 10.0, 0.0))


def test_the_warm_up_is_no_growth():
    """A worker that fills its cache in the first third and stays so is flat, and a soak without faults passes."""
    assert worker_line(samples()).slope == pytest.approx(0.0)
    assert missed(samples()) == []


def test_a_leak_is_seen():
    """A worker that keeps a few bytes an event is not flat."""
    leak = samples(growth=1.5 * FLAT_MIB / 10)
    assert worker_line(leak).slope == pytest.approx(1.5 * FLAT_MIB)
    assert len(missed(leak)) == 1
    assert "in ten minutes" in missed(leak)[0]


@pytest.mark.parametrize(
    ("found", "held", "answered", "word"),
    [
        (samples(lost=1), None, (4, 4), "99 of 100 records"),
        (samples(lag=1), None, (4, 4), "lag is 1"),
        (samples(), {**EXPECTED, "applied": 91}, (4, 4), "91 applied"),
        (samples(), None, (3, 4), "3 of 4 probes"),
    ],
)
def test_what_is_lost_doubled_or_left_is_told(found, held, answered, word):
    """A record too few, one still waiting, one counted twice in Redis, and a decision that never came fail the soak."""
    assert any(word in text for text in missed(found, held, answered))


def test_figures_are_of_the_time_after_the_warm_up():
    """Redis's bytes for an event are the growth over the events folded after the warm-up."""
    found = figures(samples())
    assert found["worker_mib"] == pytest.approx(100.0)
    assert found["redis_bytes_per_event"] == pytest.approx(2**20 / 100, rel=0.05)


def test_the_workers_own_page_is_read():
    """Verdicts are added up over topics, and lags over partitions, from the page that a worker serves."""
    metrics = Metrics()
    metrics.folded({(PURCHASES, "applied"): 3, (TICKETS, "applied"): 4, (TICKETS, "repeat"): 1}, [])
    metrics.lag_events.labels(PURCHASES, 0).set(2)
    metrics.lag_events.labels(PURCHASES, 1).set(5)
    assert counts(metrics.text().decode()) == ({"applied": 7, "repeat": 1}, 7)


def test_percentiles_need_answers():
    """One answer gives no percentile; a hundred give the middle one and the second worst."""
    assert percentiles([0.1]) == (None, None)
    assert percentiles([each / 1000 for each in range(101)]) == pytest.approx((50.0, 99.0))


def test_an_account_is_bounded_by_its_horizon():
    """The largest record that an account comes to holds twice what is kept after a trim, and is a few dozen KiB."""
    found = horizon(scripts(3)[:2])
    assert found["facts_kept"] == 2 * KEPT
    assert 5_000 < found["record_bytes_at_horizon"] < 60_000


def test_a_section_is_replaced_and_the_rest_of_a_page_stays():
    """What stands between the marks is replaced, however often; without the marks nothing is written."""
    text = f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n"
    once = page.put(text, "new")
    assert page.put(once, "new") == once == f"before\n{page.BEGIN}\n\nnew\n{page.END}\nafter\n"
    with pytest.raises(ValueError, match="has no"):
        page.put("before", "new")


def test_the_docs_have_a_place_for_the_soak():
    """The page of the docs bears the marks, so that a run of half an hour can write its section."""
    text = page.PAGE.read_text()
    assert page.put(text, "x") != text


def test_the_soaks_kept_are_what_the_docs_say():
    """The docs' section is what their files give, each under its own rate, half an hour or more, with its graph."""
    kept = {path: json.loads(path.read_text()) for path in page.KEPT.glob("*.json")}
    assert kept
    assert page.put(page.PAGE.read_text(), page.sections(kept.values())) == page.PAGE.read_text()
    for path, results in kept.items():
        assert path == page.results_of(results["sizes"]["rate"])
        assert results["sizes"]["minutes"] >= 30
        assert page.graph_of(results["sizes"]["rate"]).exists()
