"""A firm's part in a policy's text: what of the text belongs to it, and goes with it."""

import pytest

from relationship.policy.firm_text import without_firm

BEFORE = 'version = "1"\n\n# of both\n[lapse]\nrhythm = 2.0\n'
FIRM = "\n# why it is so\n# in two lines\n[firm]\nbar = 2.0\n\n# of the coverage\n[firm.coverage]\ntrust = 0.5\n"
AFTER = "# above the next table\n[costs]\nfalse_client = 1.0\n"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (BEFORE + FIRM, BEFORE + "\n"),  # at the end
        (BEFORE + FIRM + "\n" + AFTER, BEFORE + "\n" + AFTER),  # in the middle
        (FIRM + AFTER, "\n" + AFTER),  # at the beginning
        ("[firm]\nbar = 2.0\n[costs]\nfalse_client = 1.0\n", "[costs]\nfalse_client = 1.0\n"),  # with no line between
        (BEFORE + FIRM + "# its last words\n", BEFORE + "\n"),  # above no other table
        (BEFORE, BEFORE),
    ],
)
def test_a_firms_part_goes_with_its_tables_and_the_comments_above_them(text, rest):
    """And nothing else does, wherever it stands: a comment above the next table is that table's."""
    assert without_firm(text) == rest
