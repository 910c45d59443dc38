"""An account over time: events inserted in order, corrections, merges, commands, timers, and the messages that result.

May import `classify` and below. Offers: `account_step` (one account in one step), `history`, `as_of` (a record as of an
event time), `explain` and `what_next` (decisions in words), `state_message`, `published` (the policies published), `shadow`,
`posting` (messages as they are sent), `merging`. The rest is the room's own: `handlers` (what each message does), `closing`
(the end of a step), `step_context` (what they share), `commands`.
"""
