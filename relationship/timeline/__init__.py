"""An account through time: events where they belong, corrections, merges, commands, timers, and what is told of it.

May import `classify` and below. Offers: `account_step` (one account in one step), `history`, `as_of` (what stood at a
moment), `explain` and `what_next` (the words), `state_message`, `published` (the policies published), `shadow`, `posting`
(messages as they are sent), `merging`. `commands` is the room's own.
"""
