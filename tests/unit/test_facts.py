"""Facts made of messages: what is kept of each, as numbers."""

from datetime import timedelta, timezone

import msgspec
import pytest
from story import meeting, on, purchase, ticket

from relationship.contract.times import micros
from relationship.state.facts_from_messages import fact_of
from relationship.timeline.explain import own_day


@pytest.mark.parametrize("tell", [purchase, ticket, meeting])
@pytest.mark.parametrize("minutes", [0, 120, -330, 840])
def test_a_fact_keeps_the_moment_and_its_own_offset_from_utc(tell, minutes):
    """The moment in UTC, whatever clock it was told by, and how many minutes that clock is ahead."""
    local = on(1).astimezone(timezone(timedelta(minutes=minutes)))
    fact = fact_of(msgspec.structs.replace(tell(1)[1], occurred_at=local))
    assert (fact.t, fact.zone) == (micros(on(1)), minutes)


@pytest.mark.parametrize("tell", [purchase, ticket, meeting])
@pytest.mark.parametrize(("minutes", "its_day"), [(0, "2024-01-02"), (899, "2024-01-02"), (900, "2024-01-03")])
def test_a_fact_happened_on_the_day_of_its_own_clock(tell, minutes, its_day):
    """Nine in the morning in UTC is the next day where the clock is fifteen hours ahead."""
    fact = msgspec.structs.replace(fact_of(tell(1)[1]), zone=minutes)
    assert own_day(fact) == its_day
