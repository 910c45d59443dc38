"""An account at a moment, by the events of a file."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime

from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import Policy
from relationship.replay import Replay
from streams.config.settings import Settings
from views.accounts.account import AccountView, account_view_at
from views.errors import NoAccountError
from views.offline.event_file import EventReader, OnRefusal, fold


def account_in_file(
    lines: Iterable[tuple[int, bytes]],
    name: str,
    account_id: str,
    at: datetime,
    policy: Policy,
    settings: Settings,
    on_refusal: OnRefusal,
) -> AccountView:
    """Return an account as it stood at a moment, by the lines of the file `name`; `policy` is the one before all others.

    Raises NoAccountError, NoHistoryError.
    """
    core = Core(policy, settings.lateness_days)
    run = Replay(core)
    deque(fold(run, EventReader(lines, settings, on_refusal, core)), maxlen=0)
    raw = run.records.get(account_id)
    if raw is None:
        raise NoAccountError(f"no account {account_id} in {name}: ids are never normalised")
    return account_view_at(account_id, raw, micros(at), core.rules)
