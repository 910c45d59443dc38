"""Past one machine: the simulation's parts agree with theory, with the real partitioner, with Redis and with Faust."""

import json
from math import exp, log
from random import Random
from statistics import mean, pstdev

import pytest
from faust.assignor.partition_assignor import PartitionAssignor
from redis.crc import key_slot

from benchmarks.report import RESULTS
from benchmarks.scaling import keys, metadata, model, queues, rebalances, tables
from benchmarks.scaling.__main__ import PAGE
from benchmarks.scaling.measuring import MEASURED
from clientward_store.keys import keys_of
from streams.engine.app import SESSION_SECONDS
from streams.kafka.partitioning import partition_of_key

NAMES = [f"w{number}" for number in range(6)]
PAUSES = rebalances.Pauses(rebalance=2.0, session=6.0, restart=3.0)


@pytest.mark.parametrize("exponent", [0.6, 0.8, 0.999, 1.6])
def test_the_tail_of_a_ranking_is_summed_right(exponent):
    """The formula for a sum of powers gives what adding them up gives."""
    assert keys.power_sum(1_001, 50_000, exponent) == pytest.approx(
        sum(k**-exponent for k in range(1_001, 50_001)), rel=1e-9
    )
    assert keys.power_sum(10, 9, exponent) == 0.0


def test_partitions_are_the_real_partitioners():
    """With every account hashed, a partition's share is the sum of its accounts', by the partitioner of the product."""
    found = keys.loads(500, 0.8, 7, Random(1))
    weights = {rank: rank**-0.8 for rank in range(1, 501)}
    for partition in range(7):
        own = sum(w for rank, w in weights.items() if partition_of_key(keys.account_key(rank), 7) == partition)
        assert found.shares[partition] == pytest.approx(own / sum(weights.values()))
    assert found.partition == partition_of_key(keys.account_key(1), 7)
    assert found.largest == pytest.approx(1 / sum(weights.values()))


def test_a_tail_that_is_drawn_is_as_uneven_as_one_that_is_hashed():
    """Drawing the tail of the ranking instead of hashing it changes neither the total nor how uneven partitions are."""
    hashed = keys.loads(60_000, 0.6, 200, Random(1), head=60_000)
    drawn = keys.loads(60_000, 0.6, 200, Random(1), head=3_000)
    assert sum(drawn.shares) == pytest.approx(1.0)
    assert drawn.largest == pytest.approx(hashed.largest)
    assert pstdev(drawn.shares) == pytest.approx(pstdev(hashed.shares), rel=0.1)


def test_slots_are_redis_own():
    """A partition's master is that of the slot that Redis gives each of its keys, with slots dealt as redis-cli does."""
    for partition, master in enumerate(keys.masters_of("clientward-relationships", 50, 3)):
        slots = {key_slot(name.encode()) for name in keys_of("clientward-relationships", partition)}
        (slot,) = slots
        assert master == (0 if slot <= 5_460 else 1 if slot <= 10_922 else 2)  # as every Redis Cluster of three has it
    assert keys.last_slots(3) == [5_460, 10_922, 16_383]
    assert sum(keys.by_master("clientward-relationships", [0.02] * 50, 3)) == pytest.approx(1.0)


def single(rate, cost, seconds=4_000.0):
    """Return the waits of one partition served record by record."""
    coming = queues.arrivals([rate], seconds, Random(7))
    return queues.serve(coming, 1, 1, lambda *_: cost())


def test_a_queue_of_steady_service_is_that_of_theory():
    """Served one by one in a fixed time, records wait as in M/D/1: service and half the load's share of the queue."""
    found = single(8.0, lambda: 0.1)
    assert found.busy == pytest.approx(0.8, rel=0.03)
    assert mean(found.ordinary) == pytest.approx(0.1 + 0.8 * 0.1 / (2 * (1 - 0.8)), rel=0.06)


def test_a_queue_of_random_service_is_that_of_theory():
    """Served one by one in an exponential time, the waits are exponential, as in M/M/1: mean and 99th percentile."""
    chance = Random(8)
    found = single(6.0, lambda: chance.expovariate(10.0))
    assert mean(found.ordinary) == pytest.approx(1 / (10 - 6), rel=0.06)
    assert queues.quantile(found.ordinary, 0.99) == pytest.approx(log(100) / (10 - 6), rel=0.1)
    assert queues.quantile(found.ordinary, 1 - exp(-1)) == pytest.approx(1 / (10 - 6), rel=0.06)


def test_a_step_shares_its_price():
    """With a price a step, a worker that has more to do than one step a record takes larger steps and keeps up."""
    coming = queues.arrivals([900.0], 20.0, Random(3))
    one_by_one = queues.serve(coming, 1, 1, lambda n, _: 0.01 + n * 0.0001)
    in_steps = queues.serve(coming, 1, 2_000, lambda n, _: 0.01 + n * 0.0001)
    assert queues.quantile(in_steps.ordinary, 0.99) < 0.05
    assert queues.quantile(one_by_one.ordinary, 0.5) > 5.0


def test_partitions_take_turns():
    """A partition with much waiting holds another up for one step of its own, and not for all that it has."""
    coming = [*(queues.Arrival(0.0, 0) for _ in range(100)), queues.Arrival(0.0, 1, hot=True), queues.Arrival(0.0, 1)]
    found = queues.serve(coming, 2, 10, lambda n, heated: 1.0 * (n + heated))
    assert found.beside == [12.0]
    assert found.ordinary[-1] == 102.0


