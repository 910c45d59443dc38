"""Which client a store's URL makes; none of these connects."""

from redis import SSLConnection
from yarl import URL

from clientward_store.client import async_client, settings, sync_client
from clientward_store.keys import target_of
from clientward_store.packing import HiredisConnection, HiredisSSLConnection, packed


def test_tls_is_a_matter_of_the_scheme() -> None:
    """rediss:// encrypts both clients, redis:// neither."""
    tls, plain = target_of(URL("rediss://h:1/2?ssl_ca_certs=ca.pem")), target_of(URL("redis://h:1/2"))
    assert issubclass(sync_client(tls).connection_pool.connection_class, SSLConnection)
    assert not issubclass(sync_client(plain).connection_pool.connection_class, SSLConnection)
    assert async_client(tls).connection_pool.connection_class is HiredisSSLConnection
    assert async_client(plain).connection_pool.connection_class is HiredisConnection
    assert sync_client(tls).connection_pool.connection_kwargs["ssl_ca_certs"] == "ca.pem"


def test_behind_a_sentinel_the_urls_user_is_the_primarys() -> None:
    """User, password, database and TLS of the URL are meant for the primary."""
    target = target_of(URL("rediss://u:p%40ss@h:1/2?sentinel=main"))
    for client in (sync_client(target), async_client(target)):
        said = client.connection_pool.connection_kwargs
        assert (said["username"], said["password"], said["db"]) == ("u", "p@ss", 2)


def test_limits_and_options() -> None:
    """Every socket has the URL's time limit, the table's options win, and bytes stay bytes."""
    said = settings(
        target_of(URL("redis://h?timeout=2"), {"redis": {"decode_responses": True, "client_name": "x"}}), None
    )
    assert (said["socket_timeout"], said["socket_connect_timeout"]) == (2.0, 2.0)
    assert said["decode_responses"] is False
    assert said["client_name"] == "x"


def test_packing() -> None:
    """A command's arguments are packed as bytes, and a name of two words as two."""
    assert packed(("CLIENT SETINFO", "é", b"\x00", 12)) == [
        b"*5\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$2\r\n\xc3\xa9\r\n$1\r\n\x00\r\n$2\r\n12\r\n"
    ]
