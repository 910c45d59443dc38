"""A mapping: SQL queries over the file's table, each yielding the fields of one kind of message.

`--map` and the presets are turned into the same. A mapping's head, in comments, says which columns it needs and by which
names files have them, and translates words.

Offers: `mapping` (what one is, and how its text is read), `pairs` (`--map` as SQL), `view` (the table under a mapping's own
names), `functions` (what SQL may call), `prepare` (queries made ready), `syntax` (which columns a query reads), `hints`
(what a field may be, in words), `words_of` (the contract's own words).
"""
