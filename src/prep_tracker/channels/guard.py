"""Connect to public addresses only, however a name was written and whatever it turns into at the last moment.

Looking when an address is saved is not enough: a name may lead elsewhere a minute later. So the name is resolved once,
at the connection itself, each address that it has is looked at, and exactly that address is connected to.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

import httpcore

Address = IPv4Address | IPv6Address
_NEVER: Final = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared by the customers of a carrier (RFC 6598)
        "192.0.0.0/24",
        "168.63.129.16/32",  # a cloud's own service, at an address that looks public
        "192.31.196.0/24",  # what a network answers itself (RFC 7535, RFC 7450, RFC 7534)
        "192.52.193.0/24",
        "192.175.48.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "240.0.0.0/4",
        "64:ff9b::/96",  # NAT64: an IPv4 address inside an IPv6 one (RFC 6052)
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/32",  # Teredo: the same
        "2002::/16",  # 6to4: the same
        "2620:4f:8000::/48",
        "3fff::/20",  # in documents only (RFC 9637)
        "fec0::/10",
        "::/96",
    )
)


_ISATAP: Final = {0x00005EFE, 0x02005EFE}


class BlockedError(Exception):
    """The name leads to an address that nothing of ours may be sent to."""


class UnknownNameError(httpcore.ConnectError):
    """The name leads nowhere."""


def is_public(address: Address) -> bool:
    """Say whether an address is one of the public internet, and hides no other inside it."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if isinstance(address, IPv6Address) and (address.scope_id is not None or _hides_another(address)):
        return False
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address.version == block.version and address in block for block in _NEVER)


def _hides_another(address: IPv6Address) -> bool:
    """Say whether the second half of an address is an IPv4 address for a tunnel (ISATAP, RFC 5214)."""
    return (int(address) >> 32) & 0xFFFFFFFF in _ISATAP


class Guarded(httpcore.NetworkBackend):
    """Open connections to public addresses, and end what takes longer than it may in all.

    ``loopback``: this machine may be reached too, for a demo. ``inside``: whatever the operator has set may be, which
    nobody else can change. ``seconds``: from the first byte to the last.
    """

    def __init__(self, seconds: float, *, loopback: bool = False, inside: bool = False) -> None:
        """Keep what is allowed; the time runs from here."""
        self.seconds = seconds
        self._ends = time.monotonic() + seconds
        self._loopback, self._inside = loopback, inside
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve the name, refuse it if any of its addresses is not public, and connect to one that was looked at."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise UnknownNameError from error
        addresses = list(dict.fromkeys(ip_address(str(entry[4][0])) for entry in found))
        if not addresses or not all(self._may(address) for address in addresses):
            raise BlockedError
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):  # the next one may answer
                return self._to(address, port, timeout, local_address, socket_options)
        return self._to(addresses[-1], port, timeout, local_address, socket_options)

    def _to(self, address: Address, port: int, timeout: float | None, *more: Any) -> httpcore.NetworkStream:  # noqa: ANN401 - handed on
        stream = self._backend.connect_tcp(str(address), port, self._left(timeout), *more)
        return _Timed(stream, self._ends)

    def _may(self, address: Address) -> bool:
        return self._inside or is_public(address) or (self._loopback and address.is_loopback)

    def _left(self, timeout: float | None) -> float:
        return _left(self._ends, timeout)


class _Timed(httpcore.NetworkStream):
    """A connection that ends at an instant, however slowly its bytes come."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self._stream, self._ends = stream, ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._ends, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._ends, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        made = self._stream.start_tls(ssl_context, server_hostname, _left(self._ends, timeout))
        return _Timed(made, self._ends)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own
        return self._stream.get_extra_info(info)


def _left(ends: float, timeout: float | None) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("it took too long in all")
    return left if timeout is None else min(left, timeout)
