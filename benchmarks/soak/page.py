"""What a person sees of a soak: its file, its lines on the screen, and its section of the docs. Pure but for the files.

One soak is kept of each rate, and the page has them all.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.report import number

HERE: Final = Path(__file__).parents[1]
KEPT: Final = HERE / "soaks"
DOCS: Final = HERE.parent / "docs"
PAGE: Final = DOCS / "benchmarks.md"
BEGIN: Final = "<!-- soak: written by `make soak`, not by hand -->"
END: Final = "<!-- end of soak -->"
KIB: Final = 1024.0


def results_of(rate: int, folder: Path = KEPT) -> Path:
    """Return the file of the soak that is kept of a rate (events a second)."""
    return folder / f"{rate}.json"


def graph_of(rate: int, folder: Path = DOCS) -> Path:
    """Return its graph's file."""
    return folder / f"soak-{rate}.svg"


def put(page: str, section: str, begin: str = BEGIN, end: str = END) -> str:
    """Return a page with the text between two marks replaced. Raises ValueError where they are not there."""
    before, found, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"the page has no {begin} … {end}")
    return f"{before}{begin}\n\n{section}\n{end}{after}"


def write_page() -> None:
    """Put the figures of all soaks that are kept into the docs, the slowest first."""
    PAGE.write_text(put(PAGE.read_text(), sections(json.loads(each.read_text()) for each in KEPT.glob("*.json"))))


def sections(soaks: Iterable[Mapping[str, Any]]) -> str:
    """Return the figures of soaks as Markdown, by rate."""
    return "\n".join(section(each) for each in sorted(soaks, key=lambda each: each["sizes"]["rate"]))


def write(path: Path, results: Mapping[str, Any]) -> None:
    """Write the results' file; a sample is a line."""
    samples = ",\n".join(f"  {json.dumps(sample)}" for sample in results["samples"])
    rest = json.dumps({**results, "samples": []}, indent=1, ensure_ascii=False)
    path.write_text(rest.replace('"samples": []', f'"samples": [\n{samples}\n ]') + "\n")


def section(results: Mapping[str, Any]) -> str:
    """Return a soak's figures as Markdown."""
    machine = ", ".join(f"{name} {value}" for name, value in results["machine"].items())
    sizes = results["sizes"]
    load = f"{sizes['minutes']:g} minutes of {sizes['rate']:,} events a second of {sizes['accounts']:,} accounts"
    lines = [
        f"### {sizes['rate']:,} events a second",
        "",
        f"`{results['command']}` on {results['at']}, commit {results['commit']}: {machine}.",
        "",
        f"{load}; the worker keeps {sizes['cache']:,} of them in its cache.",
        "",
        f"![worker memory, Redis memory, lag, latency and CPU over the soak]({graph_of(sizes['rate']).name})",
        "",
        *_table(_rows(results)),
        "",
        *(f"- {'met' if check['met'] else '**missed**'}: {check['text']}." for check in results["checks"]),
        "",
    ]
    return "\n".join(lines)


def _rows(results: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    found, redis = results["figures"], results["redis"]
    return [
        ("events folded a second", number(found["events_per_second"])),
        ("from publishing to the decision, p50 and p99 ms", f"{number(found['p50_ms'])}, {number(found['p99_ms'])}"),
        ("most records waiting at a look", number(found["lag_events_at_most"])),
        (
            "cores: worker, broker, Redis",
            f"{found['worker_cores']:.2f}, {found['broker_cores']:.2f}, {found['redis_cores']:.2f}",
        ),
        ("worker MiB", number(found["worker_mib"])),
        (
            "worker MiB in ten minutes",
            f"{found['worker_mib_per_10_min']:+.2f} ± {found['worker_mib_per_10_min_error']:.2f}",
        ),
        ("broker MiB", number(found["broker_mib"])),
        ("Redis MiB at the end", number(redis["used_mib"])),
        ("accounts in Redis", f"{redis['accounts']:,}"),
        (
            "Redis bytes an account, of them the record",
            f"{number(redis['bytes_per_account'])}, {number(redis['record_bytes_per_account'])}",
        ),
        ("events kept of an account", number(redis["facts_per_account"])),
        (
            "Redis bytes that an event adds, of them the event",
            f"{number(found['redis_bytes_per_event'])}, {number(redis['bytes_per_fact'])}",
        ),
        (
            f"KiB of a record when its history is trimmed, at {redis['facts_kept']} events",
            number(redis["record_bytes_at_horizon"] / KIB),
        ),
    ]


def _table(rows: Sequence[tuple[str, str]]) -> list[str]:
    return ["| after the first third | |", "|---|---:|", *(f"| {name} | {value} |" for name, value in rows)]
