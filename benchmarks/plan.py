"""How much is measured: the full run, and the quick one in small."""

from typing import Final, NamedTuple


class Plan(NamedTuple):
    """The sizes of one run.

    Attributes:
        name: what the results call it.
        measures: which are run unless others are asked for; none stands for all.
        rounds: how often each program runs; the programs take turns within a round.
        partitions: of every topic.
        events: of the counting measure, and `core_events` of the relationship core's.
        limit: seconds of work after which a program is stopped and judged by what it has done until then.
        accounts: of the counting measure.
        rates: events a second of the latency measure, each published for `latency_seconds`.
        steady_rates: events a second of the steady measure, 0 for none at all, each for `steady_seconds`.
        busy_rates: those of them that are measured beside a busy neighbour too.
        patient_rates: those of them at which a worker that would rather pay less than hear soon is measured too.
        growth: numbers of accounts in Redis; `growth_events` are folded at each.
        restart_accounts: accounts in the changelog when the program is killed.
        workers: numbers of workers, `workers_events` of work for each.
        profile_events: folded by the core alone.
        readmodel_accounts: in the console's tables; each list is asked for `readmodel_questions` times.
    """

    name: str
    measures: tuple[str, ...]
    rounds: int
    partitions: int
    events: int
    core_events: int
    limit: float
    accounts: int
    rates: tuple[int, ...]
    latency_seconds: float
    steady_rates: tuple[int, ...]
    busy_rates: tuple[int, ...]
    patient_rates: tuple[int, ...]
    steady_seconds: float
    growth: tuple[int, ...]
    growth_events: int
    restart_accounts: int
    workers: tuple[int, ...]
    workers_events: int
    profile_events: int
    readmodel_accounts: int
    readmodel_questions: int


FULL: Final = Plan(
    name="full",
    measures=(),
    rounds=3,
    partitions=4,
    events=1_000_000,
    core_events=300_000,
    limit=60.0,
    accounts=10_000,
    rates=(500, 5_000),
    latency_seconds=20.0,
    steady_rates=(0, 20, 100, 500, 2_000, 5_000),
    busy_rates=(0, 20, 100, 500, 2_000, 5_000),
    patient_rates=(20, 100, 500),
    steady_seconds=20.0,
    growth=(10_000, 100_000, 1_000_000),
    growth_events=200_000,
    restart_accounts=1_000_000,
    workers=(1, 2, 4),
    workers_events=1_000_000,
    profile_events=60_000,
    readmodel_accounts=1_000_000,
    readmodel_questions=200,
)
QUICK: Final = Plan(
    name="quick",
    measures=("counting", "core", "steady", "profile"),
    rounds=1,
    partitions=4,
    events=200_000,
    core_events=60_000,
    limit=12.0,
    accounts=10_000,
    rates=(500, 5_000),
    latency_seconds=5.0,
    steady_rates=(500,),
    busy_rates=(),
    patient_rates=(),
    steady_seconds=5.0,
    growth=(10_000, 30_000, 100_000),
    growth_events=100_000,
    restart_accounts=150_000,
    workers=(1, 2, 4),
    workers_events=200_000,
    profile_events=10_000,
    readmodel_accounts=100_000,
    readmodel_questions=50,
)
