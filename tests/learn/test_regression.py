"""The rival regression: it learns what is there to learn, and never from the kind that it is asked about."""

import numpy as np
import pytest

from quality.courses import END
from quality.firms import regression
from quality.firms.folding import heard
from quality.firms.learning import drawn, learned, with_labels
from relationship.policy.compiled import default_text, parse_policy
from simulator.firms import FIRMS, KINDS, Base

CLIENTS = ("advised_monthly", "retained", "in_therapy", "onboarded")
OTHERS = ("faithful_shopper", "plan_holder", "box_by_quiz", "bought_once")


def accounts(seed, kinds=CLIENTS + OTHERS, firm="every field", per_kind=8):
    """Return accounts of some kinds as a firm knows them."""
    return heard(Base([KINDS[name] for name in kinds], per_kind=per_kind, seed=seed, end=END), FIRMS[firm])


def test_a_row_counts_what_was_heard_and_all_rows_are_as_long():
    """An account of which nothing was heard has a row too; what a firm does not record is not in the row."""
    full = accounts(1)
    rows, clients, kinds = regression.table([*full, full[0]._replace(messages=[])])
    assert rows.shape[0] == len(full) + 1
    assert np.isfinite(rows).all()
    assert clients.sum() == 8 * len(CLIENTS) + 1
    assert kinds[:8] == ["advised_monthly"] * 8
    bare = accounts(1, firm="none, one kind of each")
    assert not np.allclose(regression.table(bare)[0], rows[:-1])


def test_taught_on_the_same_kinds_it_tells_plain_ones_apart():
    """Eight kinds that anybody can tell apart are told apart on other accounts of them."""
    found = regression.scored(accounts(1), accounts(2))
    assert found["f1"] > 0.95
    assert {"precision", "recall", "f1"} == set(found)


def test_across_kinds_nothing_is_learned_of_the_kind_that_is_judged(monkeypatch):
    """Each fold is judged by a regression whose training had none of the fold's kinds."""
    asked, seen = accounts(3, per_kind=3), []
    rows, _, kinds = regression.table(asked)
    kind_of = {row.tobytes(): kind for row, kind in zip(rows, kinds, strict=True)}
    real = regression._trained

    def trained(x, y):
        seen.append({kind_of[row.tobytes()] for row in x})
        return real(x, y)

    monkeypatch.setattr(regression, "_trained", trained)
    regression.across_kinds(asked)
    left_out = [set(kinds) - each for each in seen]
    assert len(seen) == regression.FOLDS
    assert set().union(*left_out) == set(kinds)
    assert sum(map(len, left_out)) == len(set(kinds))


def test_the_products_own_learning_is_what_learns():
    """`policy learn` on labelled accounts makes another policy that holds; on too few labels it makes none."""
    labelled = drawn(accounts(4), "every field", 0, labels=50)
    text = learned(labelled, default_text())
    parse_policy(text, "learned")
    assert learned(labelled[:3], default_text()) == default_text()


def test_both_learn_from_the_same_accounts():
    """The regression is trained on the accounts whose labels the product had, and the medians are told."""
    given = []

    def regressed(labelled):
        given.append([each.truth.account_id for each in labelled])
        return 0.5 + 0.1 * len(given)

    teachers = accounts(5, per_kind=3)
    found = with_labels("every field", teachers, default_text(), lambda text: 0.9 if text else 0.0, regressed, 3)
    assert given == [[each.truth.account_id for each in drawn(teachers, "every field", draw)] for draw in range(3)]
    assert found["learned_f1"] == pytest.approx(0.9)
    assert found["regression_f1"] == pytest.approx(0.7)
