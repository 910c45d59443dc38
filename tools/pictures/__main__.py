"""Draws the pictures of docs/concepts/: `python -m tools.pictures`, or `--check`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from relationship.generated import Files, Generator
from relationship.generated import main as generate
from tools.pictures.course import course
from tools.pictures.measures import measures
from tools.pictures.stories import story

FOLDER: Final = Path(__file__).parents[2] / "docs" / "concepts"
HOUSEHOLD: Final = "insurance-household-growing"
REGULAR: Final = "restaurant-coffee-shop-regular"
SEATS: Final = "saas-turns-client-and-lapses"


def files(folder: Path) -> Files:
    """Return the pictures as they have to be."""
    household = story(HOUSEHOLD, datetime(2023, 12, 31, tzinfo=UTC))
    regular = story(REGULAR, datetime(2023, 11, 30, tzinfo=UTC))
    seats = story(SEATS, datetime(2024, 3, 1, tzinfo=UTC))
    return {
        folder / "household.svg": course(household, "A household that buys insurance becomes a client"),
        folder / "rise-and-fall.svg": course(seats, "A firm becomes a client, and leaves"),
        folder / "dimensions.svg": measures(
            household, regular, ("The household: a client", "The coffee shop's regular: a customer")
        ),
    }


GENERATOR: Final = Generator("tools.pictures", "the stories and the core", FOLDER, files)

if __name__ == "__main__":
    raise SystemExit(generate(GENERATOR))
