"""The aims of the issue, and what was measured of each."""

from typing import Any, Final, NamedTuple

from quality.firms.page import firm_aims

Result = dict[str, Any]
LEAST: Final = {"precision": 0.95, "recall": 0.90, "any": 0.78, "many": 0.85}
MOST_FLAPS: Final = 0.05  # in an account-year
CLOSE: Final = 0.005  # of an area: nearer to the best of all methods than chance lets one tell


class Aim(NamedTuple):
    """One aim: what is asked, what was measured, and whether it is reached. `instead` says what holds where it is not."""

    name: str
    asked: str
    measured: str
    met: bool
    instead: str = ""

    @property
    def failed(self) -> bool:
        """Tell whether it is neither reached nor shown to be out of everybody's reach."""
        return not self.met and not self.instead


def on_simulator(found: Result) -> list[Aim]:
    """Return the aims on the simulator."""
    whole, aimed = found["whole"], []
    for key, words in (("precision", "precision of clients at the end"), ("recall", "recall of clients at the end")):
        share = whole[key] or 0.0
        aimed.append(Aim(words, f">= {LEAST[key]:.2f}", f"{share:.3f}", share >= LEAST[key]))
    often = whole["flaps_per_year"]
    return [*aimed, Aim("flaps in an account-year", f"<= {MOST_FLAPS}", f"{often:.4f}", often <= MOST_FLAPS)]


def on_purchases(found: Result) -> list[Aim]:
    """Return the aims on CDNOW; a missed one is excused where no method reaches it and ours is the best's equal."""
    ours, aimed = found["rows"][0], []
    for question, words in (("any", "buys again"), ("many", "buys three times or more")):
        least, best = LEAST[question], max(found["rows"], key=lambda row: row[question])
        out_of_reach = best[question] < least and best[question] - ours[question] < CLOSE
        instead = f"no method reaches it; the best is {best['name']} with {best[question]:.3f}" if out_of_reach else ""
        met = ours[question] >= least
        aimed.append(Aim(f"AUC of loyalty for who {words}", f">= {least:.2f}", f"{ours[question]:.3f}", met, instead))
    return aimed


def aims(results: Result) -> list[Aim]:
    """Return all aims of which there is a measurement."""
    found = on_simulator(results["simulator"]) if results.get("simulator") else []
    found += [Aim(*each) for each in firm_aims(results["firms"])] if results.get("firms") else []
    return found + (on_purchases(results["cdnow"]) if results.get("cdnow") else [])
