"""Whom we may post to: public addresses only, unless an endpoint says otherwise.

Who writes an endpoint's address must not reach what only this machine can reach (its metadata service, Redis, a console).
The name is looked up by the very resolver that connects, so that it cannot answer otherwise the second time.
"""

import ipaddress
import socket
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

#: NAT64's prefix: what lies behind it is an IPv4 address.
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddressError(OSError):
    """A host's address is not public."""


def is_public(address: str) -> bool:
    """Tell whether an IP address is one that anybody on the internet could reach."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def refuse_private(host: str) -> None:
    """Raise PrivateAddressError where a host is written as an IP address that is not public."""
    try:
        public = is_public(host)
    except ValueError:
        return  # a name, which the resolver judges
    if not public:
        raise PrivateAddressError(f"{host} is a private address, and allow_private is not set")


class PublicResolver(AbstractResolver):
    """Looks names up, and refuses those that lead to a private address, be it one of several."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return a name's addresses. Raises PrivateAddressError, OSError."""
        found = await self._resolver.resolve(host, port, family)
        for each in found:
            if not is_public(each["host"]):
                raise PrivateAddressError(
                    f"{host} leads to {each['host']}, a private address; allow_private is not set"
                )
        return found

    async def close(self) -> None:
        """Close the resolver."""
        await self._resolver.close()
