"""From a history and its labels to examples: the history folded once by the base policy, each account read at its moment."""

from collections import deque
from collections.abc import Iterable

from msgspec import Struct

from relationship.analysis.learning import Example, example_of
from relationship.contract.enums import STATUSES
from relationship.core import Core
from relationship.policy.compiled import Policy
from relationship.replay import Replay
from relationship.state.account import Account
from relationship.state.record import decode
from relationship.timeline.as_of import TooEarlyError, record_at
from streams.config.settings import Settings
from views.offline.event_file import EventReader, OnRefusal, fold
from views.offline.labels import Label


class UnusedLabel(Struct, frozen=True):
    """A label that fits no account, and why."""

    label: Label
    text: str


class LabelledAccounts(Struct, frozen=True):
    """The examples, of how many accounts, how many labels of lapsed accounts are right already, and which fit no account."""

    examples: list[Example]
    accounts: int
    lapsed: int
    unused: list[UnusedLabel]


def fold_history(
    lines: Iterable[tuple[int, bytes]], policy: Policy, settings: Settings, on_refusal: OnRefusal
) -> Replay:
    """Return a history folded by one policy, its timers run to its last event's time."""
    run, reader = Replay(Core(policy, settings.lateness_days)), EventReader(lines, settings, on_refusal)
    deque(fold(run, reader), maxlen=0)
    deque(run.run_until(reader.newest, reader.newest), maxlen=0)
    return run


def examples_of(run: Replay, labels: Iterable[Label], policy: Policy) -> LabelledAccounts:
    """Return an example for each label; one labelled lapsed is no client.

    Where the base has seen the silence, or the end, of a lapsed account, no score has a part in it: it is left out.
    """
    found, unused, lapsed = [], [], 0
    for label in labels:
        account = _account_of(run, label, policy)
        if isinstance(account, str):
            unused.append(UnusedLabel(label, account))
        elif label.status == "lapsed" and STATUSES[account.effective_status] == "lapsed":
            lapsed += 1
        else:
            found.append(example_of(label.account_id, account, policy, client=label.status == "client"))
    return LabelledAccounts(found, len({each.account_id for each in found}), lapsed, unused)


def _account_of(run: Replay, label: Label, policy: Policy) -> Account | str:
    """Return the account as its last event or timer by the label's moment left it, or why there is none."""
    raw = run.records.get(label.account_id)
    if raw is None:
        return "no such account in the history"
    record = decode(raw)
    if record.merged_into is not None:
        return f"merged into {record.merged_into}: label that one"
    if label.at is None or label.at >= record.clock:
        return record.head if record.head.facts else "no event"
    try:
        head = record_at(record, label.at, policy).record.head
    except TooEarlyError as error:
        return str(error)
    return head if head.facts else "no event by then"
