"""From a history and its labels to examples: the history folded once by the base policy, each account read at its moment."""

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from cli.history import OWN, Reader
from cli.labels import Label, read_labels
from cli.mistakes import WRONG_USE, MistakeError
from cli.output import complain, printable
from relationship.analysis.learning import Example, example_of
from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import Policy
from relationship.replay import Replay
from relationship.state.account import Account
from relationship.state.record import decode
from relationship.timeline.as_of import TooEarlyError, record_at
from streams.config.load import load_settings
from streams.config.settings import Settings


class Labelled(NamedTuple):
    """The examples, of how many accounts, and how many labels of lapsed accounts were left out."""

    examples: list[Example]
    accounts: int
    lapsed: int


def text_of(base: Path) -> str:
    """Return a policy's text as it is, line ends and all; `default` is the one that comes with the package."""
    try:
        own = files("relationship.policy") / "default.toml"
        return (own.read_bytes() if base == OWN and not base.exists() else base.read_bytes()).decode()
    except UnicodeDecodeError as error:
        raise MistakeError(f"{base}: not UTF-8; a policy is a TOML file", WRONG_USE) from error


def gather(history: Path, labels: Path, policy: Policy) -> Labelled:
    """Return the examples of a history's labelled accounts. Labels that fit no account are told on stderr."""
    known = read_labels(labels)
    run = fold(history, policy, load_settings())
    return examples_of(run, known, labels, policy)


def fold(history: Path, policy: Policy, settings: Settings) -> Replay:
    """Return a history folded to its last event's time. Refused lines are told on stderr."""
    run, reader, end = Replay(Core(policy, settings.lateness_days)), Reader(history, settings), 0
    for number, topic, message in reader.messages():
        decided_at = micros(message.occurred_at)
        end = max(end, decided_at)
        refusal, _ = run.fold(topic, message, decided_at)
        if refusal:
            reader.refuse(number, f"{refusal.reason}: {refusal.text}")
    for _ in run.run_until(end, end):
        pass
    return run


def examples_of(run: Replay, labels: Iterable[Label], file: Path, policy: Policy) -> Labelled:
    """Return an example for each label but those of lapsed accounts; tell of the labels that fit no account."""
    found, lapsed = [], 0
    for label in labels:
        if label.status == "lapsed":
            lapsed += 1
            continue
        account = _account_of(run, label, policy)
        if isinstance(account, str):
            complain(printable(f"{file}:{label.line}: {label.account_id}: {account}; left out"))
        else:
            found.append(example_of(label.account_id, account, policy, client=label.status == "client"))
    return Labelled(found, len({each.account_id for each in found}), lapsed)


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
