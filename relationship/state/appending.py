"""What is done to a record at every event: a fact added to its history, and under which policies its head is folded.

Functions, and no methods of the record: those of a Struct are not compiled.
"""

from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state import packed
from relationship.state.record import AccountRecord


def append(record: AccountRecord, fact: f.Fact) -> None:
    """Add a fact that is younger than all facts kept."""
    prefix = packed.id_prefix_with(record.id_prefix, fact) if record.count else packed.id_prefix_of([fact])
    if prefix != record.id_prefix:
        record.history = packed.reencode(record.count, record.history, record.id_prefix, prefix)
        record.id_prefix, record.snapshots = prefix, []  # they say where in the bytes their facts end
    record.count += 1
    record.tail = f.order(fact)
    record.history += packed.encode_fact(fact, prefix)


def is_folded_under(record: AccountRecord, rules: Rules) -> bool:
    """Tell whether the head is what the base and the facts give under these rules: else no snapshot counts."""
    is_new = record.count == 0 and record.base is None
    return is_new or record.folded_under == rules.digest(record.head.t)


def note_rules(record: AccountRecord, rules: Rules, *, is_known: bool) -> None:
    """Note under which rules the head is folded; `is_known`: what was there before is folded under these too."""
    record.folded_under = rules.digest(record.head.t) if is_known else b""
    if not is_known:
        record.snapshots = []
