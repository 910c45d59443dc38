"""What the file itself tells, and what only a person knows: which preset fits, how dates and amounts are meant, which words.

Nothing is guessed in silence: what the file settles is noted, and what it does not is a question with an option's name.

Offers: `evidence` (dates, decimals, zone, currency, domains), `proposals` (words), `fit` (presets).
"""
