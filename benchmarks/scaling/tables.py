"""The tables of the page on scaling: each from the figures, or from a run of the simulation. Pure, seeded."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from faust.assignor.partition_assignor import PartitionAssignor

from benchmarks.scaling import keys, metadata, queues, rebalances
from benchmarks.scaling import model as m
from streams.driver.faust_private import Assignor
from streams.engine.batch_sizing import STEP_RECORDS

GROUP: Final = "clientward-relationships"
MASTERS: Final = (3, 10, 30, 100)
GROUPS: Final = ((12, 4), (120, 12), (1_000, 10), (1_000, 20), (1_000, 50), (1_000, 100))
# Of the queues: seconds simulated, shares of a core's speed that arrive, and partitions of one worker.
QUEUE_SECONDS: Final = 6.0
UTILISATIONS: Final = (0.3, 0.6, 0.8, 0.9)
HELD: Final = (10, 50, 250)
GAP_SECONDS: Final = 60.0
MS: Final = 1_000
KIB: Final = 1_024


class Table(NamedTuple):
    """A table: its title, a sentence before it, the headings and the cells, all as text."""

    title: str
    text: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def whole(value: float) -> str:
    """Return a figure as a person reads it: three digits, or all before the point."""
    if value == float("inf"):
        return "never"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def costs(by: m.Figures) -> Table:
    """Return what events and accounts cost."""
    memory, dollars = m.account_price(by)
    cores = ", ".join(whole(each * m.MILLION) for each in (by.core, by.broker, by.redis))
    rows = [
        ("a million events", f"CPU s: {cores} (worker, broker, Redis)", f"{m.event_price(by):.4f} USD"),
        (
            "a million accounts of 20 events",
            f"{memory:.2f} GiB of memory, copies included",
            f"{dollars:.2f} USD a month",
        ),
    ]
    return Table("Cost", "Computed from the measured figures and the prices assumed.", ("", "takes", "costs"), rows)


def needs(by: m.Figures) -> Table:
    """Return what multiples of the base load need in the busiest hour."""
    found = [m.load(factor, by) for factor in m.FACTORS]
    rows = [
        ("accounts", *(f"{each.accounts:,}" for each in found)),
        ("events/s", *(whole(each.rate) for each in found)),
        ("workers", *(str(each.workers) for each in found)),
        ("cores: workers", *(whole(each.worker_cores) for each in found)),
        ("cores: brokers", *(whole(each.broker_cores) for each in found)),
        ("cores: Redis", *(whole(each.redis_cores) for each in found)),
        ("Redis GiB, without copies", *(whole(each.redis_gib) for each in found)),
        ("Redis masters", *(str(each.masters) for each in found)),
    ]
    return Table("What a load needs", "Computed, for the busiest hour.", _by_factor(), rows)


def _by_factor() -> Sequence[str]:
    return ("", *map(_times, m.FACTORS))


def _times(factor: int) -> str:
    return "the base load" if factor == 1 else f"{factor:,} times"


def breaking(by: m.Figures, measured: Mapping[str, Any]) -> Table:
    """Return how much of each limit multiples of the base load use; what is over the limit breaks, in bold."""
    found = [m.load(factor, by) for factor in m.FACTORS]
    rows: list[tuple[str, list[float]]] = [
        ("one worker's core", [each.worker_cores / m.UTILISATION for each in found]),
        ("the 12 partitions as shipped, a worker each", [each.workers / 12 for each in found]),
        ("one Redis's memory", [each.redis_gib / m.MEMORY_GIB for each in found]),
        ("one Redis's core", [each.redis_cores / m.UTILISATION for each in found]),
        ("an hour, to rebuild Redis from the changelog", [_rebuilding(each, by) for each in found]),
        ("the group's record, with 1,000 partitions", [_recorded(each, Assignor) for each in found]),
        ("the same with Faust's own assignor", [_recorded(each, PartitionAssignor) for each in found]),
    ]
    for name, cost in _own(measured).items():
        share = [_largest(each.accounts) * each.rate * cost for each in found]
        rows.append((f"the core that folds the largest account ({name})", share))
    cells = [(name, *(_used(each) for each in shares)) for name, shares in rows]
    first = "; ".join(
        f"at {_times(factor)}: {', '.join(name for name, shares in rows if shares[number] > 1) or 'nothing'}"
        for number, factor in enumerate(m.FACTORS)
    )
    text = (
        f"Computed: how much of each limit is used. Over it, {first}. The largest account follows Zipf {m.EXPONENT:g}."
    )
    return Table("What breaks first", text, _by_factor(), cells)


def _own(measured: Mapping[str, Any]) -> dict[str, float]:
    """Return the seconds that one of the hot account's own events took, by its history and the events' order."""
    costs: dict[str, float] = {}
    for name, case in measured["hot"].items():
        if case["own_ms"]:
            kept = name.partition(" kept")[0].rpartition(" ")[2]
            order = "all hours late" if "hours late" in name else "all late" if "late" in name else "in order"
            costs.setdefault(f"{kept} events kept, {order}", case["own_ms"] / MS)
    return costs


def _rebuilding(each: m.Load, by: m.Figures) -> float:
    return each.accounts / (by.restored_per_second * each.workers) / m.HOUR


def _recorded(each: m.Load, kind: type[PartitionAssignor]) -> float:
    return metadata.group_record(m.PARTITIONS, each.workers, kind).total / metadata.MOST_BYTES


def _largest(accounts: int) -> float:
    return keys.loads(accounts, m.EXPONENT, 1, keys.dice(), head=1_000).largest


def _used(share: float) -> str:
    text = f"{share:,.0%}" if share >= 0.1 else f"{share:.1%}"  # noqa: PLR2004 - two digits
    return f"**{text}**" if share > 1 else text


def partitions(found: Mapping[float, keys.Loads]) -> Table:
    """Return how uneven the partitions are."""
    rows = []
    for exponent, each in found.items():
        ordered = sorted((share / each.mean for share in each.shares), reverse=True)
        at = (ordered[0], ordered[len(ordered) // 100], ordered[len(ordered) // 2], ordered[-1])
        rows.append((f"{exponent:g}", f"{each.largest:.3%}", *(f"{value:.2f}" for value in at)))
    head = ("Zipf exponent", "largest account's share", "busiest", "1 in 100", "middle", "quietest")
    text = f"Simulated: {m.ACCOUNTS:,} accounts over {m.PARTITIONS:,} partitions by murmur2; times the fair share of events."
    return Table("Skewed accounts on partitions", text, head, rows)


def waits(by: m.Figures) -> tuple[Table, Mapping[int, Sequence[tuple[float, float, float]]]]:
    """Return how long events wait for their step to be done, by a worker's load and its partitions; and the points."""
    points: dict[int, list[tuple[float, float, float]]] = {}
    for held in HELD:
        for used in UTILISATIONS:
            rates = [used / by.core / held] * held
            coming = queues.arrivals(rates, QUEUE_SECONDS, keys.dice())
            found = queues.serve(coming, held, STEP_RECORDS[1], lambda n, _: by.step + n * by.core)
            median, worst = (queues.quantile(found.ordinary, share) * MS for share in (0.5, 0.99))
            points.setdefault(held, []).append((used, median, worst))
    rows = []
    for number, used in enumerate(UTILISATIONS):
        cells = [f"{whole(points[held][number][1])}, {whole(points[held][number][2])}" for held in HELD]
        rows.append((f"{used:.0%}: {whole(used / by.core)}", *cells))
    head = ("of the core's speed: events/s", *(f"{held} partitions: p50, p99 ms" for held in HELD))
    text = f"Simulated: a step costs {by.step * MS:.2f} ms and {by.core * m.MILLION:.0f} µs an event."
    return Table("Waiting for a step, by load", text, head, rows), points


