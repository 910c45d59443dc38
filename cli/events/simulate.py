"""`clientward simulate`: the simulator's accounts as lines for `replay` and `send`, and their truth beside them."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import WRONG_USE, CommandError
from cli.output import print_error
from simulator import Rates, Simulation, simulate, simulate_events, write, write_truth

AccountsOption = Annotated[int, typer.Option("--accounts", min=1, help="How many accounts.")]
EventsOption = Annotated[
    int | None, typer.Option("--events", min=1, help="As many accounts as it takes for this many events, instead.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="The same seed and end give the same bytes.")]
EndOption = Annotated[
    str | None, typer.Option("--end", metavar="TIME", help="When it ends, RFC 3339 with an offset. [now]")
]
YearsOption = Annotated[float, typer.Option("--years", min=0.1, max=20.0, help="How long it plays, in years.")]
CleanOption = Annotated[bool, typer.Option("--clean", help="No repeats, late arrivals or bad records.")]
TruthOption = Annotated[
    Path | None, typer.Option("--truth", metavar="FILE", help="Where to write the truth, one account a line.")
]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to write instead of stdout.")]


def simulate_command(
    accounts: AccountsOption = 3_000,
    events: EventsOption = None,
    seed: SeedOption = 7,
    end: EndOption = None,
    years: YearsOption = 2.0,
    clean: CleanOption = False,
    truth: TruthOption = None,
    out: OutOption = None,
) -> None:
    """Play accounts of every trade through years of event time, from a known truth, as lines for replay and send."""
    rates = Rates(0, 0, 0) if clean else Rates()
    until = _end(end)
    simulation = (
        simulate_events(events, until, seed, years, rates) if events else simulate(accounts, until, seed, years, rates)
    )
    if truth:
        with truth.open("wb") as file:
            write_truth(simulation, file)
    lines = _write(simulation, out)
    print_error(f"{lines} events of {len(simulation.accounts)} accounts, seed {seed}, up to {until.isoformat()}")


def _write(simulation: Simulation, out: Path | None) -> int:
    if out:
        with out.open("wb") as file:
            return write(simulation.events(), file)
    lines = write(simulation.events(), sys.stdout.buffer)
    sys.stdout.buffer.flush()
    return lines


def _end(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        text = f"--end {text!r} is no time: give one such as 2026-01-31T12:00:00Z"
        raise CommandError(text, WRONG_USE) from error
    if found.tzinfo is None:
        raise CommandError(f"--end {text!r} has no offset: end it with Z, or with one such as +01:00", WRONG_USE)
    return found
