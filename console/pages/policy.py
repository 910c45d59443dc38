"""Policies: in force, gone by and to come, the one on trial and where it differs; check, shadow, publish, roll back."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from actions.policies import end_shadow, publish, roll_back, try_in_shadow
from console.access.routes import Page
from console.answering import answered
from console.asking import ask
from console.jobs.backtests import Draft
from console.visit import Visit, WrongInputError
from readmodel.filters import ShadowFilter
from readmodel.queries.shadow import shadow_counts, shadow_differences
from relationship.policy.check import mistakes_in
from relationship.policy.compiled import parse_policy
from views.policies.published import Policies, PolicyVersion, Trial
from views.policies.texts import PolicyText, policies_with_texts, value_differences

DRAFT: Final = "the text"  # what errors call it
BACK: Final = re.compile(r"-r[0-9]+$")  # of a version that was published again
WAYS: Final = 12  # versions on their way, on the page
SHOWN: Final = 50  # accounts that differ under the shadow, on the page


@answered
async def show(visit: Visit) -> Response:
    """Show the policies, and where two of them differ if two are named."""
    return await _page(visit)


@answered
async def check(visit: Visit) -> Response:
    """Look a text over, and show where it differs from the policy in force. Changes nothing."""
    text = visit.form.get("text", "").replace("\r\n", "\n")
    mistakes = mistakes_in(text)
    if mistakes:
        return await _page(visit, 422, text=text, mistakes=mistakes)
    policy = parse_policy(text, DRAFT)
    draft = visit.house.backtests.checked(text, policy.id, policy.version, visit.known.name)
    now = (await policies_with_texts(visit.house.settings)).in_force
    found = value_differences(now.policy, policy)
    return await _page(visit, text=text, draft=draft, draft_differs=found)


@answered
async def change(visit: Visit) -> Response:
    """Publish, try in shadow, end the trial or roll back, as the form's `what` says."""
    what, settings, by = visit.form.get("what", ""), visit.house.settings, visit.known.name
    text = visit.form.get("text", "").replace("\r\n", "\n")
    if visit.form.get("understood") != "yes":
        raise WrongInputError("Tick that you have read what it does; go back, and send it again.")
    if what == "publish":
        done = await publish(settings, text, DRAFT, by, _time(visit.form.get("at", "")))
        return visit.go(
            "/policy", f"Policy {done.version} is published; in force from {done.effective_at:%H:%M:%S} UTC on."
        )
    if what == "shadow":
        done = await try_in_shadow(settings, text, DRAFT, by)
        return visit.go("/policy", f"Policy {done.version} is on trial in shadow; it decides nothing.")
    if what == "end":
        await end_shadow(settings, by)
        return visit.go("/policy", "The trial is over.")
    if what == "rollback":
        done = await roll_back(settings, by, visit.form.get("to") or None)
        return visit.go("/policy", f"Rolled back: {done.version} takes force at {done.effective_at:%H:%M:%S} UTC.")
    raise WrongInputError("there is no such change; there are publish, shadow, end and rollback")


async def _page(visit: Visit, status: int = 200, **given: Any) -> Response:
    both = await policies_with_texts(visit.house.settings)
    known, texts = both.known, both.texts
    text = given.pop("text", None) or both.in_force.text
    blank: dict[str, Any] = {"mistakes": [], "draft": None, "draft_differs": []}
    return visit.page(
        "policy.html", status, policies=known, text=text, texts=texts, **await _trial(visit, known),
        ways=ways_of(visit.house.backtests.drafts(), known), **_compared(visit, known, texts), **(blank | given),
    )  # fmt: skip


class Way(NamedTuple):
    """How far a version has come: its text if it was brought here, its trial, its publication, and what took it back."""

    id: str
    version: str
    draft: Draft | None
    trial: Trial | None
    published: PolicyVersion | None
    back: PolicyVersion | None


def ways_of(drafts: Sequence[Draft], known: Policies) -> list[Way]:
    """Return every version that was brought here, on trial or published by somebody, the newest first."""
    brought = {(each.id, each.version): each for each in drafts}
    trials = {(each.id, each.version): each for each in known.trials}
    published = {(each.id, each.version): each for each in known.history if each.by and not BACK.search(each.version)}
    after = {(a.id, a.version): b for a, b in pairwise(known.history) if BACK.search(b.version)}
    names = dict.fromkeys([*published, *trials, *brought])
    return [
        Way(*name, brought.get(name), trials.get(name), published.get(name), after.get(name))
        for name in reversed(names)
    ][:WAYS]


def _compared(visit: Visit, known: Policies, texts: Mapping[str, PolicyText]) -> dict[str, Any]:
    """Return where the two versions of the address differ; by default the one in force and the one before it."""
    before = [each for each in known.history if each.phase == "past"]
    a = visit.asked("a") or (before[-1].version if before else known.in_force.version)
    b = visit.asked("b") or known.in_force.version
    if a not in texts or b not in texts:
        raise WrongInputError(f"there is no policy of that version; there are {', '.join(texts)}")
    return {"a": a, "b": b, "differs": value_differences(texts[a].policy, texts[b].policy)}


async def _trial(visit: Visit, known: Policies) -> dict[str, Any]:
    """Return where the policy on trial differs: how many accounts by both statuses, and some of them."""
    if known.shadow is None:
        return {"differs_by": [], "sample": []}
    mark = known.shadow.publication
    found = await ask(visit, shadow_differences, ShadowFilter(publication=mark), limit=SHOWN)
    return {"differs_by": await ask(visit, shadow_counts, mark), "sample": found.items}


def _time(text: str) -> datetime | None:
    """Return a time of the form, in UTC; None where it is left empty, which means as soon as can be."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WrongInputError("In force from: give a date and a time, or leave it empty.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


PAGES = (
    Page("GET", "/policy", "viewer", show),
    Page("POST", "/policy/check", "operator", check),
    Page("POST", "/policy/change", "admin", change),
)
