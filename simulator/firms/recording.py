"""A firm is a way of recording: what of an account's life its systems write down, and how.

`record` takes the messages of a life in which everything is filled in, and returns those that the firm would have sent.
What happened stays what it was; only the words for it change, and how much of it is heard.
"""

from datetime import timedelta
from random import Random
from typing import Any, Final, NamedTuple

from simulator.casting import DAY
from simulator.chance import around, dice
from simulator.playing import Scene
from simulator.wire import MEETINGS, PROFILES, PURCHASES, TICKETS

Value = dict[str, Any]

# The fields that a producer may leave out, by topic.
OPTIONAL: Final[dict[str, tuple[str, ...]]] = {
    PURCHASES: (
        "kind", "channel", "category", "list_price", "customised", "quantity", "discount_code", "order_id", "contract_id",
        "due_on", "paid_on",
    ),
    TICKETS: ("channel", "initiator", "sentiment", "csat", "sla_met", "outcome_met", "reason"),
    MEETINGS: (
        "channel", "initiator", "attendees_ours", "attendees_theirs", "no_show", "outcome_met", "requirement_change",
        "contract_signed",
    ),
    PROFILES: ("industry", "party", "market", "scope", "account_manager", "goals"),
}  # fmt: skip
CONTRACT_FIELDS: Final = {PURCHASES: "contract_id", MEETINGS: "contract_signed", PROFILES: "contract"}
ALL: Final = frozenset(OPTIONAL)
ADVISED: Final = 0.4  # share of the mails from a talk of substance that somebody files as advice, not as a question
NEAR_DAYS: Final = 4.0  # an entry about the same matter lies so near to it, mostly
FAR_DAYS: Final = 25.0  # and at most so far


class Firm(NamedTuple):
    """A way of recording. What is not said is recorded in full.

    Attributes:
        name: what it is called in tables.
        heldout: kept out of all tuning.
        cells: the chance that an optional field is filled in, in each message.
        columns: the chance that an optional field is ever filled in by this firm, but for the profile's.
        never: optional fields, as `topic word.field`, that it never fills in, whatever `columns` say.
        facts: the chance that a fact of the profile is known, but for the contract.
        contracts: whether it tells of agreements anywhere.
        profiles: whether it sends profiles at all.
        feeds: the topics that it sends.
        meeting, ticket: the one kind that it uses, where it uses one.
        kinds: other kinds that it writes, by `topic word.kind`; several may become one.
        channels: the one channel of a meeting, ticket, purchase that it uses, by topic word.
        logged: how much of the contact it writes down: 0.2 is one in five, 5 is five entries for one.
        calls: the share of the tickets by phone that it writes down as meetings.
        mails: the share of the meetings that it writes down as tickets.
        taken_over: the share of accounts whose history before some moment was left behind with an older system.
    """

    name: str
    heldout: bool = False
    cells: float = 1.0
    columns: float = 1.0
    never: frozenset[str] = frozenset()
    facts: float = 1.0
    contracts: bool = True
    profiles: bool = True
    feeds: frozenset[str] = ALL
    meeting: str | None = None
    ticket: str | None = None
    kinds: dict[str, str] = {}  # noqa: RUF012 - a value, like the rest of it
    channels: dict[str, str] = {}  # noqa: RUF012
    logged: float = 1.0
    calls: float = 0.0
    mails: float = 0.0
    taken_over: float = 0.0

    def filled(self) -> dict[str, tuple[str, ...]]:
        """Return the optional fields that it ever fills in, by topic; the same for all its accounts."""
        rng = dice("firm", self.name, "columns")
        kept = {}
        for topic, fields in OPTIONAL.items():
            share = self.facts if topic == PROFILES else self.columns
            drawn = [(field, topic == PROFILES or rng.random() < share) for field in fields]
            kept[topic] = tuple(field for field, ever in drawn if ever and f"{WORDS[topic]}.{field}" not in self.never)
        return kept


WORDS: Final = {PURCHASES: "purchase", TICKETS: "ticket", MEETINGS: "meeting", PROFILES: "profile"}


