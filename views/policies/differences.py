"""The accounts on whose status the active policy and the shadow differ now."""

import msgspec
from msgspec import Struct

from relationship.contract.decisions import ShadowDifference
from relationship.contract.outcome import SHADOWED
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings
from streams.kafka.policies import read_policies
from streams.kafka.reading import read_to_end
from views.errors import NoShadowError, server_errors


class ShadowDifferences(Struct, frozen=True):
    """The shadow on trial, and the accounts that differ under it, by account id."""

    id: str
    version: str
    differences: list[ShadowDifference]


async def differences(settings: Settings) -> ShadowDifferences:
    """Return the accounts that differ. Raises NoShadowError, ServerError, TopicsError, PolicyError."""
    first = load_policy(settings.policy_file)
    with server_errors(settings):
        trial = (await read_policies(settings, first)).shadow
        if trial is None:
            raise NoShadowError("no shadow is on trial: `clientward policy shadow FILE` starts one")
        last: dict[bytes, bytes | None] = {}
        async for record in read_to_end(settings, SHADOWED):
            last[record.key] = record.value
    known = [msgspec.json.decode(value, type=ShadowDifference) for _, value in sorted(last.items()) if value]
    found = [each for each in known if each.publication == trial.mark and each.kind != "left"]
    return ShadowDifferences(trial.policy.id, trial.policy.version, found)
