"""Analysis over many accounts: one policy compared with another, a policy fitted to labels, the retention rate.

May import every other room of `relationship`. Offers: `backtest`, `learning`, `retention`, `recording`
(how a firm records), `calibration` (a policy for it), `findings` (both in words), `filling` (how it is counted whether it
still does) and `drift` (whether it does).
"""