def heat(by: m.Figures, measured: Mapping[str, Any], found: keys.Loads) -> Table:
    """Return what the largest account does to a worker's other events, by what one of its own events costs."""
    held = m.PARTITIONS // m.WORKERS
    total = m.BASE_RATE * m.ACCOUNTS / m.BASE_ACCOUNTS
    hot = (0, found.largest * total)
    rates = [share * total for share in found.shares if share != found.shares[found.partition]][:held]
    own = {"as much as any other's": by.core} | _own(measured)
    rows = [("(without it)", "", *_heated(by, rates, None, by.core))]
    for name, cost in own.items():
        share = cost * hot[1]
        waited = (
            _heated(by, rates, hot, cost) if share < 1 else ("never done", "never done", "never done", "never done")
        )
        rows.append((name, f"{whole(cost * MS)} ms, {share:.0%} of a core", *waited))
    head = ("one of its events costs", "", "beside it: p50 ms", "p99 ms", "the worker's others: p50 ms", "p99 ms")
    text = (
        f"Simulated: the largest of {m.ACCOUNTS:,} accounts (Zipf {m.EXPONENT:g}) has {hot[1]:,.0f} events/s, on a "
        f"worker with {held} of {m.PARTITIONS:,} partitions."
    )
    return Table("A hot account, simulated", text, head, rows)


