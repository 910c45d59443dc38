"""The soak: one worker as shipped under a steady load for half an hour or more, and whether its memory stays flat."""
