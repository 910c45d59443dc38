"""Where downloads and the trained start-up archive are kept between runs, and how two processes share that place.

Only things that can be made again live here. Deleting the folder costs one download and one training, nothing else.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.embedded.errors import EmbeddedError

CHECKOUT = Path(__file__).resolve().parents[2]


def cache_folder() -> Path:
    """Return the folder for downloads, made if need be.

    The first of these that can be written: CLIENTWARD_CACHE_DIR, XDG_CACHE_HOME/clientward, ~/.cache/clientward, and
    .cache/clientward beside the sources, for a machine whose home folder is read-only. A folder that the user named
    is never replaced by another one.

    Raises:
        EmbeddedError: None of them can be written.
    """
    named = os.environ.get("CLIENTWARD_CACHE_DIR")
    candidates = [Path(named).expanduser().resolve()] if named else _usual_folders()
    for folder in candidates:
        if _writable(folder):
            return folder
    message = f"no cache folder can be written ({', '.join(map(str, candidates))}): set CLIENTWARD_CACHE_DIR to one"
    raise EmbeddedError(message)


def _usual_folders() -> list[Path]:
    """List the places that the XDG base directory specification names, then the checkout."""
    xdg = os.environ.get("XDG_CACHE_HOME")
    home = Path(xdg) if xdg and Path(xdg).is_absolute() else Path("~/.cache").expanduser()
    return [home / "clientward", CHECKOUT / ".cache" / "clientward"]


def _writable(folder: Path) -> bool:
    """Tell whether `folder` exists, or can be made, and takes files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return False
    return os.access(folder, os.W_OK | os.X_OK)


@contextmanager
def alone(folder: Path, what: str) -> Iterator[None]:
    """Hold the lock `what` of a cache folder, so that two processes never fetch or train the same thing at once.

    The kernel gives the lock back when the holder dies, however it dies.
    """
    with (folder / f"{what}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
