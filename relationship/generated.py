"""Files that are generated from the code: written, or with `--check` only compared. Each generator's `main` is this one.

A generator says what each of its files has to hold, None for a file that must not be there. What differs from that is
written (or deleted), and told by `--check`, which writes nothing.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

Files = Mapping[Path, bytes | None]


class Generator(NamedTuple):
    """One generator of files.

    Attributes:
        module: its name, as `python -m` takes it.
        source: what the files are generated from, as in "not what <source> say".
        target: the file or folder that is written where the command line names none.
        files: what has to stand where, of a target.
    """

    module: str
    source: str
    target: Path
    files: Callable[[Path], Files]


def main(generator: Generator, arguments: Iterable[str] | None = None) -> int:
    """Write a generator's files, or check them; return the exit code. `arguments` are the process's by default."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {generator.module}", description=f"Write {generator.target} anew, from {generator.source}."
    )
    parser.add_argument("target", nargs="?", type=Path, default=generator.target)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is not up to date")
    options = parser.parse_args(None if arguments is None else list(arguments))
    files = generator.files(options.target)
    old = stale(files)
    if not options.check:
        _write(files, old)
    elif old:
        names = ", ".join(_name(path, options.target) for path in old)
        sys.stderr.write(f"{names}: not what {generator.source} say; run `python -m {generator.module}`\n")
        return 1
    return 0


def stale(files: Files) -> list[Path]:
    """Return the files that are not as they have to be, in order of their paths."""
    return sorted(path for path, content in files.items() if _content(path) != content)


def _write(files: Files, old: Iterable[Path]) -> None:
    for path in old:
        content = files[path]
        if content is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _content(path: Path) -> bytes | None:
    """Return a file's bytes, or None where there is no file."""
    return path.read_bytes() if path.is_file() else None


def _name(path: Path, target: Path) -> str:
    """Return how a file is named to a person: within its folder, or as it was given."""
    return str(path) if path == target else path.relative_to(target).as_posix()
