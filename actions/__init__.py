"""What a person does to the system by way of Kafka, for the command line and for a console: each action is one coroutine.

Offers: `events` (publish a file of events), `policies` (publish, roll back, try in shadow), `topics` (create and correct
them), `errors` (why an action was not done).

Rules: every record is confirmed by Kafka before a function returns. Nothing here prints or knows of a terminal. The text of
an error is one line that says what to do. May import: `streams` and what is below it; `views`, which asks questions, stands
beside it.
"""
