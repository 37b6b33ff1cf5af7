"""Reads captures made by the tests, and looks at what came out."""

from smpp_core.capture import CapturedPdu, Gap, read

from .traffic import BIND_TRANSCEIVER, Expected, pdu
from .writer import ETHERNET, on, pcap

BIND = pdu(BIND_TRANSCEIVER, 1, b"harbour\0secret\0\0\x34\0\0\0")
BIND_RESP = pdu(0x80000009, 1, b"HARBOUR\0")


def side_of(item):
    """0 for the client; the direction of the first packet captured, which is 0, may be another."""
    return int(not item.src.startswith("10.0.0.1:"))


def in_order(items):
    return sorted(as_expected(items), key=lambda one: (one.frame, one.offset))


def as_expected(items):
    return [Expected(side_of(item), item.offset, item.octets, item.missing, item.frame) for item in items if isinstance(item, CapturedPdu)]


def read_ips(ips, **options):
    return list(read(pcap(on(ETHERNET, ips), nano=True), **options))


def pdus_of(items):
    return [item.octets for item in items if isinstance(item, CapturedPdu)]


def kinds_of(items):
    return [item.kind for item in items if isinstance(item, Gap)]


def assert_tiled(items):
    """Each octet of a direction belongs to one item, and the items lie side by side."""
    for direction in (0, 1):
        at = 0
        for item in sorted((item for item in items if item.direction == direction), key=lambda item: item.offset):
            assert item.offset == at
            at += item.length
