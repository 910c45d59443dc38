"""What a firm records, measured on its events in one pass and without labels.

A `Recording` sees every message once. It counts which fields are filled and which kinds are used, and adds up for each
account the evidence of its contacts: once as the kinds say it, and once as if every contact were of the mean kind, since
only the whole tells whether this firm's kinds mean anything. `relationship.analysis.calibration` makes a policy of it.
"""

from collections import Counter
from math import exp, log
from typing import Final

import msgspec

from relationship.classify.dimensions import ENGAGEMENT
from relationship.classify.signals import effects_of, remember, sign_of_life
from relationship.contract import messages as m
from relationship.contract import times
from relationship.contract.names import DIMENSIONS, OPTIONAL
from relationship.policy.compiled import Policy
from relationship.policy.file import Firm
from relationship.state import facts as f
from relationship.state.account import Account
from relationship.state.facts_from_messages import fact_of

TYPES: Final = {m.Purchase: "purchase", m.Ticket: "ticket", m.Meeting: "meeting", m.Profile: "profile"}
CANCELLATION: Final = "cancellation"
IN_TOUCH: Final = 3  # contacts with people from which an account tells how a firm writes down a relationship
LEAST_YEARS: Final = 0.5  # over which contacts are counted: fewer months would make a habit of one week's talks
BUSY: Final = 0.9  # the quantile of accounts whose contact is taken for this firm's much
Masses = list[float]


def _zeros() -> Masses:
    return [0.0] * len(DIMENSIONS)


class Seen:
    """What is kept of one account: its evidence by source, its contacts in time, and what it ever had.

    Attributes:
        context: what tickets and orders are recognised by.
        masses: evidence for each dimension, by the messages it comes from; `_mean`: as if every kind were the mean one.
        contacts: contacts with people; `first` and `last` the event times (µs) of the first and last.
        bought: sales; `served` those that were more than goods.
        lines: lines of business bought.
        agreed: it ever had an agreement.
    """

    __slots__ = ("agreed", "bought", "contacts", "context", "first", "last", "lines", "managed", "masses", "served")

    def __init__(self) -> None:
        self.context = Account()
        self.masses = {source: _zeros() for source in ("purchase", "meeting", "meeting_mean", "ticket", "ticket_mean")}
        self.contacts = self.bought = self.served = 0
        self.first = self.last = 0
        self.lines: set[str] = set()
        self.agreed = False


class Recording:
    """Counts over all messages seen, and what was kept of each account.

    Attributes:
        policy: the policy that it is measured by, without any firm's part.
        messages: how many messages of each type.
        filled: how many of them had the field, by (type, field).
        kinds: how many contacts were of the kind, by (type, kind).
        contacts: how many contacts with people were of the kind and channel, by (type, kind, channel).
        accounts: what was kept of each account.
    """

    def __init__(self, policy: Policy) -> None:
        unknown = msgspec.structs.replace(policy.source, firm=Firm(kinds={"meeting": 0.0, "ticket": 0.0}))
        plain = msgspec.structs.replace(policy.source, firm=None)
        self.policy, self._mean = Policy(plain), Policy(unknown)
        self.messages: Counter[str] = Counter()
        self.filled: Counter[tuple[str, str]] = Counter()
        self.kinds: Counter[tuple[str, str]] = Counter()
        self.contacts: Counter[tuple[str, str, str | None]] = Counter()
        self.accounts: dict[str, Seen] = {}

    def see(self, message: m.Message) -> None:
        """Count one message. Commands and the worker's own messages say nothing of how a firm records."""
        name = TYPES.get(type(message))
        if name is None:
            return
        self.messages[name] += 1
        for field in OPTIONAL[name]:
            if getattr(message, field) is not None:
                self.filled[name, field] += 1
        seen = self.accounts.setdefault(message.account_id, Seen())
        fact = fact_of(message)
        if isinstance(fact, f.ProfileFact):
            seen.agreed |= fact.contract is not None
        else:
            self._add(seen, name, fact, message)

    def _add(self, seen: Seen, name: str, fact: f.Fact, message: m.Message) -> None:
        """Add up the evidence of a purchase, a ticket or a meeting."""
        gained = 0.0
        for source, policy in ((name, self.policy), (f"{name}_mean", self._mean)):
            masses = seen.masses.get(source)
            if masses is not None:
                for i, good, _ in effects_of(fact, seen.context, policy):
                    masses[i] += good
                    gained += good if i == ENGAGEMENT else 0.0
        remember(seen.context, fact)
        if isinstance(fact, f.PurchaseFact):
            self._add_purchase(seen, fact)
        elif gained and sign_of_life(fact):
            if isinstance(message, m.Ticket | m.Meeting):
                self.kinds[name, message.kind] += 1
                self.contacts[name, message.kind, message.channel] += 1
            seen.contacts += 1
            seen.first, seen.last = min(seen.first or fact.t, fact.t), max(seen.last, fact.t)

    def _add_purchase(self, seen: Seen, fact: f.PurchaseFact) -> None:
        if fact.flags & f.REFUND:
            return
        seen.bought += 1
        seen.served += fact.kind != 0
        seen.agreed |= bool(fact.flags & f.UNDER_CONTRACT)
        if fact.category:
            seen.lines.add(fact.category)

    def share(self, name: str, field: str) -> float:
        """Return the share of a type's messages that have the field, 0-1."""
        return self.filled[name, field] / max(1, self.messages[name])

    def density(self) -> float:
        """Return how many meetings and tickets there are for one purchase; 0 where there are no purchases."""
        bought = self.messages["purchase"]
        return (self.messages["meeting"] + self.messages["ticket"]) / bought if bought else 0.0

    def usual_kinds(self, name: str) -> float:
        """Return how many kinds of a meeting or ticket are in use: the number of equally frequent ones that says as much."""
        counts = [n for (of, kind), n in self.kinds.items() if of == name and kind != CANCELLATION]
        total = sum(counts)
        return exp(-sum(n / total * log(n / total) for n in counts)) if total else 0.0

    def in_touch(self) -> list[Seen]:
        """Return the accounts that have been in touch with people often enough to tell how the firm records that."""
        return [seen for seen in self.accounts.values() if seen.contacts >= IN_TOUCH]

    def masses_of(self, seen: Seen, told: dict[str, float]) -> Masses:
        """Return the evidence of an account, where a kind tells only so much (0-1)."""
        total = seen.masses["purchase"][:]
        for name in ("meeting", "ticket"):
            own, mean, share = seen.masses[name], seen.masses[f"{name}_mean"], told.get(name, 1.0)
            for i in range(len(total)):
                total[i] += share * own[i] + (1.0 - share) * mean[i]
        return total

    def busy(self, told: dict[str, float]) -> float | None:
        """Return the evidence of contact in a year of this firm's busy accounts; None where there is no contact at all."""
        rates = sorted(
            self.masses_of(seen, told)[ENGAGEMENT]
            / max(LEAST_YEARS, (seen.last - seen.first) / (365.25 * times.DAY_US))
            for seen in self.accounts.values()
            if seen.contacts
        )
        return rates[int(BUSY * (len(rates) - 1))] if rates else None