class Recorder:
    """Records lives as a firm does."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self._filled = {topic: frozenset(fields) for topic, fields in firm.filled().items()}

    def record(self, scenes: list[Scene], account_id: str, seed: int) -> tuple[list[Scene], int | None]:
        """Return what is sent of a life, in order of time, and the moment before which nothing is known, if there is one."""
        firm, rng = self.firm, dice(seed, account_id, self.firm.name, "recording")
        heard = sorted(scenes, key=_by_time)
        since = None
        if firm.taken_over and heard and rng.random() < firm.taken_over:
            first, last = heard[0].at, heard[-1].at
            since = first + int((last - first) * (0.2 + 0.6 * rng.random()))
            heard = _taken_over(heard, since)
        heard = _logged(heard, firm.logged, rng)
        written = [self._written(scene, rng) for scene in _rephrased(heard, firm, rng)]
        kept = [scene for scene in written if scene is not None]
        kept.sort(key=_by_time)
        return kept, since

    def _written(self, scene: Scene, rng: Random) -> Scene | None:
        firm, topic, value = self.firm, scene.topic, dict(scene.value)
        if topic not in firm.feeds or (topic == PROFILES and not firm.profiles):
            return None
        word = WORDS[topic]
        if topic != PROFILES:
            one = firm.meeting if topic == MEETINGS else firm.ticket if topic == TICKETS else None
            kind = one or firm.kinds.get(f"{word}.{value['kind']}")
            if kind:
                value["kind"] = kind
            if word in firm.channels:
                value["channel"] = firm.channels[word]
        if not firm.contracts and topic in CONTRACT_FIELDS:
            value.pop(CONTRACT_FIELDS[topic], None)
        filled, share = self._filled[topic], firm.facts if topic == PROFILES else firm.cells
        for field in OPTIONAL[topic]:
            if field in value and (field not in filled or (share < 1 and rng.random() >= share)):
                del value[field]
        return Scene(scene.at, topic, value)


def _by_time(scene: Scene) -> int:
    return scene.at


def _moved(scene: Scene, days: float, mark: str, **changes: object) -> Scene:
    """Return the scene again under another id, so many days later."""
    value = scene.value | changes
    value["event_id"] = f"{scene.value['event_id']}{mark}"
    value["occurred_at"] = scene.value["occurred_at"] + timedelta(seconds=round(days * DAY))
    return Scene(scene.at + round(days * DAY), scene.topic, value)


def _taken_over(heard: list[Scene], since: int) -> list[Scene]:
    """Return what is heard from a moment on, and first the profile as it then was. A ticket begun before is not known."""
    profile = next((scene for scene in reversed(heard) if scene.topic == PROFILES and scene.at < since), None)
    begun = {scene.value["ticket_id"] for scene in heard if scene.topic == TICKETS and scene.at < since}
    later = [
        scene
        for scene in heard
        if scene.at >= since and not (scene.topic == TICKETS and scene.value["ticket_id"] in begun)
    ]
    return [_moved(profile, (since - profile.at) / DAY, "t"), *later] if profile else later


def _logged(heard: list[Scene], logged: float, rng: Random) -> list[Scene]:
    """Return the contacts that are written down, each as often as it is. A ticket is written down whole or not at all."""
    if logged == 1:
        return heard
    last = heard[-1].at if heard else 0
    entries: dict[str, list[float]] = {}
    kept = []
    for scene in heard:
        if scene.topic not in {TICKETS, MEETINGS}:
            kept.append(scene)
            continue
        name = scene.value["ticket_id" if scene.topic == TICKETS else "meeting_id"]
        if name not in entries:
            times = int(logged) + (rng.random() < logged % 1)
            entries[name] = [0.0 if not number else _aside(rng) for number in range(times)]
        for number, days in enumerate(entries[name]):
            if not number:
                kept.append(scene)
            elif scene.at + days * DAY < last and scene.value["kind"] != "cancellation":
                kept.append(_again(scene, days, number, rng))
    return kept


def _aside(rng: Random) -> float:
    """Return how many days after a contact another entry lies: mostly the same matter's, at times a small one between."""
    return min(FAR_DAYS, around(rng, NEAR_DAYS, 0.9))


def _again(scene: Scene, days: float, number: int, rng: Random) -> Scene:
    changes: Value = {}
    if scene.topic == MEETINGS:
        changes["meeting_id"] = f"{scene.value['meeting_id']}+{number}"
        if scene.value["duration_minutes"]:
            changes["duration_minutes"] = max(
                5, 5 * round(scene.value["duration_minutes"] * (0.3 + 0.7 * rng.random()) / 5)
            )
        if "contract_signed" in scene.value:
            changes["contract_signed"] = False
    else:
        changes["ticket_id"] = f"{scene.value['ticket_id']}+{number}"
    return _moved(scene, days, f"+{number}", **changes)


def _rephrased(heard: list[Scene], firm: Firm, rng: Random) -> list[Scene]:
    """Return the contacts as the firm's systems know them: a call may be a meeting there, a meeting a ticket."""
    if not firm.calls and not firm.mails:
        return heard
    as_meeting: dict[str, bool] = {}
    written = []
    for scene in heard:
        value = scene.value
        if scene.topic == TICKETS and firm.calls and value["channel"] == "phone" and value["kind"] != "cancellation":
            name = value["ticket_id"]
            if name not in as_meeting:
                as_meeting[name] = rng.random() < firm.calls
                if as_meeting[name]:
                    written.append(_call(scene, rng))
            if as_meeting[name]:
                continue
        if scene.topic == MEETINGS and firm.mails and not value["no_show"] and rng.random() < firm.mails:
            written += _mail(scene, rng)
        else:
            written.append(scene)
    return written


def _call(scene: Scene, rng: Random) -> Scene:
    value = scene.value
    return Scene(
        scene.at,
        MEETINGS,
        {
            **{name: value[name] for name in ("event_id", "account_id", "occurred_at", "initiator")},
            "meeting_id": value["ticket_id"],
            "kind": "consultation" if value["kind"] in {"advice", "requirement_change"} else "check_in",
            "duration_minutes": max(5, 5 * round(around(rng, 12, 0.5) / 5)),
            "channel": "phone",
            "attendees_ours": 1,
            "attendees_theirs": 1,
            "no_show": False,
            "requirement_change": value["kind"] == "requirement_change",
        },
    )


def _mail(scene: Scene, rng: Random) -> list[Scene]:
    value = scene.value
    asks = value["kind"] in {"consultation", "planning", "review", "onboarding"}
    facts: Value = {
        "account_id": value["account_id"],
        "ticket_id": value["meeting_id"],
        "kind": "requirement_change"
        if value.get("requirement_change")
        else "advice"
        if asks and rng.random() < ADVISED
        else "question",
        "channel": "email",
        "initiator": value["initiator"],
    }
    opened = {**facts, "event_id": value["event_id"], "occurred_at": value["occurred_at"], "status": "opened"}
    later = value["occurred_at"] + timedelta(days=around(rng, 0.5, 0.8))
    closed = {**facts, "event_id": f"{value['event_id']}c", "occurred_at": later, "status": "closed"}
    if "outcome_met" in value:
        closed["outcome_met"] = value["outcome_met"]
    return [Scene(scene.at, TICKETS, opened), Scene(int(later.timestamp()), TICKETS, closed)]
