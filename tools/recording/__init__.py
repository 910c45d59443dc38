"""A recording of a command in a terminal, as a picture that moves: `python -m tools.recording` records `clientward demo`.

The command runs on a terminal of its own, and what that shows is kept, whatever is printed and however. Offers: `terminal`
(runs a command, and returns what could be seen when) and `film` (the picture).
"""
