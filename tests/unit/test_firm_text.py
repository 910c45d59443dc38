"""A firm's part in a policy's text: what of the text belongs to it, and goes with it."""

import re

import pytest

from relationship.policy.file import Firm, PolicyError
from relationship.policy.firm_text import with_firm, without_firm

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


REASONS = {(name,): f"of {name}" for name in ("bills", "bar", "density")}
REASONS |= {(table, "trust"): f"of {table}" for table in ("coverage", "scales", "kinds", "filled")}


def part(firm, text=BEFORE, accounts=1_234):
    """Return a policy's text with a firm's part, as its lines."""
    return with_firm(text, firm, REASONS, accounts).splitlines()


def test_a_firms_part_has_each_value_with_its_reason():
    """Three digits of each; what is not measured of a firm is left out, but for whether it bills."""
    firm = Firm(bills=False, bar=4.25, density=0.5, coverage={"trust": 0.12345}, filled={"trust": 1.0})
    lines = part(firm)
    assert lines[-19:] == [
        "# How this firm records, measured by `clientward policy calibrate` on 1,234 accounts, without labels.",
        "[firm]",
        "bills = false # of bills",
        "bar = 4.25 # of bar",
        "density = 0.5 # of density",
        "",
        "# How much of each dimension its events can say at all: what they cannot leaves the sum.",
        "[firm.coverage]",
        "trust = 0.123 # of coverage",
        "",
        "# What much is, here: factors on the scales of the dimensions.",
        "[firm.scales]",
        "",
        "# How much the kind of a contact tells: nothing where one kind is used for all.",
        "[firm.kinds]",
        "",
        "# What this was measured on. It decides nothing: a worker tells by it when the firm records otherwise.",
        "[firm.filled]",
        "trust = 1 # of filled",
    ]
    bare = part(Firm())
    assert "bills = true # of bills" in bare
    assert not [each for each in bare if each.startswith(("bar", "density"))]


def test_a_firms_part_replaces_the_one_that_is_there():
    """And stands at the end, behind one empty line, whatever stood at the end before."""
    once, twice = part(Firm(bar=1.0)), part(Firm(bar=1.0), "\n".join(part(Firm(bar=2.0))) + "\n\n\n")
    assert once == twice
    assert once[: len(BEFORE.splitlines())][1:] == BEFORE.splitlines()[1:]
    assert once[len(BEFORE.splitlines())] == ""


@pytest.mark.parametrize(
    ("version", "kept"),
    [
        ('"1"', "1"),
        ("'1'", "1"),
        ('""', ""),
        ('"1-firm-0a1b2c"', "1"),
        ('"' + "v" * 20 + '"', "v" * 20),
        ('"' + "v" * 21 + '"', "v" * 20),
        ('"' + "v" * 32 + '"', "v" * 20),
    ],
)
def test_a_calibrated_policy_has_a_version_of_its_own(version, kept):
    """The base's, as much of it as leaves 32 characters in all, and six digits of what is in the part."""
    (line,) = [each for each in part(Firm(), f"version={version} # why\n") if each.startswith("version")]
    assert re.fullmatch(rf'version="{kept}-firm-[0-9a-f]{{6}}" # why', line)
    (other,) = [each for each in part(Firm(bar=1.0), f"version={version} # why\n") if each.startswith("version")]
    assert other != line


def test_a_version_that_is_not_on_a_line_of_its_own_is_an_error():
    """Nothing is written then; of two lines that name one the first is the policy's."""
    with pytest.raises(PolicyError, match="version is not written on a line of its own"):
        part(Firm(), "[lapse]\nrhythm = 2.0\n")
    lines = part(Firm(), 'version = "1"\n[other]\nversion = "2"\n')
    assert lines[2] == 'version = "2"'
