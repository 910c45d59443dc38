"""Faust's and aiokafka's insides, bent to batches: the only room that touches what is private of them.

May import `wire`. Offers: `transport` (the entry point `batch://`), `host` (what this room asks of the app), `recovery`
(tables), `faust_private` and `mode_private` (what the engine and the worker need of their insides). The rest is the room's
own: fetching, and aiokafka's insides.
"""
