"""What the tests of deliveries share: decisions and items as a reader gives them."""

import json
from pathlib import Path

from clientward_client import Decision, decode_decision
from clientward_client.lanes import Committed
from delivering.reading import Item, Mark
from delivering.state import Waiting
from relationship.contract.outcome import RECLASSIFIED

GOLDEN = Path(__file__).parents[2] / "contracts" / "golden" / "1.0" / RECLASSIFIED
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def golden(number: int = 0, **fields: object) -> Decision:
    """Return a golden decision, with fields changed."""
    value = json.loads(sorted(GOLDEN.glob("*.json"))[number].read_bytes())
    return decode_decision(json.dumps(value | fields).encode())


def start(*numbers: int) -> dict[int, Mark]:
    """Return marks at the beginning."""
    return {number: Mark((Committed(0), Committed(0)), (-1, -1)) for number in numbers or (0,)}


def item(offset: int, number: int = 0, message: Decision | None = None) -> Item:
    """Return the item of an offset of the topic of decisions."""
    return Item(number, 0, offset, message, (Committed(offset + 1), Committed(0)))


def waiting(account: str, offset: int) -> Waiting:
    """Return a message of an account."""
    return Waiting(0, f"{account}-{offset}", account, "{}")
