"""Names that the contract and the policy share: the fourteen dimensions, the optional fields, and the types of names."""

from typing import Annotated, Final

from msgspec import Meta

DIMENSIONS: Final = (
    "duration",
    "engagement",
    "personalisation",
    "bought",
    "trust",
    "loyalty",
    "commitment",
    "dialogue",
    "value",
    "breadth",
    "needs",
    "expectations",
    "duties",
    "service",
)
# The optional fields of what the intake brings, whose filling is how a firm records; a purchase's `entry` and the keys say
# nothing of that.
OPTIONAL: Final = {
    "purchase": ("kind", "category", "list_price", "customised", "channel", "contract_id", "paid_on"),
    "ticket": ("channel", "initiator", "sentiment", "csat", "sla_met", "outcome_met"),
    "meeting": ("channel", "initiator", "attendees_theirs", "attendees_ours", "outcome_met", "requirement_change"),
    "profile": ("industry", "party", "market", "contract", "account_manager", "goals"),
}
INDEX: Final = {name: i for i, name in enumerate(DIMENSIONS)}
Name = Annotated[str, Meta(min_length=1, max_length=64, description="a name")]
Label = Annotated[str, Meta(min_length=1, max_length=32, description="a name")]
