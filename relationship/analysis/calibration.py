"""From how a firm records to the `[firm]` part of its policy: a closed formula, with the reason of each number.

For each dimension, the evidence of the firm's accounts in touch is compared, for a unit of contact, with the reference,
where every field is filled. A fifth of the evidence is worth a fifth of the scale, and it weighs less, since few pieces say
less surely; none at all leaves the sum. How much contact there is at all moves the scales of all that contact feeds.
"""

from collections.abc import Iterable
from math import sqrt
from typing import Final

import msgspec

from relationship.analysis.recording import Masses, Recording
from relationship.contract import messages as m
from relationship.contract.names import INDEX, OPTIONAL
from relationship.policy.compiled import Policy, parse_policy
from relationship.policy.file import Firm, PolicyError
from relationship.policy.firm_text import with_firm

# Evidence in the reference of accounts in touch, for a unit of evidence of contact. Measured, as all that follows, on the
# simulator's tuning seed 1 with every field filled.
REFERENCE: Final = {
    "personalisation": 0.67,
    "trust": 0.87,
    "dialogue": 0.30,
    "value": 0.78,
    "needs": 0.43,
    "expectations": 1.34,
    "service": 1.12,
}
BUSY: Final = 28.0  # evidence of contact in a year of the reference's busy accounts
SERVED: Final = 0.3  # share of the purchases of accounts in touch that are more than goods
AGREED: Final = 0.4  # share of the accounts in touch that have an agreement
LINES: Final = 0.5  # share of the accounts in touch that buy in several lines
PAID: Final = 0.3  # evidence of payment of a purchase
NOTHING: Final = 0.04  # of the reference: so little is chance, and no way of recording
DENSITY: Final = (
    0.15,
    6.0,
)  # least and most: a firm whose contact is further off keeps no record of it, or of all else
KINDS_NONE, KINDS_ALL = 1.15, 2.2  # kinds in use at which a kind tells nothing, and all that it tells elsewhere
# Points by which the bar of a calibrated policy is higher: its own scales bring customers nearer as well as clients. More
# where kinds tell nothing; less where little contact is logged, since few pieces of evidence fall short by chance.
BAR, BAR_BLIND, BAR_SPARSE = 8.0, 4.0, -7.0
LEAST: Final = 20  # accounts in touch; fewer are no way of recording


def _clamped(value: float, least: float, most: float) -> float:
    return min(most, max(least, value))


def _surely(share: float) -> float:
    """Return how much evidence weighs of which there is a share of the reference's: fewer pieces say less surely."""
    return 0.0 if share < NOTHING else min(1.0, sqrt(share))


def told_of(recording: Recording) -> dict[str, float]:
    """Return how much the kind of a meeting and of a ticket tells, 0-1: nothing where one kind is used for all."""
    return {
        name: _clamped((used - KINDS_NONE) / (KINDS_ALL - KINDS_NONE), 0.0, 1.0)
        for name in ("meeting", "ticket")
        if (used := recording.usual_kinds(name))
    }


