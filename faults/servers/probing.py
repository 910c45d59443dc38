"""Whether a process of ours answers at a page."""

import urllib.error
import urllib.request


def answers(port: int, path: str, seconds: float) -> bool:
    """Tell whether a page on loopback answers 200 within so many seconds."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=seconds) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's "OK"
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
