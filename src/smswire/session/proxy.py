"""Layer 6 of 9: the header by which a load balancer says who the client is: PROXY protocol, versions 1 and 2. Octets in, addresses out.

Section numbers are those of HAProxy's `proxy-protocol.txt`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from smpp_core import EncodeError, FrameError

__all__ = ["LONGEST_HEADER", "Network", "ProxyHeader", "ProxyParser", "networks", "trusted"]

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_LONGEST_LINE = 107  # with its CR LF, §2.1
_SHORTEST_LINE = len(b"PROXY UNKNOWN\r\n")
_FIXED = 16  # signature, version and command, family, length: §2.2
# Far over what balancers send (addresses, TLS and certificate TLVs: under 1 KiB); a parser holds no more than this.
LONGEST_HEADER = 4_096

_LOCAL, _PROXY = 0x20, 0x21
_UNSPECIFIED, _TCP4, _TCP6 = 0x00, 0x11, 0x21
# UDP and UNIX sockets: assigned by §2.2, and of no use on a TCP port. The connection keeps the address it came from.
_OTHER_FAMILIES = (0x12, 0x22, 0x31, 0x32)
_LENGTHS = {_TCP4: 12, _TCP6: 36, 0x12: 12, 0x22: 36, 0x31: 216, 0x32: 216}


class ProxyHeader(msgspec.Struct, frozen=True):
    """What a header says. source, destination: (address, port), or None where the connection speaks for itself (UNKNOWN, LOCAL)."""

    version: int
    source: tuple[str, int] | None
    destination: tuple[str, int] | None


class ProxyParser:
    """Reads one header, cut in any way.

    `feed` gives None until the header is complete; then `.rest` holds the octets that came behind it. A stream that is no PROXY header is a
    FrameError as soon as an octet shows it. `.wanted` is how many octets can be read without reading past the header, so that a caller who
    reads no more leaves a TLS handshake behind it untouched.
    """

    __slots__ = ("_done", "_held", "rest")

    def __init__(self) -> None:
        self._held = bytearray()
        self._done = False
        self.rest = b""

    @property
    def wanted(self) -> int:
        """Octets that surely belong to the header; 0 when it is complete."""
        held = self._held
        if self._done:
            return 0
        if held[:1] == SIGNATURE[:1]:
            end = _FIXED if len(held) < _FIXED else _FIXED + int.from_bytes(held[14:16])
            return end - len(held)
        missing = _SHORTEST_LINE - len(held)
        # A line whose last octet is CR ends with the next one; any other has two to come at least.
        return missing if missing > 0 else 1 if held.endswith(b"\r") else 2

    def feed(self, octets: bytes) -> ProxyHeader | None:
        """Take what the connection brought. Raises FrameError; do not call it again then, nor after it gave a header."""
        held = self._held
        held += octets
        if held[:1] == SIGNATURE[:1]:
            return self._binary()
        return self._line()

    def _take(self, end: int) -> bytes:
        header, self.rest = bytes(self._held[:end]), bytes(self._held[end:])
        self._held.clear()
        self._done = True
        return header

    def _line(self) -> ProxyHeader | None:
        held = self._held
        start = b"PROXY "
        if held[: len(start)] != start[: len(held)]:
            raise _malformed("there is no PROXY header", held)
        end = held.find(b"\r\n", 0, _LONGEST_LINE)
        if end < 0:
            if len(held) >= _LONGEST_LINE:
                raise _malformed(f"the line has no end in its first {_LONGEST_LINE} octets", held)
            return None
        line = self._take(end + 2)[:-2]
        words = line.split(b" ")
        if words[1] == b"UNKNOWN":
            return ProxyHeader(1, None, None)  # "must ignore anything presented before the CRLF"
        kind = {b"TCP4": ipaddress.IPv4Address, b"TCP6": ipaddress.IPv6Address}.get(words[1])
        if kind is None or len(words) != 6:
            raise _malformed("the line is not TCP4 or TCP6, two addresses and two ports", line)
        try:
            source, destination = (str(kind(word.decode("ascii"))) for word in words[2:4])
        except ValueError:
            raise _malformed("an address of the line is none", line) from None
        if "%" in source or "%" in destination:
            raise _malformed("an address of the line has a zone", line)
        return ProxyHeader(1, (source, _port(words[4], line)), (destination, _port(words[5], line)))

    def _binary(self) -> ProxyHeader | None:
        held = self._held
        if held[:12] != SIGNATURE[: len(held)]:
            raise _malformed("there is no PROXY header", held)
        if len(held) > 12 and held[12] not in (_LOCAL, _PROXY):
            raise _malformed(f"version and command 0x{held[12]:02X} are not known", held)
        local = len(held) > 12 and held[12] == _LOCAL
        family = held[13] if len(held) > 13 and not local else _UNSPECIFIED  # of LOCAL the family counts for nothing
        if family not in (_UNSPECIFIED, _TCP4, _TCP6, *_OTHER_FAMILIES):
            raise _malformed(f"address family 0x{family:02X} is not known", held)
        if len(held) < _FIXED:
            return None
        length = int.from_bytes(held[14:16])
        if length < _LENGTHS.get(family, 0):
            raise _malformed(f"{length} octets are too few for the addresses", held)
        if _FIXED + length > LONGEST_HEADER:
            raise _malformed(f"{_FIXED + length} octets are more than the {LONGEST_HEADER} allowed", held)
        if len(held) < _FIXED + length:
            return None
        body = self._take(_FIXED + length)[_FIXED:]  # TLVs stand behind the addresses, nothing of them is needed
        if family == _TCP4:
            return ProxyHeader(2, *_addresses(body, 4))
        if family == _TCP6:
            return ProxyHeader(2, *_addresses(body, 16))
        return ProxyHeader(2, None, None)


def _addresses(body: bytes, size: int) -> tuple[tuple[str, int], tuple[str, int]]:
    ports = 2 * size
    return (
        (str(ipaddress.ip_address(body[:size])), int.from_bytes(body[ports : ports + 2])),
        (str(ipaddress.ip_address(body[size:ports])), int.from_bytes(body[ports + 2 : ports + 4])),
    )


def _port(word: bytes, line: bytes) -> int:
    if not word.isdigit() or len(word) > 5 or (len(word) > 1 and word[:1] == b"0") or int(word) > 65_535:
        raise _malformed("a port of the line is none", line)
    return int(word)


def _malformed(what: str, octets: bytes | bytearray) -> FrameError:
    return FrameError(f"the PROXY header cannot be read: {what}", octets=bytes(octets[:16]))


def networks(texts: Iterable[str | Network]) -> tuple[Network, ...]:
    """Networks from texts as "10.0.0.0/8" or "::1" (a single address). EncodeError (a ValueError) names a text that is none."""
    try:
        return tuple(text if not isinstance(text, str) else ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise EncodeError(f"proxy_from: {error}", "proxy_from") from None


def trusted(address: str, among: Iterable[Network]) -> bool:
    """Whether an address lies in one of the networks. An IPv4 address in IPv6 clothes (::ffff:10.0.0.1) is the IPv4 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False  # a UNIX socket has no address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in among)
