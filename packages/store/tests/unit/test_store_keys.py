"""Names of keys and what a store's URL may say."""

import pytest
from faust.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot
from yarl import URL

from clientward_store.keys import check_key, is_on, keys_of, number, target_of


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


def test_a_check_writes_beside_the_five_keys_and_in_their_slot() -> None:
    """Under a name of its own, which the same prefix of an ACL covers."""
    assert check_key("a{b}-t", 7) == "{a(b)-t:7}:doctor"
    assert check_key("a-t", 7) not in keys_of("a-t", 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((word, True) for word in ("1", "true", "yes", "TRUE", "Yes")),
        *((word, False) for word in (None, "", "0", "no", "false", "2", "on")),
    ],
)
def test_a_parameter_is_on_where_it_says_so(text: str | None, expected: bool) -> None:
    """In any letters; whatever else it says is off."""
    assert is_on(text) is expected


def test_a_url_without_a_host_or_port_is_redis_on_this_machine() -> None:
    """At the port that Redis has; what the URL says takes precedence, and what it does not say has no default to hide it."""
    assert target_of(URL("redis:///0")).address == "localhost:6379"
    assert target_of(URL("redis://h:1")).address == "h:1"
    assert target_of(URL("redis://u@h:1/2?warm=1")).masked == "redis://u@h:1/2"
    assert target_of(URL("redis://h"), {"other": 1}).options == {}


def test_a_parameters_number_may_be_zero_and_is_its_default_where_it_is_absent() -> None:
    """Whole or not; nothing below zero is one."""
    assert (number("0", "cache", 9), number(None, "cache", 9), number("", "cache", 9)) == (0.0, 9.0, 9.0)
    assert number("0.25", "timeout", 9) == 0.25
    with pytest.raises(ImproperlyConfigured, match=r"says \?timeout=-0.001: write a number that is not negative"):
        number("-0.001", "timeout", 9)
