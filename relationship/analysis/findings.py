"""How a firm records, in sentences for a person: what is there, what is missing, what can be reached, and what to do."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from relationship.analysis.recording import Recording
from relationship.contract.names import DIMENSIONS, OPTIONAL
from relationship.policy.compiled import Policy
from relationship.policy.file import Firm

SELDOM: Final = 0.1  # share of the messages with a field, from which on it is not worth a sentence
MOST: Final = 0.6  # share of the contacts, of one kind and channel, that is worth one
MUCH, LITTLE = 1.5, 0.67  # times the reference's contact that are worth one
DEAR: Final = 3.0  # points of a dimension that are worth being told how to win
POOR: Final = 75.0  # points that can be reached, below which the shipped policy should not be used as it is
ORDER: Final = ("purchase", "ticket", "meeting", "profile")
CHANNELS: Final = {"email": "e-mails", "phone": "calls", "chat": "chats", "bot": "a bot's chats", "web": "web forms"}
# What to fill in, or to log, that a dimension can be told.
WAYS: Final = {
    "engagement": "log meetings and tickets",
    "personalisation": "tell the kinds of meetings, and which purchases were customised",
    "bought": "tell the kind of purchases",
    "trust": "tell who initiates, and log what asks for advice as such",
    "loyalty": "send purchases",
    "commitment": "send contracts with the profiles, or contract_signed with the meetings",
    "dialogue": "send csat, feedback and reviews",
    "value": "send csat and outcome_met",
    "breadth": "tell the category of purchases",
    "needs": "tell requirement_change",
    "expectations": "send sla_met and outcome_met",
    "duties": "send due_on and paid_on",
    "service": "send the duration of meetings",
}


def findings(recording: Recording, firm: Firm, policy: Policy) -> Iterator[str]:
    """Yield what was found, one sentence each; `policy` is the one that the firm's part was made for."""
    messages = recording.messages
    counts = ", ".join(f"{messages[name]:,} {name}s" for name in ORDER if messages[name])
    yield f"{len(recording.accounts):,} accounts with {counts}; {len(recording.in_touch()):,} are in touch with people"
    for name in ORDER:
        yield from _fields(recording, name)
    yield from _kinds(recording)
    density = firm.scales.get("engagement", 1.0)
    if density > MUCH or density < LITTLE:
        yield f"busy accounts have {density:.2g} times the contact of the reference: that is what much is here"
    yield reached(policy, firm)


def _fields(recording: Recording, name: str) -> Iterator[str]:
    """Yield which fields of a type are never there, and which seldom."""
    if not recording.messages[name]:
        yield f"there are no {name}s"
        return
    shares = {field: recording.share(name, field) for field in OPTIONAL[name]}
    never = [field for field, share in shares.items() if not share]
    if never:
        listed = never[0] if len(never) == 1 else f"{', '.join(never[:-1])} or {never[-1]}"
        yield f"no {name} has {listed}"
    for field, share in shares.items():
        if 0.0 < share < SELDOM:
            yield f"only {share:.0%} of the {name}s have {field}"


def _kinds(recording: Recording) -> Iterator[str]:
    """Yield what most contacts are, where they are nearly all of one kind."""
    total = sum(recording.contacts.values())
    if not total:
        return
    (name, kind, channel), count = recording.contacts.most_common(1)[0]
    if count / total >= MOST:
        what = CHANNELS.get(channel or "", f"{name}s")
        yield f"{count / total:.0%} of the contacts with people are {what} logged as a {kind.replace('_', ' ')}"
        return
    for name in ("meeting", "ticket"):
        of_type = {kind: n for (of, kind), n in recording.kinds.items() if of == name}
        if of_type and max(of_type.values()) / sum(of_type.values()) > 1 - 0.1:
            kind = max(of_type, key=of_type.__getitem__)
            yield f"nearly every {name} is logged as a {kind.replace('_', ' ')}: what it is called says nothing here"


def reached(policy: Policy, firm: Firm) -> str:
    """Return how many points can be reached, and what would win the most of those that cannot."""
    lost = {each.name: each.lost for each in told_points(policy, firm)}
    text = f"{policy.reach_of(firm):.0f} of the 100 points can be reached"
    dear = sorted((d for d in DIMENSIONS if lost[d] >= DEAR and d in WAYS), key=lambda d: -lost[d])[:3]
    if not dear:
        return text
    return f"{text}; to win more, " + "; ".join(f"{WAYS[d]} ({d}, {lost[d]:.0f} points)" for d in dear)


class Told(NamedTuple):
    """How much of a dimension a firm's events can say.

    Attributes:
        name: the dimension.
        points: of 100, its share of the score where everything is said.
        lost: of them, what the events cannot win.
        way: what to fill in, or to log, that it can be told; empty where no one thing does it.
    """

    name: str
    points: float
    lost: float
    way: str


def told_points(policy: Policy, firm: Firm) -> list[Told]:
    """Return every dimension, in the order of the score."""
    weights = {d: each.weight for d, each in policy.source.dimensions.items()}
    total = sum(weights.values())
    points = {d: 100 * weights[d] / total for d in DIMENSIONS}
    return [Told(d, points[d], points[d] * (1 - firm.coverage.get(d, 1.0)), WAYS.get(d, "")) for d in DIMENSIONS]


def advice(policy: Policy, firm: Firm) -> str | None:
    """Return what to do where a policy without a firm's part is used on a firm whose events say much less; else None."""
    usual = policy.reach_of(firm) >= POOR and LITTLE <= firm.scales["engagement"] <= MUCH
    if policy.source.firm is not None or usual:
        return None
    return (
        f"{reached(policy, firm)}. The policy {policy.id} {policy.version} stands for a firm that fills in more, or logs "
        "otherwise: `clientward policy calibrate` makes it this firm's own"
    )
