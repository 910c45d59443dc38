"""The tables. They can be dropped and read again from the topics, so a change of them is a new `VERSION` and no migration.

Theory of operation:

- What many rows have in common stands once, in `kinds` (of decisions) and `groups` (of accounts), with the number of rows
  that have it. A filter picks kinds or groups, of which there are some thousands at most; their numbers tell how many rows
  fit, and so whether it is quicker to walk the list's own order or to collect the few that fit (`queries.choosing`). No
  combination of filters reads a whole table.
- What a page shows in full is the message as it came, compressed (`bodies`); columns are what is filtered and ordered by.
- An account's id stands in `accounts`, `decisions`, `shadows`, `refusals`, `audit` and `departed`, and nowhere else: an
  erasure deletes it there.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

from readmodel.columns import Long, Utf8

#: Of the tables and of what is in them; another one in the database means that they are built anew.
VERSION: Final = "3"

metadata: Final = MetaData()
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself where this is the key

#: Facts about the tables themselves: `version`, `built_ms`, `why`, `caught_up`, `asked_ms`, `cluster`, `salt`.
facts: Final = Table(
    "facts", metadata, Column("name", String(32), primary_key=True), Column("value", LargeBinary, nullable=False)
)

#: Where the follower stands in each partition: written with the rows, in one transaction.
positions: Final = Table(
    "positions",
    metadata,
    Column("topic", String(255), primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", Long, nullable=False),  # of the next record to read
    Column("last_offset", Long, nullable=False),  # of the last record read, and
    Column("last_ms", Long, nullable=False),  # when Kafka stored it: tells a topic that was made anew
    Column("records", Long, nullable=False),
    Column("end_offset", Long, nullable=False),  # when Kafka was last asked
    Column("begun_end", Long, nullable=False),  # the end when the tables were begun: up to there is "caught up"
)

kinds: Final = Table(
    "kinds",
    metadata,
    Column("kind", Integer, primary_key=True),
    Column("industry", String(32), nullable=False),
    Column("from_status", String(16), nullable=False),
    Column("to_status", String(16), nullable=False),
    Column("direction", String(16), nullable=False),
    Column("policy_id", Utf8, nullable=False),
    Column("policy_version", Utf8, nullable=False),
    Column("confidence", Integer, nullable=False),  # in steps of `writing.decisions.CONFIDENCE_STEPS`, downwards
    Column("folded", Boolean, nullable=False),  # a correction, shown under what it corrects
    Column("rows", Long, nullable=False),
    Column("newest_us", Long, nullable=False),  # no row is newer than that
)

decisions: Final = Table(
    "decisions",
    metadata,
    Column("id", _NUMBER, Identity(), primary_key=True),
    Column("event_id", Utf8, nullable=False),
    Column("account_id", Utf8, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("effective_us", Long, nullable=False),
    Column("stored_ms", Long, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("supersedes", Utf8),
    Column("superseded_by", Utf8),
    Column("body", LargeBinary, nullable=False),
    Index("decisions_event", "event_id", unique=True),
    Index("decisions_time", "effective_us", "id"),
    Index("decisions_kind", "kind", "effective_us", "id"),
    Index("decisions_account", "account_id", "effective_us", "id"),
)

#: What stands for all trades together: each flow is counted under its trade, and once more under this.
ALL_TRADES: Final = ""

#: In force only: neither corrections nor what they correct. In the order of its key, so that a trade's days stand together.
flows: Final = Table(
    "flows",
    metadata,
    Column("industry", String(32), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("from_status", String(16), primary_key=True),
    Column("to_status", String(16), primary_key=True),
    Column("rows", Long, nullable=False),
    sqlite_with_rowid=False,
)

groups: Final = Table(
    "groups",
    metadata,
    Column("group", Integer, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("industry", String(32), nullable=False),
    Column("party", String(16)),
    Column("scope", String(16), nullable=False),
    Column("market", String(16)),
    Column("standing", String(16), nullable=False),
    Column("play", Utf8, nullable=False),
    Column("policy_id", Utf8, nullable=False),
    Column("policy_version", Utf8, nullable=False),
    Column("rows", Long, nullable=False),
)

accounts: Final = Table(
    "accounts",
    metadata,
    Column("id", _NUMBER, Identity(), primary_key=True),
    Column("account_id", Utf8, nullable=False),
    Column("group", Integer, nullable=False),
    Column("status", String(16), nullable=False),  # of the group too; here for the order by score
    Column("industry", String(32), nullable=False),
    Column("score", Integer, nullable=False),  # hundredths of a point, as the core counts
    Column("stored_ms", Long, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("accounts_account", "account_id", unique=True),
    Index("accounts_group", "group", "account_id"),
    Index("accounts_score", "status", "industry", "score", "id"),
)

#: Accounts that were merged into others.
departed: Final = Table(
    "departed", metadata, Column("account_id", Utf8, primary_key=True), Column("at_us", Long), sqlite_with_rowid=False
)

#: Erasures that a record which was published before them may still follow: a hash with a salt, and not the id.
erasures: Final = Table(
    "erasures", metadata, Column("hash", LargeBinary, primary_key=True), Column("stored_ms", Long, nullable=False)
)

shadows: Final = Table(
    "shadows",
    metadata,
    Column("account_id", Utf8, primary_key=True),
    Column("publication", Utf8, nullable=False),
    Column("active", String(16), nullable=False),
    Column("shadow", String(16), nullable=False),
    Column("stored_ms", Long, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("shadows_pair", "publication", "active", "shadow", "account_id"),
)

refusals: Final = Table(
    "refusals",
    metadata,
    Column("partition", Integer, primary_key=True),  # of the dead letter
    Column("offset", Long, primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("topic", String(255), nullable=False),
    Column("from_partition", Integer, nullable=False),
    Column("from_offset", Long, nullable=False),
    Column("text", Utf8, nullable=False),
    Column("account_id", Utf8),
    Column("key", LargeBinary),
    Column("value", LargeBinary),  # the first `writing.refusals.VALUE_BYTES`
    Column("value_bytes", Long, nullable=False),
    Column("omitted", String(32), nullable=False),
    Column("refused_us", Long, nullable=False),
    Column("stored_ms", Long, nullable=False),
    Column("state", String(16), nullable=False),  # open, redriven or discarded, by the last note
    Column("note_offset", Long),  # of that note; None of a letter that is open
    Column("settled_by", Utf8),
    Column("settled_why", Utf8),
    Column("settled_us", Long),
    Column("redriven", Integer, nullable=False),  # how often the record had been sent again before this refusal
    Index("refusals_state", "state", "refused_us", "partition", "offset"),
    Index("refusals_state_reason", "state", "reason", "refused_us", "partition", "offset"),
    Index("refusals_time", "refused_us", "partition", "offset"),
    Index("refusals_reason", "reason", "refused_us", "partition", "offset"),
    Index("refusals_both", "reason", "topic", "refused_us", "partition", "offset"),
    Index("refusals_topic", "topic", "refused_us", "partition", "offset"),
    Index("refusals_account", "account_id", "refused_us", "partition", "offset"),
    Index("refusals_key", "key"),
)

refusal_hours: Final = Table(
    "refusal_hours",
    metadata,
    Column("hour", Long, primary_key=True),  # since the epoch
    Column("reason", String(16), primary_key=True),
    Column("topic", String(255), primary_key=True),
    Column("rows", Long, nullable=False),
    Column("open", Long, nullable=False),  # of them, those that were neither sent again nor given up
)

audit: Final = Table(
    "audit",
    metadata,
    Column("id", _NUMBER, Identity(), primary_key=True),
    Column("event_id", Utf8, nullable=False),
    Column("account_id", Utf8),
    Column("action", Utf8, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("by", Utf8),
    Column("decided_us", Long, nullable=False),
    Column("stored_ms", Long, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("audit_event", "event_id", unique=True),
    Index("audit_time", "decided_us", "id"),
    Index("audit_account", "account_id", "decided_us", "id"),
    Index("audit_action", "action", "outcome", "decided_us", "id"),
    Index("audit_by", "by", "decided_us", "id"),
)
