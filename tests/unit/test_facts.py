"""Facts made of messages: what is kept of each, as numbers."""

from datetime import timedelta, timezone

import msgspec
import pytest
from story import meeting, on, purchase, ticket

from relationship.contract.times import micros
from relationship.state.facts_from_messages import fact_of


@pytest.mark.parametrize("tell", [purchase, ticket, meeting])
@pytest.mark.parametrize("minutes", [0, 120, -330, 840])
def test_a_fact_keeps_the_moment_and_its_own_offset_from_utc(tell, minutes):
    """The moment in UTC, whatever clock it was told by, and how many minutes that clock is ahead."""
    local = on(1).astimezone(timezone(timedelta(minutes=minutes)))
    fact = fact_of(msgspec.structs.replace(tell(1)[1], occurred_at=local))
    assert (fact.t, fact.zone) == (micros(on(1)), minutes)
