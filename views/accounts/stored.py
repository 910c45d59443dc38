"""An account as the workers keep it: read straight from Redis, where the last committed step left it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from relationship.contract.outcome import Outgoing
from relationship.contract.times import micros
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.policy.schedule import Rules
from relationship.state.record import decode
from streams.config.settings import Settings
from streams.health.table import read_record
from streams.kafka.policies import read_policies
from views.accounts.account import AccountView, Timeline, account_view, account_view_at, timeline_of
from views.accounts.course import Course, course_of
from views.errors import InputError, NoAccountError, server_errors


async def account_now(settings: Settings, account_id: str) -> AccountView:
    """Return an account as its last step left it. Raises NoAccountError, InputError, ServerError, RecordError."""
    raw = await _record(settings, account_id)
    rules = await _rules(settings, raw)
    pending: Sequence[Outgoing] = Core(rules).pending(account_id, raw)
    return account_view(account_id, raw, rules.at(decode(raw).head.t), pending)


async def merged_into(settings: Settings, account_id: str) -> str | None:
    """Return the account that goes on with an account's history; None where it does itself. Raises as `account_now` does."""
    into, seen = None, {account_id}
    while (found := decode(await _record(settings, into or account_id)).merged_into) is not None and found not in seen:
        into = found
        seen.add(found)
    return into


async def account_at(settings: Settings, account_id: str, at: datetime, rules: Rules | None = None) -> AccountView:
    """Return an account as it stood at a moment, by event time and what is known by now.

    `rules`: by which policy; by default those that it was folded by. Raises as `account_now` does, and NoHistoryError.
    """
    raw = await _record(settings, account_id)
    return account_view_at(account_id, raw, micros(at), rules or await _rules(settings, raw))


async def course(settings: Settings, account_id: str) -> Course:
    """Return an account's score over time up to now, by event time. Raises as `account_now` does."""
    raw = await _record(settings, account_id)
    return course_of(account_id, raw, micros(datetime.now(UTC)), await _rules(settings, raw))


async def timeline(settings: Settings, account_id: str) -> Timeline:
    """Return the events that an account's record holds and the decisions in force. Raises as `account_now` does."""
    return timeline_of(account_id, await _record(settings, account_id))


async def _record(settings: Settings, account_id: str) -> bytes:
    try:
        account_id.encode()
    except UnicodeEncodeError as error:  # a terminal's bytes that are no text arrive as lone surrogates
        raise InputError("the id is not UTF-8: give it as it is in the events") from error
    with server_errors(settings):
        raw = await read_record(settings, account_id)
    if raw is None:
        raise NoAccountError(
            f"no account {account_id} in group {settings.group}: check its id (ids are never normalised), and "
            "whether a worker has read its events (`clientward doctor`)"
        )
    return raw


async def _rules(settings: Settings, raw: bytes) -> Rules:
    """Return what a record was folded by: the policy set, and where a published one was in force, all published."""
    first = load_policy(settings.policy_file)
    if not decode(raw).switch:
        return first
    with server_errors(settings):
        return (await read_policies(settings, first)).rules
