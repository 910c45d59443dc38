"""The trades: how often people buy and meet in each, at what price, what is sold, and to whom.

The numbers are plausible rhythms of the trade (a weekly basket, a monthly plan, a home every few years), chosen without
regard to any classifier. Days are days, prices are medians in US dollars before `money` turns them into a currency.
"""

from typing import Final, NamedTuple

from simulator.chance import Odds, odds


class Industry(NamedTuple):
    """One trade.

    Attributes:
        name: the contract's value of `industry`.
        buys_every: days between two purchases of a regular customer.
        asks_every: days between two tickets of a customer about the product.
        meets_every: days between two meetings of a client.
        price: median of one purchase.
        sells: what a customer is sold, by `kind`.
        advises: what a client is sold, by `kind`.
        party: who buys.
        contract: the kind of contract of the trade.
        patience: days of silence after which someone in the trade calls a customer gone.
        sectors: weight among the trades where a persona may be of several.
    """

    name: str
    buys_every: float
    asks_every: float
    meets_every: float
    price: float
    sells: Odds
    advises: Odds
    party: Odds
    contract: str
    patience: float
    sectors: float = 1.0

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of business, in the order in which a relationship usually grows."""
        return LINES[self.name]

    @property
    def client_patience(self) -> float:
        """Days of silence after which someone in the trade calls a client gone: seven missed meetings."""
        return min(300.0, max(120.0, 7.0 * self.meets_every))


PEOPLE: Final = odds(individual=85, business=13, institution=2)
MIXED: Final = odds(individual=45, business=45, institution=10)
FIRMS: Final = odds(individual=10, business=70, institution=20)
GOODS: Final = odds(goods=95, service=5)
PAPERS: Final = odds(goods=45, service=50, advice=5)
PLANS: Final = odds(subscription=90, goods=10)
EXPERT: Final = odds(advice=45, service=25, retainer=30)
CARE: Final = odds(service=60, advice=40)
TAILORED: Final = odds(service=60, advice=25, goods=15)

LINES: Final[dict[str, tuple[str, ...]]] = {
    "consulting": ("reports", "strategy", "delivery"),
    "law": ("documents", "employment", "property", "disputes"),
    "financial_advice": ("funds", "pension", "estate"),
    "insurance": ("auto", "home", "life", "umbrella"),
    "banking": ("account", "card", "mortgage", "wealth"),
    "accounting": ("filing", "payroll", "tax"),
    "architecture": ("plans", "permits", "build"),
    "marketing_agency": ("media", "brand", "search"),
    "real_estate": ("let", "purchase", "management"),
    "healthcare": ("checkup", "therapy", "nutrition"),
    "saas": ("seats", "analytics", "support"),
    "retail": ("clothing", "home", "gifts"),
    "grocery": ("food", "household", "catering"),
    "restaurant": ("table", "delivery", "catering"),
    "streaming": ("films", "sport"),
    "telecom": ("mobile", "fibre", "cloud"),
    "other": ("basic", "extra"),
}
# name, buys_every, asks_every, meets_every, price, sells, advises, party, contract, patience, sectors
INDUSTRIES: Final = {
    trade.name: trade
    for trade in (
        Industry("consulting", 70, 90, 13, 2400, PAPERS, EXPERT, FIRMS, "engagement", 300),
        Industry("law", 90, 100, 17, 700, PAPERS, EXPERT, MIXED, "engagement", 330),
        Industry("financial_advice", 60, 100, 24, 400, PAPERS, EXPERT, MIXED, "engagement", 270),
        Industry("insurance", 61, 130, 33, 260, PLANS, TAILORED, MIXED, "policy", 270),
        Industry("banking", 24, 90, 30, 120, PLANS, EXPERT, MIXED, "engagement", 180),
        Industry("accounting", 45, 90, 21, 500, PAPERS, EXPERT, FIRMS, "retainer", 270),
        Industry("architecture", 90, 110, 12, 1800, PAPERS, EXPERT, MIXED, "engagement", 330),
        Industry("marketing_agency", 45, 80, 9, 1500, PAPERS, EXPERT, FIRMS, "retainer", 240),
        Industry("real_estate", 330, 150, 9, 1500, PAPERS, EXPERT, MIXED, "engagement", 420),
        Industry("healthcare", 60, 110, 18, 140, GOODS, CARE, PEOPLE, "engagement", 270),
        Industry("saas", 30.4, 60, 20, 90, PLANS, TAILORED, FIRMS, "subscription", 150),
        Industry("retail", 26, 110, 24, 60, GOODS, TAILORED, PEOPLE, "engagement", 210, 2.0),
        Industry("grocery", 7, 120, 24, 45, GOODS, TAILORED, PEOPLE, "engagement", 90, 2.0),
        Industry("restaurant", 9, 150, 24, 22, GOODS, TAILORED, PEOPLE, "engagement", 110, 2.0),
        Industry("streaming", 30.4, 120, 28, 12, PLANS, TAILORED, PEOPLE, "subscription", 120),
        Industry("telecom", 30.4, 100, 28, 35, PLANS, TAILORED, MIXED, "subscription", 130),
        Industry("other", 35, 100, 22, 150, GOODS, TAILORED, MIXED, "engagement", 210),
    )
}  # fmt: skip

# Which markets a party buys in.
MARKETS: Final = {
    "individual": odds(consumer=80, retail=20),
    "business": odds(business=65, retail=12, wholesale=23),
    "institution": odds(business=80, wholesale=20),
}


class Money(NamedTuple):
    """A currency, its digits after the point, and how many units are about a US dollar."""

    currency: str
    digits: int
    rate: float


MONEYS: Final = (
    Money("USD", 2, 1.0),
    Money("EUR", 2, 0.9),
    Money("GBP", 2, 0.8),
    Money("CHF", 2, 0.9),
    Money("JPY", 0, 150.0),
    Money("SEK", 2, 10.5),
    Money("INR", 2, 84.0),
    Money("BHD", 3, 0.38),
)
MONEY_ODDS: Final = odds(USD=38, EUR=27, GBP=12, CHF=6, JPY=6, SEK=4, INR=5, BHD=2)
