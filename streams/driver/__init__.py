"""Faust's and aiokafka's insides, bent to batches: the only room that touches what is private of them.

May import `wire`. Offers: `transport` (the entry point `batch://`), `host` (what this room asks of the app), `recovery`
(tables), `assignor`, `fetching`. `unwrapped` is the room's own.
"""
