"""Amounts and numbers as people write them, to exact decimals; no binary float in between.

Known are points and commas for decimals, the usual thousands separators (point, comma, blank, apostrophe; India's groups of
two), signs before, behind and as parentheses, exponents, and a currency's code or sign on either side. A single separator
before three digits could be either (`1,049`): the file's other amounts or a person have to say.
"""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from importing.answers import Point
from importing.errors import Misfit
from relationship.contract.currencies import CURRENCIES

MOST_DECIMALS: Final = 8  # of the contract's money
MOST_WHOLE: Final = 18
GROUP: Final = 3  # digits between two marks of thousands
#: Below so many decimals a rounded tail is taken to be the amount that was meant: mills, and a digit to spare.
MEANT: Final = 4
CENTS: Final = Decimal("0.01")
EITHER: Final = "could be thousands or decimals: say --decimal point or --decimal comma"
LONG: Final = "more than 8 digits after the point: --round rounds them"

#: Signs that stand for one currency only. `$`, `¥` and `kr` each stand for several.
SIGNS: Final = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "₺": "TRY",
    "₴": "UAH",
    "₪": "ILS",
    "₫": "VND",
    "฿": "THB",
    "zł": "PLN",
    "kč": "CZK",
    "r$": "BRL",
    "us$": "USD",
    "c$": "CAD",
    "ca$": "CAD",
    "a$": "AUD",
    "au$": "AUD",
    "sfr": "CHF",
    "fr": "CHF",
}
SEVERAL: Final = frozenset({"$", "¥", "kr", "rs", "r", "lei", "ft"})

BLANKS: Final = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2212": "-", "\u2019": "'", "\u2013": "-"}
)
_SIGN = r"(?:[^\W\d_]{1,3}\.?\s?)?[$€£¥₹₽₩₺₴₪₫฿]?"
AMOUNT: Final = re.compile(
    rf"(?P<open>\()?\s*(?P<minus>[+-])?\s*(?P<before>{_SIGN})\s*(?P<inner>[+-])?\s*"
    r"(?P<number>[0-9][0-9.,' ]*|[.,][0-9]+)(?P<exponent>[eE][+-]?[0-9]{1,3})?\s*"
    rf"(?P<after>{_SIGN})\s*(?P<behind>-)?\s*(?P<close>\))?"
)
GROUPED: Final = re.compile(r"[0-9]{1,3}([.,' ])[0-9]{3}(?:\1[0-9]{3})*|[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}")
#: `12.-` and `12.–` are amounts without cents in Switzerland, `12,-` in Germany.
NO_CENTS: Final = re.compile(r"([0-9])[.,](?:-|\u2014){1,2}(?=\D*$)")
ENDS: Final = re.compile(r"(?P<whole>.*?)(?P<point>[.,])(?P<decimals>[0-9]+)")


def parse_amount(text: str, point: Point | None) -> Decimal:
    """Return the amount that a cell says, negative ones too. Raises Misfit."""
    found = AMOUNT.fullmatch(NO_CENTS.sub(r"\1", text.translate(BLANKS).strip()))
    if found is None or bool(found["open"]) != bool(found["close"]):
        raise Misfit("no amount")
    for sign in (found["before"], found["after"]):
        _check_sign(sign)
    number = Decimal(_plain(found["number"].strip(), point) + (found["exponent"] or ""))
    signs = [found[name] for name in ("open", "minus", "inner", "behind") if found[name]]
    if len(signs) > 1:
        raise Misfit("no amount")
    return -number if signs and signs[0] != "+" else number


def parse_number(text: str, point: Point | None) -> Decimal:
    """Return a count or a measure: an amount with no currency about it. Raises Misfit."""
    return parse_amount(text, point)


def fit_amount(amount: Decimal, *, rounding: bool) -> tuple[Decimal, bool]:
    """Return an amount that the contract takes, and whether it was rounded for that. Raises Misfit.

    A binary tail gives way to what was meant (22.200000000000003 to 22.2); an amount with no short end, such as a third,
    is rounded to cents.
    """
    if abs(amount) >= Decimal(10) ** MOST_WHOLE:
        raise Misfit("more than 18 digits before the point")
    if decimals(amount) <= MOST_DECIMALS:
        return amount, False
    if not rounding:
        raise Misfit(LONG)
    meant = amount.quantize(Decimal(1).scaleb(-MOST_DECIMALS), ROUND_HALF_EVEN)
    return (meant if decimals(meant) <= MEANT else amount.quantize(CENTS, ROUND_HALF_EVEN)), True


def decimals(amount: Decimal) -> int:
    """Return how many digits after the point an amount needs."""
    text = format(amount, "f")
    return len(text.partition(".")[2].rstrip("0"))


def money_text(amount: Decimal) -> str:
    """Return an amount as the contract writes it, with two decimals at least."""
    whole, _, rest = format(abs(amount), "f").partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


def currency_in(text: str) -> str | None:
    """Return the code of the currency that an amount or a code's own column names, or None."""
    for word in re.findall(r"[^\W\d_]+\$?|[$€£¥₹₽₩₺₴₪₫฿]", text.translate(BLANKS)):
        if word.upper() in CURRENCIES:
            return str(word.upper())
        if word.lower() in SIGNS:
            return SIGNS[word.lower()]
    return None


def _check_sign(sign: str) -> None:
    name = sign.strip().rstrip(".").replace(" ", "").lower()
    known = not name or name in SIGNS or name in SEVERAL or name.upper() in CURRENCIES
    if not known and name.rstrip("$€£¥").upper() not in CURRENCIES:
        raise Misfit("no amount")


def _plain(number: str, point: Point | None) -> str:
    """Return digits with a point before the decimals, and nothing else."""
    marks = [mark for mark in number if mark in ".,"]
    if not marks:
        return _whole(number)
    end = ENDS.fullmatch(number) if marks.count(marks[-1]) == 1 else None
    if end is None:  # the same mark several times: thousands
        if point == marks[-1] or len(set(marks)) > 1:
            raise Misfit("no amount")
        return _whole(number)
    if len(set(marks)) == 1 and _is_either(end):
        if point is None:
            raise Misfit(EITHER)
        if point != marks[0]:
            return _whole(number)
    elif point is not None and point != end["point"]:
        return _whole(number)
    if end["point"] in end["whole"]:
        raise Misfit("no amount")
    return f"{_whole(end['whole']) if end['whole'] else '0'}.{end['decimals']}"


def _is_either(end: re.Match[str]) -> bool:
    """Tell whether one separator could be the thousands' as well as the decimals'."""
    whole = end["whole"]
    return len(end["decimals"]) == GROUP and 0 < len(whole) <= GROUP and whole.isdigit() and not whole.startswith("0")


def _whole(number: str) -> str:
    if not number.isdigit() and not GROUPED.fullmatch(number):
        raise Misfit("no amount")
    return re.sub(r"[.,' ]", "", number)
