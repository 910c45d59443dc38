"""The rows of the mission's page, quoted from it: what `make mission` lists, one line each.

A row's key is what a test's mark `row` names. What is not built has its reason in `NOT_BUILT` and no test; a row is in one
of the two, and `test_mission_rows.py` sees to that.
"""

from typing import Final, NamedTuple


class Row(NamedTuple):
    """One row: its key, and the page's words for it."""

    key: str
    quote: str


ROWS: Final = (
    Row("D1", "duration: one-off, or now and then | months and years, regularly; long tenure alone is not enough"),
    Row("D2", "engagement: none after the sale | check-ins, planning, several kinds of contact, often"),
    Row("D3", "personalisation: standard, self-serve | tailored to the account"),
    Row("D4", "what is bought: goods, convenience | advice, expertise, a service"),
    Row("D5", "trust: expects the product to work | shares information, asks for advice, collaborates"),
    Row("D6", "loyalty: switches on price or convenience | stays when it is not the cheapest"),
    Row("D7", "commitment: informal | a contract or a formal agreement, with duties on both sides"),
    Row("D8", "dialogue: feedback at the point of sale | open, regular, both ways; interviews, surveys, reviews"),
    Row("D9", "perceived value: price | outcome and expertise"),
    Row("D10", "breadth: one line | grows across lines: auto, home, life, umbrella"),
    Row("D11", "evolving needs: the same thing again | needs change and are anticipated"),
    Row("D12", "expectations: a working product | agreed outcomes, met"),
    Row("D13", "duties kept: pays at the till | defines needs, gives feedback, pays on time"),
    Row("D14", "service given: efficient, at scale | a named person, hours of people's time"),
    Row("industries: clients", "Leaning to clients: consulting, law, financial advice, accounting, architecture, …"),
    Row("industries: customers", "Leaning to customers: retail, grocery, restaurant, streaming, telecom, online store"),
    Row("either: insurance", "one policy, or the whole household's risk"),
    Row("either: real estate", "a short let, or a long search with viewings and negotiation"),
    Row("either: SaaS", "self-serve seats, or onboarding and reviews"),
    Row("either: healthcare", "Either way: healthcare"),
    Row("either: digital marketing", "Either way: digital marketing"),
    Row("coffee shop", "A wealthy regular at a coffee shop is a loyal customer."),
    Row("law firm", "A law firm's one-off document sale is a customer's purchase."),
    Row("segments: clients", "Clients: individual, business, institution; external or internal."),
    Row("segments: customers", "Customers: potential, new, regular, loyal; consumer, business, retail, wholesale."),
    Row("segments: wholesale", "A wholesale buyer who never talks stays a customer. Loyal is not client."),
    Row(
        "play: prospect, customer", "efficient, self-serve, prompt, at scale | broad reach | predict needs in the mass"
    ),
    Row("play: candidate", "a first named contact | education | invite a planning talk; ask for goals and feedback"),
    Row("play: client", "a dedicated person, bespoke, proactive | one to one | regular check-ins, agreed outcomes, …"),
    Row("play: lapsed", "win back or let go, by what it was worth | as it was before | ask why; learn from the answer"),
    Row("play: stop", "The play says what to stop as well"),
    Row("play: costs", "The cost of each mistake is a setting of the policy, by industry."),
    Row("system: CRM", "a CRM at scale (accounts, contracts, account managers)"),
    Row(
        "system: communication",
        "targeted communication and segmentation: an example subscriber keeps its segments and tags in step",
    ),
    Row("system: analytics, files", "states and reclassifications as files for analysis (Parquet)"),
    Row("system: analytics, backtest", "a backtest on history"),
    Row("system: chat agent", "channel: bot, … and weigh differently for businesses and consumers"),
    Row("system: rewards, play", "the play's rewards follow tenure and use"),
    Row("system: rewards, subscriber", "rewards and loyalty programmes: an example subscriber"),
    Row("system: surveys", "surveys, interviews, feedback: `feedback`, `interview`, `csat`"),
    Row("system: workshops", "workshops, webinars: meeting kinds; also actions of the play"),
    Row("system: referrals", "`referred_by`; success-story candidates"),
    Row("system: retention", "the base's retention rate as a gauge"),
    Row("only 1", "Decided on the event, in milliseconds, up and down, with two thresholds and a least stay."),
    Row("only 2", "contributions with the ids of the events behind them, the policy's version, and what next."),
    Row("only 3", "The same events give the same decisions, live, replayed, …, or after a crash"),
    Row(
        "only 3: corrections",
        "A late, corrected, merged or withdrawn event that undoes a decision is told as a correction.",
    ),
    Row("only 4", "A policy is data: checked, versioned | backtested on history before it is published."),
    Row("only 4: hot", "hot-reloaded from a topic"),
    Row("only 4: shadow", "tried in shadow on the live stream with the difference shown"),
    Row("only 5", "Erasure"),
    Row("only 5: verified", "Erasure that is verified in every store and topic."),
)

NOT_BUILT: Final[dict[str, str]] = {}
