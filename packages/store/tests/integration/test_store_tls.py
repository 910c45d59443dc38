"""The store over TLS: real handshakes with certificates of the test's own authorities, a real Redis behind them."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from redis import Redis
from store_support import raw_store
from tls_support import tls_in_front

from clientward_store import Store, StoreRefused, StoreUnavailable, Write


@pytest.fixture
def authority() -> trustme.CA:
    """Whom the server's certificate comes from."""
    return trustme.CA()


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    """The server's side, with a certificate for 127.0.0.1."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def make(group: str, tmp_path: Path) -> Callable[..., Store]:
    """Makes stores on a port, with an authority to trust and further parameters of the URL."""

    def make(port: int, trusted: trustme.CA | None, query: str = "") -> Store:
        parameters = query
        if trusted is not None:
            trusted.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
            parameters += f"&ssl_ca_certs={tmp_path / 'ca.pem'}"
        return raw_store(group, f"rediss://127.0.0.1:{port}/0?timeout=5{parameters}", tmp_path)

    return make


async def works(store: Store) -> None:
    """Write and read through both of the store's clients, and as a running worker's mapping."""
    async with store:
        await store.take_over(0)
        await store.commit(0, Write({b"a": b"1"}, {"x": 1}))
        store.parts.write(0, {b"b": b"2"})
        store.parts.cache.clear()
        assert await store.load(0, [b"a"]) == {b"a": b"1"}
        assert store.parts.read(0, b"b") == b"2"
        assert await store.positions(0) == {"x": 1}
    assert b"a" in store.parts.clients.call(lambda redis: redis.hkeys(store.parts.keys(0).values))
    await store.parts.clients.close()


async def refusal(store: Store) -> str:
    """Return how both clients are refused: in one line, with host and port."""
    with pytest.raises(StoreRefused) as awaited:
        await store.ping()
    with pytest.raises(StoreRefused) as called:
        await asyncio.to_thread(store.parts.read, 0, b"a")
    await store.parts.clients.close()
    assert str(awaited.value) == str(called.value)
    assert "\n" not in str(called.value)
    assert store.target.address in str(called.value)
    return str(called.value)


async def test_the_store_works_over_tls(
    redis_url: str, group: str, make: Callable[..., Store], authority: trustme.CA, context: ssl.SSLContext
) -> None:
    """With the authority named, every client speaks TLS to the Redis that its certificate is for."""
    with tls_in_front(redis_url, context) as port:
        await works(make(port, authority))
    with Redis.from_url(redis_url) as client:
        assert len(client.keys(f"*{group}*")) == 2  # what arrived: the partition's meta and values


async def test_an_unknown_authority_is_refused(
    redis_url: str, make: Callable[..., Store], context: ssl.SSLContext
) -> None:
    """A certificate of another authority, or of none that the system knows, ends the handshake, and the line says why."""
    with tls_in_front(redis_url, context) as port:
        for trusted in (trustme.CA(), None):
            assert "not trusted" in await refusal(make(port, trusted))


async def test_a_certificate_for_another_host_is_refused(
    redis_url: str, make: Callable[..., Store], authority: trustme.CA
) -> None:
    """The right authority is not enough: the certificate must name the host of the URL."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("redis.example").configure_cert(context)
    with tls_in_front(redis_url, context) as port:
        assert "not trusted" in await refusal(make(port, authority))


async def test_a_client_certificate_is_shown(
    redis_url: str,
    make: Callable[..., Store],
    authority: trustme.CA,
    context: ssl.SSLContext,
    tmp_path: Path,
) -> None:
    """Where the server asks for it the client's certificate is shown; without one, or with a stranger's, it is refused."""
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    with tls_in_front(redis_url, context) as port:
        for issuer in (authority, trustme.CA(), None):
            pem = tmp_path / "client.pem"
            if issuer is not None:
                issuer.issue_cert("worker@clientward.example").private_key_and_cert_chain_pem.write_to_path(str(pem))
            store = make(port, authority, f"&ssl_certfile={pem}&ssl_keyfile={pem}" if issuer else "")
            if issuer is authority:
                await works(store)
            else:
                with pytest.raises(StoreUnavailable):
                    await store.ping()
                with pytest.raises(StoreUnavailable):
                    await asyncio.to_thread(store.parts.read, 0, b"a")
                await store.parts.clients.close()
