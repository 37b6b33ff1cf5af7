"""A PROXY header, however it is cut, gives the same addresses, and not one octet behind it is taken."""

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smpp_core import FrameError
from smswire.session.proxy import LONGEST_HEADER, SIGNATURE, ProxyHeader, ProxyParser, networks, trusted

V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)
PORTS = st.integers(0, 65_535)
COMMANDS = {"local": 0x20, "proxy": 0x21}


def line(kind: str, source: object, destination: object, sport: object, dport: object) -> bytes:
    return f"PROXY {kind} {source} {destination} {sport} {dport}\r\n".encode()


def binary(command: int, family: int, body: bytes) -> bytes:
    return SIGNATURE + bytes((command, family)) + len(body).to_bytes(2) + body


def addresses(source: ipaddress._BaseAddress, destination: ipaddress._BaseAddress, sport: int, dport: int) -> bytes:
    return source.packed + destination.packed + sport.to_bytes(2) + dport.to_bytes(2)


@st.composite
def headers(draw: st.DrawFn) -> tuple[bytes, ProxyHeader]:
    """A good header of any kind, and what it says."""
    family = draw(st.sampled_from((4, 6)))
    one, two = draw(V4 if family == 4 else V6), draw(V4 if family == 4 else V6)
    sport, dport = draw(PORTS), draw(PORTS)
    said = (str(one), sport), (str(two), dport)
    tlvs = draw(st.binary(max_size=60))
    which = draw(st.sampled_from(("line", "unknown line", "binary", "local", "unspecified", "other")))
    if which == "line":
        return line(f"TCP{family}", one, two, sport, dport), ProxyHeader(1, *said)
    if which == "unknown line":
        junk = draw(st.text("abc 0123:.", max_size=80))
        return f"PROXY UNKNOWN{' ' if junk else ''}{junk}\r\n".encode(), ProxyHeader(1, None, None)
    if which == "binary":
        return binary(0x21, 0x11 if family == 4 else 0x21, addresses(one, two, sport, dport) + tlvs), ProxyHeader(2, *said)
    if which == "local":
        return binary(0x20, draw(st.integers(0, 255)), tlvs), ProxyHeader(2, None, None)
    if which == "unspecified":
        return binary(0x21, 0x00, tlvs), ProxyHeader(2, None, None)
    return binary(0x21, draw(st.sampled_from((0x12, 0x22, 0x31, 0x32))), bytes(216) + tlvs), ProxyHeader(2, None, None)


def fed(octets: bytes, cuts: list[int]) -> tuple[ProxyHeader | str | None, bytes]:
    """What a parser makes of octets in pieces: the header and all that stands behind it, or what is wrong."""
    parser = ProxyParser()
    edges = [0, *sorted(cuts), len(octets)]
    for start, end in zip(edges, edges[1:]):
        try:
            header = parser.feed(octets[start:end])
        except FrameError as error:
            return str(error), b""
        if header is not None:
            return header, parser.rest + octets[end:]
    return None, b""


@given(headers(), st.binary(max_size=40))
@example((line("TCP6", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::", 65_535, 0), ProxyHeader(
    1, ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65_535), ("::", 0))), b"\r\n")
def test_a_header_cut_at_every_octet_gives_its_addresses_and_leaves_the_rest(header: tuple[bytes, ProxyHeader], rest: bytes) -> None:
    octets, said = header
    for at in range(len(octets) + len(rest) + 1):
        assert fed(octets + rest, [at]) == (said, rest)
    assert fed(octets + rest, list(range(len(octets)))) == (said, rest)


@given(headers())
def test_reading_only_what_is_wanted_ends_with_the_header(header: tuple[bytes, ProxyHeader]) -> None:
    octets, said = header
    stream, at, parser = octets + b"\x16\x03\x01 a TLS handshake", 0, ProxyParser()
    while True:
        wanted = parser.wanted
        assert wanted > 0
        found = parser.feed(stream[at : at + wanted])
        at += wanted
        if found is not None:
            break
    assert (found, at, parser.rest, parser.wanted) == (said, len(octets), b"", 0)


