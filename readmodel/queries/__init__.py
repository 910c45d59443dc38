"""Rows to answers: one module a list, each question one function of an open `ReadModel`. They block.

`choosing` tells which way a list is read; `rows` makes messages of rows. Raises DatabaseError, and CursorError for a cursor
that is none. May import: what stands beside it, but not `writing` and `following`.
"""