def test_everything_that_arrives_is_served():
    """No arrival is lost or served twice, in the order of each partition."""
    coming = queues.arrivals([30.0, 10.0], 50.0, Random(5), hot=(1, 20.0))
    assert [each.at for each in coming] == sorted(each.at for each in coming)
    assert len(coming) == pytest.approx(60 * 50, rel=0.1)
    found = queues.serve(coming, 2, 5, lambda n, heated: 0.001 * (n + heated))
    assert found.busy * coming[-1].at == pytest.approx(0.001 * len(coming), rel=0.02)


def test_fausts_assignor_moves_what_it_must():
    """Every partition has one owner, nobody has two more than another, and a leaver's partitions alone change hands."""
    start = rebalances.assign({}, NAMES, 60)
    assert sorted(number for mine in start.values() for number in mine) == list(range(60))
    assert {len(mine) for mine in start.values()} == {10}
    after = rebalances.assign(start, NAMES[1:], 60)
    assert rebalances.moved(start, after) == start["w0"]
    assert {len(mine) for mine in after.values()} == {12}


def play(changes, *, eager, rate=1.0, speed=40.0):
    """Let six workers with ten partitions each go through changes."""
    return rebalances.play([rate] * 60, speed, rebalances.assign({}, NAMES, 60), changes, PAUSES, eager=eager)


def test_an_eager_rebalance_stops_everything():
    """A leave stops every partition for the pause; if only moved ones stopped, it would be the leaver's alone."""
    leave = [rebalances.Change(0.0, NAMES[1:])]
    eager, lazy = play(leave, eager=True), play(leave, eager=False)
    assert (eager.moved, lazy.moved) == (10, 10)
    assert eager.stopped == pytest.approx(2.0)
    assert lazy.stopped == pytest.approx(2.0 * 10 / 60)
    assert eager.late == pytest.approx(2.0, abs=0.3)


def test_catching_up_takes_what_the_backlog_and_the_spare_speed_say():
    """A worker with 12 events a second, 2 s behind, is done after 24 / (40 - 12) s; with no speed to spare, never."""
    leave = [rebalances.Change(0.0, NAMES[1:])]
    assert play(leave, eager=True).recovered == pytest.approx(2.0 + 24 / 28, abs=0.6)
    assert play(leave, eager=True, speed=11.9).recovered == float("inf")


def test_a_crash_is_heard_of_late():
    """A dead worker's partitions stand still for the session and the pause, the others for the pause."""
    found = play([rebalances.Change(0.0, NAMES[1:], "w0")], eager=True)
    assert found.late == pytest.approx(8.0, abs=0.3)
    assert found.stopped == pytest.approx((10 * 8 + 50 * 2) / 60)


def test_a_rolling_restart_is_two_rebalances_a_worker():
    """Each leaves and comes back, and every time everything stops."""
    found = play(rebalances.rolling(NAMES, 20.0), eager=True)
    assert found.stopped == pytest.approx(2 * 6 * 2.0)


def test_a_named_worker_restarts_alone():
    """A worker with a name of its own keeps its partitions: they alone stop, while it restarts, and none moves."""
    found = play(rebalances.rolling(NAMES, 20.0, named=True), eager=True)
    assert found.moved == 0
    assert found.stopped == pytest.approx(3.0)
    assert found.late == pytest.approx(3.0, abs=0.3)


def test_the_groups_record_grows_with_members_times_partitions():
    """With Faust's assignor every member carries the whole group's partitions: twice the members, about twice the bytes."""
    few, many = (metadata.group_record(60, members, PartitionAssignor) for members in (5, 10))
    assert 1.7 < many.total / few.total < 2.6
    assert few.sent > 5 * 60 * 2


def test_our_assignor_tells_nobody_of_the_others_partitions():
    """With ours the record grows by less than 2 kB a member, and a thousand partitions on a hundred workers fit."""
    few, many = (metadata.group_record(60, members) for members in (5, 10))
    assert (many.total - few.total) / 5 < 2_000
    assert metadata.group_record(1_000, 100).total < 0.3 * metadata.MOST_BYTES


def test_needs_grow_in_a_straight_line():
    """Ten times the load is ten times the cores and the memory, and no fewer workers and masters than before."""
    by = model.Figures(50e-6, 20e-6, 5e-6, 1e-3, 2_000.0, 10_000.0, 6.0, 2.0, 1.0, 0.01, 12)
    one, ten = model.load(100, by), model.load(1_000, by)
    assert ten.worker_cores == pytest.approx(10 * one.worker_cores)
    assert ten.redis_gib == pytest.approx(10 * one.redis_gib)
    assert (ten.workers, ten.masters) == (5, 8)
    assert by.pause_at(112) == pytest.approx(2.0)


def test_the_docs_say_what_the_figures_give():
    """The page's costs and needs are those of the files of figures: after new figures, `make scaling` is to be run again."""
    by = model.figures(json.loads(RESULTS.read_text()), json.loads(MEASURED.read_text()), SESSION_SECONDS)
    page = PAGE.read_text()
    for table in (tables.costs(by), tables.needs(by)):
        for row in table.rows:
            assert f"| {' | '.join(row)} |" in page, "run `make scaling`"


def test_the_simulation_is_the_same_every_time():
    """The same figures give the same tables."""
    assert keys.loads(10**8, 0.8, 100, keys.dice(), head=500) == keys.loads(10**8, 0.8, 100, keys.dice(), head=500)
    assert queues.arrivals([5.0], 9.0, keys.dice()) == queues.arrivals([5.0], 9.0, keys.dice())
