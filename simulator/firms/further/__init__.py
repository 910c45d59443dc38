"""Further kinds of account, all of them for tuning: written to see whether what was learned of the others holds.

May import the habits, lives and manners of `simulator.firms`. Offers one cast for each group of kinds: `kept` (clients in
trades of their own, and by the season), `parted` (relationships that ended, and left a customer), `visited` (customers who
are met, rung up or praised a lot).
"""
