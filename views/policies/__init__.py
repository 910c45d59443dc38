"""The policies that the workers follow, and where the one on trial differs.

Offers: `published`, `texts` (to compare them), `differences`, `recordings` (how the firm records whose events the topics
hold), `kept` (the history itself, to try a policy on).
"""