def _heated(by: m.Figures, rates: Sequence[float], hot: tuple[int, float] | None, cost: float) -> tuple[str, ...]:
    coming = queues.arrivals(rates, QUEUE_SECONDS, keys.dice(), hot)
    found = queues.serve(coming, len(rates), STEP_RECORDS[1], lambda n, heated: by.step + n * by.core + heated * cost)
    beside = found.beside if hot else found.ordinary
    values = [queues.quantile(each, share) * MS for each in (beside, found.ordinary) for share in (0.5, 0.99)]
    return tuple(map(whole, values))


def courses(by: m.Figures, found: keys.Loads) -> Table:
    """Return what changes of the group do, as Faust is and if only moved partitions stopped."""
    rate = m.BASE_RATE * m.ACCOUNTS / m.BASE_ACCOUNTS
    rates = [share * rate for share in found.shares]
    names = [f"w{number:03d}" for number in range(m.WORKERS)]
    start = rebalances.assign({}, names, m.PARTITIONS)
    pauses = rebalances.Pauses(by.pause_at(m.PARTITIONS // m.WORKERS), by.session, by.restart)
    changes = {
        "one joins": [rebalances.Change(0.0, [*names, "new"])],
        "one leaves on request": [rebalances.Change(0.0, names[1:])],
        "one crashes": [rebalances.Change(0.0, names[1:], names[0])],
        f"all restart, one every {GAP_SECONDS:g} s": rebalances.rolling(names, GAP_SECONDS),
        "the same, each with its name": rebalances.rolling(names, GAP_SECONDS, named=True),
    }
    rows = []
    for name, course in changes.items():
        for eager in (True, False):
            seen = rebalances.play(rates, 1 / by.core, start, course, pauses, eager=eager)
            cells = (str(seen.moved), *(f"{value:.1f}" for value in (seen.stopped, seen.late, seen.recovered)))
            rows.append((name, "all, as Faust does" if eager else "the moved ones", *cells))
    head = ("", "what stops", "partitions moved", "s stopped, mean", "longest wait, s", "s until caught up")
    text = (
        f"Simulated: {m.WORKERS} workers, {m.PARTITIONS:,} partitions, {rate:,.0f} events/s. A rebalance takes "
        f"{pauses.rebalance:.1f} s (on the line through what was measured, for {m.PARTITIONS // m.WORKERS} partitions a "
        f"worker), a crash is noticed after {pauses.session:g} s, "
        f"and a named worker's restart takes {pauses.restart:.1f} s."
    )
    return Table("Rebalances, simulated", text, head, rows)


def groups() -> Table:
    """Return how large the group's record is, with Faust's assignor and with ours."""
    rows = []
    for count, members in GROUPS:
        found = [metadata.group_record(count, members, kind) for kind in (PartitionAssignor, Assignor)]
        cells = [f"{whole(each.total / KIB)} KiB, {_used(each.total / metadata.MOST_BYTES)}" for each in found]
        rows.append((f"{count:,}", str(members), *cells))
    head = ("partitions", "workers", "Faust's own assignor, of the limit", "ours, of the limit")
    text = "Computed by the assignors themselves, over all topics; the limit is `message.max.bytes`, 1 MiB by default."
    return Table("The group's own record", text, head, rows)


def slots(found: keys.Loads, by: m.Figures) -> Table:
    """Return how partitions fall on the masters of a Redis Cluster."""
    rate, gib = m.BASE_RATE * m.ACCOUNTS / m.BASE_ACCOUNTS, m.ACCOUNTS * by.bytes_per_account / m.GIB
    rows = []
    for count in (12, 120, m.PARTITIONS):
        for masters in MASTERS:
            held = keys.by_master(GROUP, [1 / count] * count, masters)
            cells = [f"{value * masters:.2f}" for value in (max(held), min(held))]
            extra = ("", "") if count != m.PARTITIONS else _burden(found, masters, max(held) * gib, rate * by.redis)
            rows.append((f"{count:,}", str(masters), *cells, *extra))
    head = ("partitions", "masters", "fullest", "emptiest", "GiB on the fullest", "cores of the busiest")
    text = "Computed: a partition is one hash tag, so one slot; times the fair share. GiB and cores at 1,000 times the load."
    return Table("Slots of a Redis Cluster", text, head, rows)


def _burden(found: keys.Loads, masters: int, gib: float, cores: float) -> tuple[str, str]:
    return whole(gib), whole(max(keys.by_master(GROUP, found.shares, masters)) * cores)


def hot_measured(measured: Mapping[str, Any]) -> Table:
    """Return what was measured of one hot account."""
    rows = []
    for name, case in measured["hot"].items():
        own = f"{whole(case['own_ms'])}, {case['own_share']:.0%}" if case["own_ms"] else ""
        rows.append((name, own, *(whole(case[each]) for each in ("p50_ms", "p99_ms", "worst_ms", "cores"))))
    head = ("", "own: ms an event, of a core", "neighbours: p50 ms", "p99 ms", "worst ms", "worker's cores")
    text = (
        "Measured: one partition, one real worker; the neighbours get 100 events/s, and each is answered by a decision."
    )
    return Table("A hot account, measured", text, head, rows)


def pauses_measured(measured: Mapping[str, Any]) -> Table:
    """Return what was measured of rebalances, and of reading Redis back."""
    names = {
        "quiet_cores": "cores of one worker, with nothing but 100 events/s",
        "quiet_ms": "longest wait, ms: nothing going on",
        "join_stays_ms": "longest wait, ms: a second worker joins, partitions that stay",
        "join_ms": "longest wait, ms: a second worker joins",
        "leave_stays_ms": "longest wait, ms: it leaves on request, partitions that stay",
        "leave_ms": "longest wait, ms: it leaves on request",
        "crash_stays_ms": "longest wait, ms: it is killed, partitions that stay",
        "crash_ms": "longest wait, ms: it is killed",
        "restart_stays_ms": "longest wait, ms: one with a name of its own is killed and started again, partitions that stay",
        "restart_ms": "longest wait, ms: one with a name of its own is killed and started again",
        "rolling_ms": "longest wait, ms: four workers restart, one after the other",
        "rolling_named_ms": "longest wait, ms: the same, each with a name of its own",
    }
    pauses = measured["pauses"]  # of an older measure some are not there
    rows = [(text, *(whole(each[name]) for each in pauses)) for name, text in names.items() if name in pauses[0]]
    head = ("", *(f"{each['partitions']} partitions" for each in pauses))
    back = measured["restoring"]
    text = (
        f"Measured: two real workers on this machine. With Redis emptied, one read {back['accounts']:,} accounts back "
        f"in {back['emptied_seconds'] - back['kept_seconds']:.1f} s."
    )
    return Table("Rebalances, measured", text, head, rows)
