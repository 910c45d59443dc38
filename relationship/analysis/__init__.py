"""What is learnt from many accounts: a policy against another, a policy from labels, the base's retention.

May import every other room of `relationship`. Offers: `backtest`, `learning`, `retention`.
"""