def firm_of(recording: Recording) -> Firm:
    """Return the part of a firm that records so. Raises PolicyError where too few of its accounts are in touch to tell."""
    told, touched = told_of(recording), recording.in_touch()
    if len(touched) < LEAST:
        raise PolicyError(
            f"{len(touched)} accounts were in touch with people three times or more, and {LEAST} are needed to tell how "
            "the firm records: take a longer history, or stay with the policy as it is"
        )
    masses = [recording.masses_of(seen, told) for seen in touched]
    contact = _sum(masses, "engagement")
    ratios = {name: _sum(masses, name) / contact / usual for name, usual in REFERENCE.items()}
    density = _clamped((recording.busy(told) or BUSY) / BUSY, *DENSITY)
    scales = {name: _clamped(density * ratio, *DENSITY) for name, ratio in ratios.items() if ratio >= NOTHING}
    bought = max(1, sum(seen.bought for seen in touched))
    commitment = INDEX["commitment"]
    agreed = sum(seen.agreed or any(seen.masses[n][commitment] for n in ("purchase", "meeting")) for seen in touched)
    coverage = {name: _surely(ratio) for name, ratio in ratios.items()} | {
        "bought": _surely(sum(seen.served for seen in touched) / bought / SERVED),
        "loyalty": 1.0 if recording.messages["purchase"] else 0.0,
        "commitment": _surely(agreed / len(touched) / AGREED),
        "breadth": _surely(sum(len(seen.lines) > 1 for seen in touched) / len(touched) / LINES),
    }
    paid = _surely(_sum(masses, "duties") / bought / PAID)
    coverage["duties"] = (2 * paid + coverage["dialogue"] + coverage["needs"]) / 4  # as the dimension itself is made up
    firm = Firm(
        coverage={name: round(share, 2) for name, share in sorted(coverage.items(), key=lambda each: INDEX[each[0]])},
        scales={name: round(scale, 3) for name, scale in {"engagement": density, **scales}.items()},
        kinds={name: round(share, 2) for name, share in told.items()},
        bills=bool(recording.messages["purchase"]),
        density=round(recording.density(), 3),
        filled=_filled(recording),
    )
    blind = 1.0 - min(told.values(), default=1.0)
    bar = BAR + BAR_BLIND * blind + BAR_SPARSE * max(0.0, 1.0 - density)
    return msgspec.structs.replace(firm, bar=round(bar, 1))


def _filled(recording: Recording) -> dict[str, float]:
    """Return how many of a type's messages have each field, 0-1; nothing of a type that is never sent."""
    return {
        f"{name}_{field}": round(recording.share(name, field), 2)
        for name, fields in OPTIONAL.items()
        if recording.messages[name]
        for field in fields
    }


def _sum(masses: Iterable[Masses], name: str) -> float:
    return sum(each[INDEX[name]] for each in masses)


def calibrated(messages: Iterable[tuple[str, m.Message]], base: str) -> str:
    """Return the text of a policy, made the firm's own whose messages these are, by topic. Raises PolicyError."""
    policy = parse_policy(base, "base")
    recording = recorded(messages, policy)
    return calibrated_text(recording, base)


def recorded(messages: Iterable[tuple[str, m.Message]], policy: Policy) -> Recording:
    """Return what messages show of how a firm records."""
    recording = Recording(policy)
    for _, message in messages:
        recording.see(message)
    return recording


def calibrated_text(recording: Recording, base: str) -> str:
    """Return the text of a policy with the firm's part, which replaces one that is there. Raises PolicyError."""
    firm = firm_of(recording)
    return with_firm(base, firm, reasons_of(recording, firm), len(recording.accounts))


def reasons_of(recording: Recording, firm: Firm) -> dict[tuple[str, ...], str]:
    """Return why each value of a firm's part is what it is, by its path."""
    told = firm.kinds
    reasons: dict[tuple[str, ...], str] = {
        ("bar",): "a firm's own scales bring its customers nearer to the bar as well as its clients",
        ("bills",): "purchases are sent" if firm.bills else "no purchases are sent: work that is done is custom",
    }
    reasons["density",] = "meetings and tickets for one purchase"
    for name, share in firm.filled.items():
        of, _, field = name.partition("_")
        reasons["filled", name] = f"{share:.0%} of {recording.messages[of]:,} {of}s have {field}"
    for name, share in firm.coverage.items():
        reasons["coverage", name] = (
            "nothing says it here: it leaves the sum"
            if not share
            else f"{share * share:.0%} of the evidence that it has where every field is filled"
            if share < 1
            else "as much is said of it as where every field is filled"
        )
    for name, scale in firm.scales.items():
        reasons["scales", name] = f"there is {scale:.2g} times as much of it as where every contact is logged once"
    for name in told:
        used = recording.usual_kinds(name)
        reasons["kinds", name] = f"as good as {used:.1f} kinds are in use" if used else f"there are no {name}s"
    return reasons
