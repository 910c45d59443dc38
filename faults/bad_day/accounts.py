"""The reckoning: is every event that Kafka has in its account, or a dead letter, and none lost or counted twice?"""

from faults.bad_day.stage import Day


async def reckoning(day: Day) -> list[str]:
    """Note what was sent and what became of it; return what is wrong."""
    await day.until_folded()
    good, records = day.traffic.good, day.records()
    letters = await day.dead_letters()
    refused = sorted((each.key or b"").decode() for each in letters)
    wrong = [
        f"{account} has {records[account].applied if account in records else 0} events of {len(events)}"
        for account, events in good.items()
        if account not in records or records[account].applied != len(events)
    ]
    if refused != sorted(account for account, _ in day.traffic.broken):
        wrong.append(f"{len(refused):,} dead letters for {len(day.traffic.broken):,} records that are none")
    repeats = sum(record.repeats for record in records.values())
    day.seen(
        f"{sum(map(len, good.values())):,} events of {len(good):,} accounts, each once in its account; {repeats:,} repeats "
        f"recognised; {len(letters):,} dead letters, each of a record without an amount"
        if not wrong
        else f"wrong: {'; '.join(wrong[:5])}"
    )
    return wrong
