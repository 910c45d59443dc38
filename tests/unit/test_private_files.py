"""Which files of secrets are taken, by who owns them and who may read them."""

import os

import pytest

from streams.config.private import is_private

OTHER = os.geteuid() + 1


def seen(mode: int, owner: int) -> os.stat_result:
    """Return what `stat` says of a regular file."""
    return os.stat_result((0o100000 | mode, 0, 0, 1, owner, 0, 0, 0, 0, 0))


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_ones_own_is_for_its_owner_alone(mode: int) -> None:
    """Whatever its owner may do with it."""
    assert is_private(seen(mode, os.geteuid()))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o440, 0o620, 0o601, 0o644])
def test_ones_own_that_a_group_or_others_may_use_is_refused(mode: int) -> None:
    """Its owner can take that away."""
    assert not is_private(seen(mode, os.geteuid()))


@pytest.mark.parametrize(
    ("mode", "taken"), [(0o440, True), (0o640, True), (0o660, False), (0o444, False), (0o450, False)]
)
def test_anothers_is_read_through_the_group(mode: int, taken: bool) -> None:
    """As a kubelet mounts a secret: root's, for the group of the pod. Written by a group or read by others it is refused."""
    assert is_private(seen(mode, OTHER)) is taken
