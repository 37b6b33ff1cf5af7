"""Layer 5 of 9: a message that came in: its parts' texts as one, octets, ports and header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from msgspec import Struct

from smpp_core import Pdu, Profile, Text, decode_text, gsm7, udh
from smpp_core.spec.elements import CONCAT_8BIT, CONCAT_16BIT

from .address import Address

__all__ = ["Received"]

_CONCATENATION = (CONCAT_8BIT, CONCAT_16BIT)


class Received(Struct, frozen=True, kw_only=True):
    """One message as its reader sees it; `Received.of` makes it from the PDUs of its parts.

    sender, to: addresses of the first part. text, or binary (octets without header) where a part is no text. udh: the first part's user
    data header with its length octet, without the element of concatenation; b"" if nothing else stands there. data_coding, flash (shown
    at once, not stored): the first part's. ports: destination and source, of the first part that names them in its header, else by the
    TLVs destination_port and source_port. parts: how many PDUs.
    """

    sender: Address
    to: Address
    text: str | None
    binary: bytes | None
    udh: bytes
    data_coding: int
    flash: bool
    ports: tuple[int, int] | None
    parts: int
    pdus: tuple[Pdu, ...]

    @classmethod
    def of(cls, pdus: Iterable[Pdu], profile: Profile | None = None) -> Received:
        """Make a message from the PDUs of its parts, in the order of their numbers; any PDU with addresses and text will do.

        Parts may differ in data_coding. Neighbours of one alphabet are joined before they are decoded, since some senders cut between an
        escape and its letter, inside a surrogate pair, or inside a character. Octets that no alphabet has are read as decode_text does.
        profile: another meaning of data_coding than the PDUs' own. Never fails on what a PDU says; ValueError for no PDU at all.
        3GPP TS 23.040 9.2.3.24.
        """
        pdus = tuple(pdus)
        if not pdus:
            raise ValueError("a message has one PDU at least")
        texts = [decode_text(pdu, profile) for pdu in pdus]
        first = texts[0]
        text: str | None = None
        binary: bytes | None = None
        if all(part.text is not None or not part.source for part in texts):
            text = first.text if len(texts) == 1 else "".join(_joined([*run]) for _, run in groupby(texts, _alphabet))
            text = text or ""
        else:
            binary = b"".join(part.octets for part in texts)
        return cls(
            sender=Address.of_source(pdus[0]), to=Address.of_destination(pdus[0]), text=text, binary=binary, udh=_other_elements(first.udh),
            data_coding=getattr(pdus[0], "data_coding", None) or 0, flash=first.flash,
            ports=_ports(pdus, texts), parts=len(pdus), pdus=pdus,
        )


def _other_elements(header: udh.UserDataHeader | None) -> bytes:
    if header is None:
        return b""
    elements = [element for element in header.elements if element.id not in _CONCATENATION]
    return udh.encode(elements, header.tail) if elements or header.tail else b""


def _ports(pdus: Sequence[Pdu], texts: Sequence[Text]) -> tuple[int, int] | None:
    for part in texts:
        found = None if part.udh is None else part.udh.ports
        if found is not None:
            return found.destination, found.source
    for pdu in pdus:
        destination, source = pdu.destination_port, pdu.source_port
        if destination is not None and source is not None:
            return destination, source
    return None


def _alphabet(part: Text) -> tuple[str, int, int]:
    """What parts must share to be decoded as one."""
    header = part.udh
    return (part.alphabet, 0, 0) if header is None else (part.alphabet, header.locking, header.single)


def _joined(parts: Sequence[Text]) -> str:
    """The text of neighbours of one alphabet."""
    alphabet, locking, single = _alphabet(parts[0])
    if len(parts) == 1:
        return parts[0].text or ""
    if alphabet == "gsm7":
        return gsm7.decode(b"".join(part.octets for part in parts), locking=locking, single=single)
    if alphabet == "gsm7-packed":
        return gsm7.decode(b"".join([*map(_unpacked, parts[:-1]), _unpacked(parts[-1], is_last=True)]), locking=locking, single=single)
    if alphabet == "ucs2":
        return _joined_units([part.octets for part in parts])
    if alphabet not in ("", "ascii", "latin1"):
        try:
            return b"".join(part.octets for part in parts).decode(alphabet)
        except (LookupError, ValueError):
            pass  # a part that cannot be read leaves the others as they are
    return "".join(part.text or "" for part in parts)


def _unpacked(part: Text, is_last: bool = False) -> bytes:
    """The septets of a part, without the seven zero bits that fill a last octet.

    Behind an escape they are taken for padding too, except at the end of the text: the escape's letter is in the next part.
    """
    header = 0 if part.udh is None else part.udh.length
    fill = (7 - 8 * header % 7) % 7
    bits = 8 * len(part.octets) - fill
    septets = gsm7.unpack(part.octets, max(bits, 0) // 7, fill)
    if septets and bits % 7 == 0 and septets[-1] == 0 and not (is_last and septets[-2:-1] == b"\x1b"):
        return septets[:-1]
    return septets


def _joined_units(parts: Sequence[bytes]) -> str:
    """UTF-16 of parts, each of which may begin with a byte order mark.

    A sender that fills 133 octets (a header with a 16-bit reference leaves so many) cuts a character in two: where the octets are even in
    all, the last octet of an odd part belongs to the next one. Else it is a stray, and left out as decode_text does.
    """
    cut = sum(map(len, parts)) % 2 == 0
    units = bytearray()
    rest = b""
    little = False
    for part in parts:
        octets = rest + part
        mark = b"" if rest else octets[:2]
        if mark in (b"\xfe\xff", b"\xff\xfe"):
            little = mark == b"\xff\xfe"
            octets = octets[2:]
        whole = len(octets) - len(octets) % 2
        rest = octets[whole:] if cut else b""
        octets = octets[:whole]
        if little:
            swapped = bytearray(whole)
            swapped[0::2], swapped[1::2] = octets[1::2], octets[0::2]
            octets = bytes(swapped)
        units += octets
    return units.decode("utf-16-be", "surrogatepass")
