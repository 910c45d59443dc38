"""The policy, read from one TOML file and compiled into flat tables for the fold.

`load_policy` reads and checks; `Policy.trade(industry)` returns the tables of one industry. A policy is immutable; its `id`
and `version` are in every decision made under it.
"""

import hashlib
import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from relationship.contract import enums, times
from relationship.contract.names import DIMENSIONS, INDEX
from relationship.policy.check import MISSING, mistakes_in
from relationship.policy.file import Effects, Firm, Industry, PolicyError, PolicyFile

# Number of the fold: to be raised when the same facts come to another account than before under the same policy.
FOLD: Final = 2
# Points of a calibrated bar that an agreement in force takes back, by how much it binds: the bar is higher for customers
# whom the firm's own scales bring nearer, and who has signed an engagement means it.
AGREED: Final = 6.0
DIGEST_BYTES: Final = 8  # two policies with the same digest are one chance in 10^19
# One effect, compiled: (dimension, mass for, mass against).
Effect = tuple[int, float, float]


@dataclass(frozen=True)
class Trade:
    """One industry's tables.

    Attributes:
        shares: of each dimension in the score, in hundredths of a point; they add up to 10,000.
        weights: the shares as published: in points, rounded to hundredths.
        scales: of each dimension, in its own unit.
        lapse_us: the silence (µs) that the trade allows; `client_lapse_us` that of a client.
        usual: days between two contacts of a usual relationship of the trade.
        longest: days of the longest rhythm by which evidence of the trade fades.
        candidate_up: a threshold in hundredths of a point, as are the three after it.
    """

    shares: tuple[float, ...]
    weights: tuple[float, ...]
    scales: tuple[float, ...]
    lapse_us: int
    client_lapse_us: int
    usual: float
    longest: float
    candidate_up: int
    candidate_down: int
    client_up: int
    client_down: int


def _effects(effects: Effects) -> tuple[Effect, ...]:
    compiled = []
    for name, amount in effects.items():
        good, bad = amount if isinstance(amount, tuple) else (max(amount, 0.0), max(-amount, 0.0))
        compiled.append((INDEX[name], good, bad))
    return tuple(compiled)


def _table(rows: dict[str, Effects], names: tuple[str, ...]) -> tuple[tuple[Effect, ...], ...]:
    return tuple(_effects(rows[name]) for name in names)


CANCELLATION: Final = "cancellation"  # it says what is done, and not what a contact is about: it tells in any firm
Table = tuple[tuple[Effect, ...], ...]


def _blended(table: Table, names: tuple[str, ...], told: float) -> Table:
    """Return the table of a firm in which a kind tells only so much (0-1); the rest is what a contact of any kind tells."""
    if told >= 1.0:
        return table
    usual = [effects for effects, name in zip(table, names, strict=True) if name != CANCELLATION]
    mean = tuple(
        (i, good * (1.0 - told) / len(usual), bad * (1.0 - told) / len(usual))
        for each in usual
        for i, good, bad in each
    )
    return tuple(
        effects
        if name == CANCELLATION
        else _summed([(i, good * told, bad * told) for i, good, bad in effects] + [*mean])
        for effects, name in zip(table, names, strict=True)
    )


