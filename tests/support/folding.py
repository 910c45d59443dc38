"""Messages folded onto one account, without a record: what the tests of the fold begin with."""

from story import POLICY, on, purchase

from relationship.classify.fold import advance, fresh
from relationship.contract.times import micros
from relationship.state.facts_from_messages import fact_of


def day(days):
    """Return a moment of the story in µs."""
    return micros(on(days))


def folded(*told, onto=None, rules=POLICY):
    """Fold messages onto an account, in order."""
    account = fresh() if onto is None else onto
    for _, message in told:
        advance(account, fact_of(message), rules)
    return account


def bought(days):
    """Return an account that bought once, so many days into the story."""
    return folded(purchase(days))