@given(headers())
def test_an_unfinished_header_is_waited_for(header: tuple[bytes, ProxyHeader]) -> None:
    for end in range(len(header[0])):
        assert fed(header[0][:end], []) == (None, b"")


@given(st.one_of(
    st.binary(max_size=200), st.binary(max_size=150).map(b"PROXY ".__add__), st.binary(max_size=60).map(SIGNATURE.__add__),
    st.text("TCP46UNKOW 0123456789.:f\r\n", max_size=120).map(lambda text: b"PROXY " + text.encode()),
), st.lists(st.integers(0, 200), max_size=8))
def test_whatever_comes_the_cuts_change_nothing_and_only_a_frame_error_comes_out(octets: bytes, cuts: list[int]) -> None:
    assert fed(octets, [at for at in cuts if at <= len(octets)]) == fed(octets, [])


@pytest.mark.parametrize(("octets", "what"), [
    (b"GET / HTTP/1.1\r\n", "no PROXY header"),
    (b"PROXX", "no PROXY header"),
    (b"\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\1", "no PROXY header"),
    (b"\r\n\r\n\0\r\nQUIX", "no PROXY header"),
    (b"PROXY \r\n", "not TCP4 or TCP6"),
    (b"PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", "not TCP4 or TCP6"),
    (b"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", "not TCP4 or TCP6"),
    (b"PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n", "not TCP4 or TCP6"),
    (b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n", "not TCP4 or TCP6"),
    (b"PROXY TCP4 1.2.3.4 ::1 1 2\r\n", "an address"),
    (b"PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n", "an address"),
    (b"PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n", "an address"),
    (b"PROXY TCP6 1.2.3.4 ::1 1 2\r\n", "an address"),
    (b"PROXY TCP4 \xb2.2.3.4 1.2.3.4 1 2\r\n", "an address"),
    (b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", "has a zone"),
    (b"PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n", "a port"),
    (b"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", "a port"),
    (b"PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n", "a port"),
    (b"PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n", "a port"),
    (b"PROXY UNKNOWN" + b" " * 94, "no end in its first 107"),
    (binary(0x11, 0x11, bytes(12)), "version and command 0x11"),
    (binary(0x22, 0x11, bytes(12)), "version and command 0x22"),
    (binary(0x21, 0x13, bytes(12)), "address family 0x13"),
    (binary(0x21, 0x11, bytes(11)), "11 octets are too few"),
    (binary(0x21, 0x21, bytes(35)), "35 octets are too few"),
    (binary(0x21, 0x31, bytes(215)), "215 octets are too few"),
    (SIGNATURE + bytes.fromhex("2111ffff"), "more than the 4096 allowed"),
])
def test_a_malformed_header_is_named(octets: bytes, what: str) -> None:
    with pytest.raises(FrameError, match=what) as caught:
        ProxyParser().feed(octets)
    assert caught.value.octets and caught.value.octets in octets


def test_the_longest_headers_are_read() -> None:
    body = addresses(ipaddress.ip_address("192.0.2.1"), ipaddress.ip_address("192.0.2.2"), 5, 6)
    whole = binary(0x21, 0x11, body.ljust(LONGEST_HEADER - 16, b"\0"))
    assert len(whole) == LONGEST_HEADER
    assert ProxyParser().feed(whole) == ProxyHeader(2, ("192.0.2.1", 5), ("192.0.2.2", 6))
    assert ProxyParser().feed(b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n") == ProxyHeader(1, None, None)


@pytest.mark.parametrize(("address", "inside"), [
    ("10.1.2.3", True), ("11.0.0.1", False), ("::ffff:10.1.2.3", True), ("2001:db8::5", True), ("2001:db9::5", False),
    ("192.0.2.7", True), ("192.0.2.8", False), ("2001:db8::5%eth0", True), ("", False), ("/run/socket", False),
])
def test_who_is_trusted_lies_in_a_network(address: str, inside: bool) -> None:
    assert trusted(address, networks(["10.0.0.0/8", "2001:db8::/32", ipaddress.ip_network("192.0.2.7")])) is inside


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="10.0.0.1/8"):
        networks(["10.0.0.1/8"])
