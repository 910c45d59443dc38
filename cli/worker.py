"""`clientward worker`: the Faust worker that decides."""

from streams.config.load import load_settings


def worker() -> int:
    """Run one worker until it is told to stop (Ctrl-C or SIGTERM). Start more of them to share the partitions.

    Serves /metrics, /livez and /readyz on web_host:web_port.
    """
    settings = load_settings()
    from agents.worker import run_worker  # noqa: PLC0415 - Faust is slow to import

    return run_worker(settings)
