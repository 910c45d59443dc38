"""What a page has done in the background, in a process of its own, so that no other page waits for it.

Offers: `backtests` (a policy over the kept history: begun, watched, stopped) and `work` (what came of it, and what the other
process runs). Nothing here knows of a page. May import: `views`, `streams` and what is below them.
"""
