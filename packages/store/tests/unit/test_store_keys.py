"""Names of keys and what a store's URL may say."""

import pytest
from faust.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot
from yarl import URL

from clientward_store.keys import keys_of, target_of


@given(st.text(min_size=1, max_size=30), st.integers(0, 10_000))
def test_all_keys_of_a_partition_share_a_slot(prefix: str, partition: int) -> None:
    """One script may write all keys of a partition on Redis Cluster, whatever the app is called."""
    assert len({key_slot(name.encode()) for name in keys_of(prefix, partition)}) == 1


def test_partitions_and_tables_are_apart() -> None:
    """No two partitions, tables or purposes share a key."""
    names = [name for prefix in ("a-t", "a-u") for partition in (1, 11) for name in keys_of(prefix, partition)]
    assert len(set(names)) == len(names)


def test_each_key_has_the_name_under_which_a_deployment_has_it() -> None:
    """A version that named one differently would find nothing of what the one before had written."""
    keys = keys_of("a{b}-t", 7)
    assert keys._asdict() == {
        "meta": "{a(b)-t:7}:m",
        "values": "{a(b)-t:7}:v",
        "due": "{a(b)-t:7}:due",
        "outbox": "{a(b)-t:7}:out",
        "restored": "{a(b)-t:7}:new",
    }


def test_partitions_spread_over_the_slots() -> None:
    """Partitions fall into different slots, so a cluster shares the load."""
    assert len({key_slot(keys_of("a-t", partition).values.encode()) for partition in range(100)}) > 95


def test_defaults() -> None:
    """A bare URL has the documented cache and time limit, and is neither a Cluster nor a Sentinel."""
    target = target_of(URL("redis://localhost"))
    assert target.address == "localhost:6379"
    assert (target.cache, target.timeout, target.cluster, target.sentinel) == (100_000, 5.0, False, "")
    assert not target.preload


def test_parameters_of_the_store_are_taken_off() -> None:
    """redis-py sees its own parameters only."""
    target = target_of(
        URL("rediss://u:p%40ss@h:1/2?cache=7&timeout=0.5&cluster=1&warm=1&sentinel=main&ssl_ca_certs=ca.pem")
    )
    assert target.url == "rediss://u:p%40ss@h:1/2?ssl_ca_certs=ca.pem"
    assert (target.cache, target.timeout, target.cluster, target.sentinel) == (7, 0.5, True, "main")
    assert target.preload


def test_the_password_is_masked() -> None:
    """What is shown of a URL holds neither its password nor its parameters."""
    target = target_of(URL("redis://u:canary@h:1/2?password=canary"))
    assert target.masked == "redis://u:***@h:1/2"
    assert "canary" not in target.address


@pytest.mark.parametrize("query", ["cache=many", "cache=-1", "timeout=soon", "timeout=nan", "timeout=inf"])
def test_a_bad_parameter_is_told(query: str) -> None:
    """A parameter that is no number is refused in one line that repeats it."""
    with pytest.raises(ImproperlyConfigured, match=query.split("=")[1]):
        target_of(URL(f"redis://h?{query}"))


def test_none_is_a_number_of_entries_and_no_time() -> None:
    """A cache of 0 is turned off; a time limit of 0 is the usual one."""
    target = target_of(URL("redis://h?cache=0&timeout=0"))
    assert (target.cache, target.timeout) == (0, 5.0)


def test_options_reach_the_client() -> None:
    """The table's `redis` option is handed to redis-py."""
    assert target_of(URL("redis://h"), {"redis": {"password": "x"}}).options == {"password": "x"}
