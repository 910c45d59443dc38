"""How well the classifier does at firms that nobody has seen, without labels, beside a regression that had some.

    python -m quality.firms --split tuning --firm all --accounts 20
    python -m quality.firms --split heldout --firm "every field" --calibrate --rivals

`folding` folds what a firm recorded; `figures` counts; `regression` is the rival; `calibrating` asks the product for a
policy of the firm's own. What is in the split `heldout` is for the report alone: nothing may be tuned on it.

Offers: `measuring`, `figures`, `folding`.
"""
