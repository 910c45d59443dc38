"""`clientward worker`: the Faust worker that decides."""

from agents.worker import run_worker
from streams.config.load import load_settings


def worker() -> int:
    """Run one worker until it is told to stop (Ctrl-C or SIGTERM). Start more of them to share the partitions.

    Serves /metrics, /livez and /readyz on web_host:web_port.
    """
    return run_worker(load_settings())
