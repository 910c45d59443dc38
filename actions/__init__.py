"""What a person does to the system, for the command line and for a console: each action is one coroutine.

Offers: `accounts` (commands on one account), `events` (publish a file of events), `policies` (publish, roll back, try in
shadow), `topics` (create and correct them), `dead_letters` (send them again, or give them up), `deliveries` (pause,
resume, replay, redrive), `backups` (the table into a file, and back), `positions` (where the group goes on from),
`auditing` (what a reason may be), `errors` (why an action was not done). The room's own: `groups`, `tables`.

Rules: every record is confirmed by Kafka, and every wish by Redis, before a function returns. Nothing here prints or knows
of a terminal. The text of an error is one line that says what to do. May import: `delivering`, `streams` and what is below
them; `views`, which asks questions, stands beside it.
"""
