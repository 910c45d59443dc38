"""A file that is looked at again and again."""

from pathlib import Path


class FileWatch:
    """Whether a file is another than it was when last asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._look()

    def has_changed(self) -> bool:
        """Tell whether it is another file, or was written, since this was last asked; once for each change."""
        now = self._look()
        changed, self._seen = now != self._seen, now
        return changed

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
