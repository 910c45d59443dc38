"""`clientward policy publish | rollback | list | shadow | differences`: the policies that the workers follow."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.mistakes import DONE, FAILED, WRONG_USE, MistakeError
from cli.output import printable, printable_json, say
from streams.config.load import load_settings

if TYPE_CHECKING:
    from relationship.contract.decisions import Published, ShadowDifference
    from relationship.policy.compiled import Policy
    from relationship.timeline.published import PublishedPolicies
    from streams.config.settings import Settings

By = Annotated[str, typer.Option("--by", metavar="WHO", help="Who publishes; it goes into the audit.")]


def publish(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.")],
    by: By,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="In force from this event time on. [in a minute]")
    ] = None,
) -> int:
    """Publish a policy: every worker folds events from that time on by it, and earlier ones by the one before.

    The file is checked first. Its version must be new, and the time a minute from now or later.
    """
    from cli.history import moment  # noqa: PLC0415 - not for --help
    from cli.policy import check  # noqa: PLC0415
    from relationship.contract.times import datetime_of  # noqa: PLC0415
    from relationship.policy.compiled import load_policy  # noqa: PLC0415
    from relationship.timeline.published import ACTIVE, publication  # noqa: PLC0415

    require_name(by)
    effective_at = None if at is None else datetime_of(moment(at, "--at"))
    if check(file) != DONE:
        return FAILED
    policy, text = load_policy(file), file.read_text(encoding="utf-8")
    published = publication(policy.id, ACTIVE, policy.version, text, by, effective_at, datetime.now(UTC))
    settings = load_settings()
    wrong = asyncio.run(heard(settings)).rejection_reason(published)
    if wrong is not None:
        raise MistakeError(f"{file}: {wrong}", WRONG_USE)
    send(settings, published, "policy-publish")
    return DONE


def rollback(
    by: By,
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="To this one. [the one before the last switch]")
    ] = None,
) -> None:
    """Publish an earlier policy again, as a new switch under a version of its own (`1-r1`). Nothing is deleted."""
    from relationship.policy.compiled import default_text  # noqa: PLC0415 - not for --help
    from relationship.timeline.published import ACTIVE, publication  # noqa: PLC0415

    require_name(by)
    settings = load_settings()
    known = asyncio.run(heard(settings))
    text = settings.policy_file.read_text(encoding="utf-8") if settings.policy_file else default_text()
    found = known.rollback(to, text)
    if isinstance(found, str):
        raise MistakeError(found, FAILED)
    policy, text, version = found
    now = datetime.now(UTC)
    published = publication(policy.id, ACTIVE, version, text, by, known.not_before(now), now)
    send(settings, published, "policy-rollback")


def list_policies() -> None:
    """List the switches of the active policy in order, the one in force, and the shadow."""
    from relationship.contract.times import micros  # noqa: PLC0415 - not for --help
    from relationship.timeline.published import SHADOW  # noqa: PLC0415

    known = asyncio.run(heard(load_settings()))
    in_force = known.rules.at(micros(datetime.now(UTC)))
    say(printable(f"{_mark(known.first, in_force)} {known.first.id} {known.first.version}, the workers' own, first"))
    for entry in known.switches():
        if entry.policy is not None:
            say(printable(f"{_mark(entry.policy, in_force)} {_told(entry.published)}"))
    if known.shadow is not None:
        say(printable(f"shadow: {_told(known.entries(SHADOW)[-1].published)}"))


def shadow(
    by: By,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The policy file to try.")] = None,
    off: Annotated[bool, typer.Option("--off", help="End the trial.")] = False,
) -> int:
    """Try a policy on the live stream: it folds beside the active one, decides nothing, and shows where it differs.

    An account is compared from its next event or timer on.
    """
    from cli.policy import check  # noqa: PLC0415 - not for --help
    from relationship.policy.compiled import load_policy  # noqa: PLC0415
    from relationship.timeline.published import OFF, SHADOW, publication  # noqa: PLC0415

    require_name(by)
    if (file is None) != off:
        raise MistakeError("give a FILE to try, or --off to end the trial", WRONG_USE)
    now, names, text = datetime.now(UTC), (OFF, OFF), ""
    if file is not None:
        if check(file) != DONE:
            return FAILED
        policy, text = load_policy(file), file.read_text(encoding="utf-8")
        names = (policy.id, policy.version)
    send(load_settings(), publication(names[0], SHADOW, names[1], text, by, now, now), "policy-shadow")
    return DONE


def differences(
    as_json: Annotated[bool, typer.Option("--json", help="The message itself, one a line.")] = False,
) -> None:
    """List the accounts on whose status the active policy and the shadow differ now."""
    settings = load_settings()
    trial = asyncio.run(heard(settings)).shadow
    if trial is None:
        raise MistakeError("no shadow is on trial: `clientward policy shadow FILE` starts one", FAILED)
    found = asyncio.run(_differences(settings, trial.mark))
    for value, each in found:
        say(printable_json(value.decode()) if as_json else printable(_sentence(each)))
    if not as_json:
        say(printable(f"{len(found)} accounts differ under the shadow {trial.policy.id} {trial.policy.version}"))


def _sentence(each: "ShadowDifference") -> str:
    sides = f"{each.active.status} {each.active.score:.0f}, shadow {each.shadow.status} {each.shadow.score:.0f}"
    about = " (approximate)" if each.approximate else ""
    return f"{each.account_id}  since {each.effective_at}: {sides}{about}"


async def _differences(settings: "Settings", mark: str) -> "list[tuple[bytes, ShadowDifference]]":
    """Return the last word on every account that differs under this shadow, by account."""
    import msgspec  # noqa: PLC0415 - not for --help

    from relationship.contract.decisions import ShadowDifference  # noqa: PLC0415
    from relationship.contract.outcome import SHADOWED  # noqa: PLC0415
    from streams.kafka.reading import read_to_end  # noqa: PLC0415 - slow to import

    last: dict[bytes, bytes | None] = {}
    async for record in read_to_end(settings, SHADOWED):
        last[record.key] = record.value
    known = [(value, msgspec.json.decode(value, type=ShadowDifference)) for _, value in sorted(last.items()) if value]
    return [(value, each) for value, each in known if each.publication == mark and each.kind != "left"]


def _mark(policy: "Policy", in_force: "Policy") -> str:
    return "*" if policy is in_force else " "


def _told(published: "Published") -> str:
    since, at = (f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (published.effective_at, published.published_at))
    return f"{published.id} {published.version} from {since}, by {published.by} at {at}"


def require_name(by: str) -> None:
    """Raise MistakeError where nobody is named, or a name is longer than the topic takes."""
    if not by.strip() or len(by) > 64:  # noqa: PLR2004 - the contract's names
        raise MistakeError("--by needs a name of 1 to 64 characters: say who publishes", WRONG_USE)


async def heard(settings: "Settings") -> "PublishedPolicies":
    """Return what the topic of policies holds; the first policy is the settings'."""
    from relationship.policy.compiled import load_policy  # noqa: PLC0415 - not for --help
    from streams.kafka.policies import read_policies  # noqa: PLC0415

    return await read_policies(settings, load_policy(settings.policy_file))


def send(settings: "Settings", published: "Published", action: str) -> None:
    """Publish, and say so."""
    from streams.kafka.policies import publish_policy  # noqa: PLC0415 - slow to import

    asyncio.run(publish_policy(settings, published, action))
    say(printable(f"published: {_told(published)}"))
