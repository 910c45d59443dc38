"""How well the classifier does its work, measured: on the simulator, on real purchases, and against its rivals.

Not part of the product: it may use scikit-learn and the like, from `requirements/quality.lock`, in an environment of its
own. `make quality` measures and writes `quality/results.json` and `docs/quality.md`; every figure there is from one run.

`courses` plays the simulator and folds it; `tally` counts what was told against the truth; `rivals` are the obvious other
rules; `firms` is how right it is where firms record in other ways; `cdnow` folds real purchases and ranks buyers; `models`
and `bounds` are what others make of the same purchases; `report` writes the page. `mutation` is about the tests, and runs
in the product's environment.
"""
