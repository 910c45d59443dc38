"""Files as people have them, to messages of the contract: read as text, mapped by SQL, built and told.

A file of any form becomes a table of text (`reading`), a mapping asks SQL of it (`mapping`, or one of `presets`), cells are
read as amounts, times and words (`cells`), what only a person knows is looked for and asked for (`guessing`), and rows
become messages or refusals (`building`). Its libraries come with `clientward[import]`; no worker imports this room.

Offers: `run` (the door: from files to messages), `answers` (what a person said), `errors`; and its rooms.
"""
