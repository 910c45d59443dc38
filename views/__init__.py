"""What people ask of the system, each question one function with a typed answer: for the command line and for a console.

| question | function |
|---|---|
| an account now, at a time, or over time | `accounts.stored`: `account_now`, `account_at`, `timeline`, `course` |
| which account goes on with a merged one | `accounts.stored`: `merged_into` |
| where an erased account is still to be found | `accounts.erasure`: `erasure_report` |
| decisions, past and live | `base.decisions`: `decisions`, `follow_decisions` |
| how many accounts have which status | `base.statuses`: `base_counts` |
| how many clients stay | `base.retention`: `retention`, `Retentions` (followed) |
| states and decisions as files | `base.exports`, `base.parquet` |
| refusals by reason | `operations.refusals`: `refusals` |
| how far the workers are behind | `operations.lag`: `lag`; `operations.outstanding`: `outstanding` |
| how fast, how far behind and by whom, at one look | `operations.flow`: `flow`, `rates` |
| who works | `operations.workers`: `workers` |
| how the servers do, and how far the topics are | `operations.servers`: `redis_server`, `kafka_cluster`, `topic_ends` |
| how deliveries do | `operations.deliveries`: `deliveries`, `dead_messages` |
| who did what | `operations.audit`: `audit` |
| whether all is well | `operations.doctor`: `findings`; `operations.topics`: `topic_plan` |
| policies in force, to come and in shadow | `policies.published`: `policies`; `policies.differences`: `differences` |
| the same of a file, with no server | `offline` |

Rules: answers are msgspec Structs, so `msgspec.json.encode` makes JSON of them; times are RFC 3339. Nothing here prints,
changes a server or knows of a terminal, and text in an answer is as it came: whoever shows it escapes it. The text of an
error is one line that says what to do: those of `errors`, `TopicsError`, `PolicyError`, `RecordError`. What reads Kafka or
Redis is a coroutine; `offline` computes, and a caller with an event loop runs it in a thread.

May import: `delivering`, `streams` and what is below it.
"""