def _summed(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    sums: dict[int, tuple[float, float]] = {}
    for i, good, bad in effects:
        for_it, against = sums.get(i, (0.0, 0.0))
        sums[i] = (for_it + good, against + bad)
    return tuple((i, *masses) for i, masses in sorted(sums.items()))


class Rules:
    """What the fold needs: a schedule (`relationship.policy.schedule`), or one policy for all time.

    A class and no protocol, since compiled code calls a class's methods without looking them up.
    """

    def at(self, t: int) -> "Policy":
        """Return the policy in force at event time `t` (µs)."""
        raise NotImplementedError

    def until(self, t: int) -> int | None:
        """Return the event time (µs) at which the policy in force at `t` is replaced by the next, or None."""
        raise NotImplementedError

    def mark(self, t: int) -> str:
        """Return the name of the switch in force at `t`; empty before the first."""
        raise NotImplementedError

    def digest(self, t: int) -> bytes:
        """Return a digest of what is in the policies in force up to `t`, and of when each replaced the one before."""
        raise NotImplementedError


class Policy(Rules):
    """A checked policy, compiled for folding. Attributes that end in `_us` are µs; effects are (dimension, for, against).

    `decay_groups` are the dimensions by half-life, ((half-life in µs, dimensions), …), so that each factor is computed once.
    `reach` is how many of the 100 points the firm's events can say, before those that they cannot left the sum; `carries`
    how much of a judgement they can carry, 0-1: by its coverage, and by what its kinds tell. `agreed` are the hundredths of
    a point by which an agreement that binds lowers the borders of client; 0 where the bar is not a firm's own. `trades` are
    the tables of all industries, in the contract's order; `other` is the last.
    """

    def __init__(self, source: PolicyFile) -> None:
        self.source = source
        self.id = source.id
        self.version = source.version
        self.half_lives_us = tuple(source.dimensions[d].half_life * times.DAY_US for d in DIMENSIONS)
        caps = ((i, source.dimensions[d].cap) for i, d in enumerate(DIMENSIONS))
        self.capped = tuple((i, cap) for i, cap in caps if cap < 1.0)
        self.gate = source.thresholds.gate
        self.shape = source.shape
        self.lapse = source.lapse
        self.cadence = source.cadence
        self.confidence = source.confidence
        ends = source.ends
        self.anew_us, self.notice_us, self.welcome_us = (
            int(days * times.DAY_US) for days in (ends.anew, ends.notice, ends.welcome)
        )
        firm, signals = source.firm or Firm(), source.signals
        self.firm, self.bills = firm, firm.bills
        self.agreed = round(100 * AGREED) if firm.bar > 0.0 else 0
        self.purchase = _table(signals.purchase, enums.PURCHASE_KINDS)
        told = firm.kinds
        meeting, ticket = _table(signals.meeting, enums.MEETING_KINDS), _table(signals.ticket, enums.TICKET_KINDS)
        self.meeting = _blended(meeting, enums.MEETING_KINDS, told.get("meeting", 1.0))
        self.ticket = _blended(ticket, enums.TICKET_KINDS, told.get("ticket", 1.0))
        self.extra = {
            name: _effects(row)
            for table in (
                signals.purchase_with,
                signals.meeting_with,
                signals.ticket_with,
                signals.said,
                signals.referral,
            )
            for name, row in table.items()
            if name != "theirs_initiated"
        }
        self.meeting_theirs = _effects(signals.meeting_with["theirs_initiated"])
        self.ticket_theirs = _effects(signals.ticket_with["theirs_initiated"])
        self.ticket_change = tuple(source.ticket_change[s] for s in enums.TICKET_STATUSES)
        self.meeting_hours = tuple(source.meeting_hours[k] for k in enums.MEETING_KINDS)
        self.contract = tuple(source.shape.contract[k] for k in enums.CONTRACT_KINDS)
        self.line_gap_us = int(source.shape.line_gap * times.DAY_US)
        self.stays_us = {
            name: int(getattr(source.stays, name) * times.DAY_US)
            for name in ("candidate", "client", "customer", "tenure")
        }
        self.longest_stay_us = max(self.stays_us.values())
        self.trades = tuple(self._compile(source.industries[name]) for name in enums.INDUSTRIES)
        self.decay_groups = tuple(
            (half_life, tuple(i for i, each in enumerate(self.half_lives_us) if each == half_life))
            for half_life in dict.fromkeys(self.half_lives_us)
        )
        self.reach = self.reach_of(firm)
        self.carries = (
            self.reach / 100 * (self.confidence.blind + (1.0 - self.confidence.blind) * min(told.values(), default=1.0))
        )
        self._digest = hashlib.blake2b(msgspec.msgpack.encode((FOLD, source)), digest_size=DIGEST_BYTES).digest()

    def at(self, t: int) -> "Policy":  # noqa: ARG002 - a schedule's question
        """Return this policy: alone, it is in force at any event time."""
        return self

    def until(self, t: int) -> int | None:  # noqa: ARG002
        """Return None: no other follows."""
        return None

    def mark(self, t: int) -> str:  # noqa: ARG002
        """Return an empty name: there is no switch."""
        return ""

    def digest(self, t: int) -> bytes:  # noqa: ARG002
        """Return a digest of what is in this policy, and of how it is applied."""
        return self._digest

    def trade(self, industry: int | None) -> Trade:
        """Return the tables of an industry by its position in the contract's list; None is `other`."""
        return self.trades[-1 if industry is None else industry]

    def reach_of(self, firm: Firm) -> float:
        """Return how many of the 100 points of this policy the events of another firm could say."""
        weights = {d: each.weight for d, each in self.source.dimensions.items()}
        said = sum((weights[d] * firm.coverage.get(d, 1.0) for d in DIMENSIONS), 0.0)
        return 100 * said / sum(weights.values(), 0.0)

    def costs(self, industry: int | None) -> tuple[float, float]:
        """Return what a year of a false client and of a missed one cost in an industry, in the unit of `[costs]`."""
        return self._costs(self.source.industries[enums.INDUSTRIES[-1 if industry is None else industry]])

    def _costs(self, industry: Industry) -> tuple[float, float]:
        everybody = self.source.costs
        return industry.false_client or everybody.false_client, industry.missed_client or everybody.missed_client

    def _compile(self, industry: Industry) -> Trade:
        source = self.source
        covered, scaled = self.firm.coverage, self.firm.scales
        weights = [source.dimensions[d].weight * industry.weights.get(d, 1.0) * covered.get(d, 1.0) for d in DIMENSIONS]
        total = sum(weights, 0.0)
        shares = tuple(10_000 * w / total for w in weights)
        lapse_us = int(industry.lapse * times.DAY_US)
        t, (false_client, missed_client) = source.thresholds, self._costs(industry)
        shift = self.firm.bar + industry.prior + source.costs.points * math.log2(false_client / missed_client)
        return Trade(
            shares=shares,
            weights=tuple(round(share / 100, 2) for share in shares),
            scales=tuple(
                source.dimensions[d].scale
                * (1.0 if d in {"duration", "breadth"} else industry.tempo)
                * scaled.get(d, 1.0)
                for d in DIMENSIONS
            ),
            lapse_us=lapse_us,
            client_lapse_us=int(lapse_us * source.lapse.client),
            usual=source.cadence.usual * self.firm.contact / industry.tempo,
            longest=source.cadence.longest * industry.lapse,
            candidate_up=round(100 * (t.candidate_up + shift)),
            candidate_down=round(100 * (t.candidate_down + shift)),
            client_up=round(100 * (t.client_up + shift)),
            client_down=round(100 * (t.client_down + shift)),
        )


def parse_policy(text: str, name: str) -> Policy:
    """Return the policy of a TOML text; `name` names it in errors. Raises PolicyError with the place of a mistake."""
    mistakes = mistakes_in(text)
    if mistakes:
        more = f" (and {len(mistakes) - 1} more: `clientward policy check` lists them)" if len(mistakes) > 1 else ""
        first = min(
            mistakes, key=lambda mistake: mistake.text == MISSING
        )  # a misspelt name says more than the missing one
        raise PolicyError(f"policy {name}: {first}{more}")
    return Policy(msgspec.convert(tomllib.loads(text), PolicyFile))


def default_text() -> str:
    """Return the TOML text of the policy that comes with the package."""
    return (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")


def load_policy(path: Path | None = None) -> Policy:
    """Return the policy of a TOML file, or the one that comes with the package. Raises PolicyError."""
    if path is None:
        return parse_policy(default_text(), "default")
    try:
        return parse_policy(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"policy {path}: cannot be read ({error})") from None
