"""The same questions asked of a file of events, with no server: the core folds it here.

Offers: `event_file` (its lines as messages), `replaying` and `replaying_shards` (what they say, folded by one process or by
several), `account`, `backtest` (two policies on one history), `recordings` (how a firm records), `labels` and `examples`
(labelled accounts), `fitting` (a policy learned from them; needs `clientward[learn]`). All of it is computation: a caller
with an event loop runs it in a thread.
"""
