"""How far the tables are behind the topics."""

from sqlalchemy import case, func, select

from readmodel.answers import Standing, TopicStanding
from readmodel.database import ReadModel
from readmodel.queries.rows import moment_of
from readmodel.tables import facts, positions


def standing(model: ReadModel) -> Standing:
    """Return how far the tables are. Raises DatabaseError."""
    of = positions.c
    behind = case((of.end_offset > of.next_offset, of.end_offset - of.next_offset), else_=0)
    fields = select(of.topic, func.sum(of.records), func.sum(behind), func.max(of.last_ms))
    with model.reading() as connection:
        known = {name: bytes(value) for name, value in connection.execute(select(facts.c.name, facts.c.value))}
        topics = connection.execute(fields.group_by(of.topic).order_by(of.topic)).all()
    asked, built = known.get("asked_ms"), known.get("built_ms")
    return Standing(
        built_at=moment_of(int(built)) if built else None,
        why=known.get("why", b"").decode(),
        caught_up=bool(known.get("caught_up")),
        asked_at=moment_of(int(asked)) if asked else None,
        topics=[
            TopicStanding(topic, int(records), int(left), moment_of(last) if last >= 0 else None)
            for topic, records, left, last in topics
        ],
    )
