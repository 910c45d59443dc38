"""What the output topics say, in tables, so that a page can ask: lists, searches and counts of a million accounts.

A follower reads the topics of states, decisions, refusals, audit and shadow differences, and keeps tables of them in SQLite
(a file) or PostgreSQL. The tables hold nothing that is not on a topic, so that they can be dropped and read again at will.
`docs/readmodel.md` is the user's page.

| question | function |
|---|---|
| decisions, corrections under what they correct; one of them | `queries.decisions`: `decisions`, `decision` |
| an account whole; accounts by prefix, status, industry, segment | `queries.accounts`: `account`, `accounts` |
| how many accounts have which status, by industry and segment | `queries.base`: `base_counts` |
| flows between statuses over time | `queries.base`: `flows` |
| accounts closest to turning, up or down | `queries.closest`: `closest`, `levels_of` |
| refusals by reason over time, and themselves | `queries.refusals`: `refusal_counts`, `refusals` |
| who did what | `queries.audit`: `audit_entries` |
| what the shadow would decide otherwise | `queries.shadow`: `shadow_counts`, `shadow_differences` |
| how far the tables are behind | `queries.standing`: `standing` |

From the bottom up:

- `answers`, `filters`: the types. `errors`. `paging`: cursors.
- `tables`, `columns`, `bodies`: what is stored, and how. `database`: `ReadModel`, which is opened by a file or a URL.
- `writing`: records to rows. `queries`: rows to answers. Neither knows the other, and neither knows Kafka.
- `following`: Kafka's topics into the tables.

Queries block: a caller with an event loop runs them in a thread. Nothing is printed; text in an answer is as it came, and
whoever shows it escapes it. Its libraries come with `clientward[console]`; no worker imports this room.

May import: `streams` and what is below it.
"""
