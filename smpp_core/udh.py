"""Layer 4 of 9: the user data header: octets <-> information elements, each with its meaning (3GPP TS 23.040 §9.2.3.24)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from . import gsm7
from .errors import EncodeError
from .spec.elements import CONCAT_8BIT, CONCAT_16BIT, ELEMENTS, LOCKING_SHIFT, PORTS_8BIT, PORTS_16BIT, SINGLE_SHIFT
from .spec.findings import Finding, finding

__all__ = [
    "Address", "Concat", "Element", "Hyperlink", "MessageIndication", "Ports", "TextFormatting", "UserDataHeader", "VoiceMail",
    "concat", "decode", "element", "encode", "locking_shift", "ports", "single_shift",
]


class Concat(NamedTuple):
    """One part of a concatenated message: its reference, how many parts there are, which one this is (from 1), bits of the reference."""

    reference: int
    total: int
    part: int
    bits: int


class Ports(NamedTuple):
    """Application ports, 8 or 16 bits wide."""

    destination: int
    source: int
    bits: int


class MessageIndication(NamedTuple):
    """How many messages of a kind wait. store: the text is to be kept; profile: of the subscriber, 1-4.

    kind: "voicemail" | "fax" | "email" | "video" | "other".
    """

    kind: str
    messages: int
    store: bool
    profile: int


class TextFormatting(NamedTuple):
    """A run of text in a style. mode and colour: the octets of 9.2.3.24.10.1.1; colour is None where the sender gave none."""

    start: int
    length: int
    mode: int
    colour: int | None


class Hyperlink(NamedTuple):
    """A link in the text: where it begins, characters of its title and of its URL."""

    position: int
    title_length: int
    url_length: int


class Address(NamedTuple):
    """An address of 9.1.2.5: type of number, numbering plan, digits (or text, where ton is 5)."""

    ton: int
    npi: int
    digits: str


class VoiceMail(NamedTuple):
    """The front of an enhanced voice mail element. kind: "notification" | "deletion"; entries: how many messages rest describes."""

    kind: str
    store: bool
    almost_full: bool
    full: bool
    profile: int
    mailbox: Address
    messages: int
    entries: int
    rest: bytes


class Element(NamedTuple):
    """One information element. value: what data means, data itself where nothing more is known; offset: octets from the header's start."""

    id: int
    name: str
    data: bytes
    value: Any
    offset: int = 0


class UserDataHeader(NamedTuple):
    """A user data header as it stood.

    octets: all of it, its length octet included. elements: in order, repeats included. tail: octets in which no element could be
    read. findings: deviations, with offsets from the header's start. `bytes(header)` are its octets.
    """

    octets: bytes
    elements: tuple[Element, ...]
    tail: bytes
    findings: tuple[Finding, ...]

    def __bytes__(self) -> bytes:
        return self.octets

    @property
    def length(self) -> int:
        """Octets of the header, its length octet included."""
        return len(self.octets)

    def last(self, *ids: int) -> Element | None:
        """The last element with one of the identifiers: where one is repeated, or two exclude each other, the last counts."""
        return next((found for found in reversed(self.elements) if found.id in ids), None)

    @property
    def concat(self) -> Concat | None:
        """The concatenation, None if there is none or its numbers are impossible (a receiver must ignore such an element)."""
        for found in reversed(self.elements):
            value = found.value
            if isinstance(value, Concat) and 1 <= value.part <= value.total:
                return value
        return None

    @property
    def ports(self) -> Ports | None:
        """The application ports, None if there are none."""
        found = self.last(PORTS_8BIT, PORTS_16BIT)
        return found.value if found is not None and isinstance(found.value, Ports) else None

    @property
    def locking(self) -> int:
        """National language identifier of the locking shift table, 0 if there is none."""
        found = self.last(LOCKING_SHIFT)
        return found.value if found is not None and isinstance(found.value, int) else 0

    @property
    def single(self) -> int:
        """National language identifier of the single shift table, 0 if there is none."""
        found = self.last(SINGLE_SHIFT)
        return found.value if found is not None and isinstance(found.value, int) else 0


_new = tuple.__new__  # what a NamedTuple's own constructor calls, without the detour: every segmented message passes here


# -- values -----------------------------------------------------------------------------------------------------------------

_KINDS = ("voicemail", "fax", "email", "other")
_DIGITS = "0123456789*#abc"


def _read_indication(data: bytes) -> MessageIndication:
    kind = "video" if data[0] & 0x1F == 0x07 else _KINDS[data[0] & 0x03]
    return MessageIndication(kind, data[1], bool(data[0] & 0x80), (data[0] >> 5 & 0x03) + 1)


def _read_formatting(data: bytes) -> TextFormatting | bytes:
    if len(data) < 3:
        return data
    return TextFormatting(data[0], data[1], data[2], data[3] if len(data) > 3 else None)


def _read_address(data: bytes) -> tuple[Address, int] | None:
    """An address at the start of data and the octets it takes; None if it is cut."""
    if len(data) < 2:
        return None
    size = 2 + (data[0] + 1) // 2
    packed = data[2:size]
    if len(packed) < size - 2:
        return None
    ton, npi = data[1] >> 4 & 0x07, data[1] & 0x0F
    if ton == 5:
        digits = gsm7.decode(gsm7.unpack(packed, data[0] * 4 // 7))
    else:
        digits = "".join(_DIGITS[half] for octet in packed for half in (octet & 0x0F, octet >> 4) if half < 15)
    return Address(ton, npi, digits), size


def _read_reply_address(data: bytes) -> Address | bytes:
    found = _read_address(data)
    return found[0] if found is not None else data


def _read_voice_mail(data: bytes) -> VoiceMail | bytes:
    found = _read_address(data[1:])
    if found is None or len(data) < found[1] + 3:
        return data
    mailbox, size = found
    flags = data[0]
    return VoiceMail(
        "deletion" if flags & 0x01 else "notification", bool(flags & 0x10), bool(flags & 0x20), bool(flags & 0x40),
        (flags >> 2 & 0x03) + 1, mailbox, data[size + 1], data[size + 2] & 0x1F, data[size + 3:],
    )


def _read_octet(data: bytes) -> int:
    return data[0]


_READERS: dict[int, Callable[[bytes], Any]] = {
    CONCAT_8BIT: lambda data: _new(Concat, (data[0], data[1], data[2], 8)),
    0x01: _read_indication,
    PORTS_8BIT: lambda data: Ports(data[0], data[1], 8),
    PORTS_16BIT: lambda data: Ports(data[0] << 8 | data[1], data[2] << 8 | data[3], 16),
    0x06: _read_octet,
    0x07: _read_octet,
    CONCAT_16BIT: lambda data: _new(Concat, (data[0] << 8 | data[1], data[2], data[3], 16)),
    0x0A: _read_formatting,
    0x13: _read_octet,
    0x20: _read_octet,
    0x21: lambda data: Hyperlink(data[0] << 8 | data[1], data[2], data[3]),
    0x22: _read_reply_address,
    0x23: _read_voice_mail,
    SINGLE_SHIFT: _read_octet,
    LOCKING_SHIFT: _read_octet,
}


# By identifier: name, length (None if it varies), section, reader (None where data is all that is known).
_TABLE = tuple((row.name, row.length, row.section, _READERS.get(row.id)) for row in (ELEMENTS[number] for number in range(256)))


def _read_value(number: int, data: bytes) -> Any:
    _, length, _, read = _TABLE[number]
    return data if read is None or len(data) < (length or 0) else read(data)


# -- octets to elements -----------------------------------------------------------------------------------------------------


def decode(octets: bytes) -> UserDataHeader | None:
    """Read the header at the start of user data. Total: any octets give a header or None.

    octets: the user data from the header's length octet on; what stands behind the header is not looked at. None if there is no
    octet, or the length reaches past them (then they are no header). An element that reaches past the header's end ends the
    reading; its octets are the tail. An element longer than its row is read by its front, a shorter one keeps its data as value.
    """
    if not octets or octets[0] >= len(octets):
        return None
    end = octets[0] + 1
    header = octets[:end]
    elements: list[Element] = []
    findings: list[Finding] = []
    at = 1
    while at < end:
        number = header[at]
        name, length, section, read = _TABLE[number]
        start = at + 2
        if start > end or start + header[at + 1] > end:
            findings.append(finding("udh-element-overrun", name, at, section, said=number))
            break
        size = header[at + 1]
        data = header[start:start + size]
        value: Any = data
        if length is not None and size != length:
            findings.append(finding("udh-element-length", name, at, section, have=size, limit=length))
        if read is not None and size >= (length or 0):
            value = read(data)
            if type(value) is Concat and not 1 <= value.part <= value.total:
                findings.append(finding("udh-part", name, at, section, said=value.part, limit=value.total))
        elements.append(_new(Element, (number, name, data, value, at)))
        at = start + size
    return _new(UserDataHeader, (header, tuple(elements), header[at:], tuple(findings)))


# -- elements to octets -----------------------------------------------------------------------------------------------------


def encode(elements: Iterable[Element | tuple[int, bytes]], tail: bytes = b"") -> bytes:
    """Write a header with its length octet. `encode(header.elements, header.tail)` gives header.octets again.

    elements: Element, or (identifier, data) pairs. tail: octets to put behind the last of them.
    Raises EncodeError for an identifier that is no octet, data over 255 octets, or a header over 255.
    """
    body = bytearray()
    for item in elements:
        number, data = (item.id, item.data) if isinstance(item, Element) else item
        if not 0 <= number <= 255:
            raise EncodeError(f"identifier {number} of an information element is no octet", field="udh")
        if len(data) > 255:
            raise EncodeError(f"{ELEMENTS[number].name} has {len(data)} octets, the limit is 255", field="udh")
        body += bytes((number, len(data))) + data
    body += tail
    if len(body) > 255:
        raise EncodeError(f"the user data header has {len(body)} octets, the limit is 255", field="udh")
    return bytes((len(body),)) + bytes(body)


def element(number: int, data: bytes) -> Element:
    """Make an element of any identifier (0-255) from its data. Raises EncodeError as encode does."""
    if not 0 <= number <= 255 or len(data) > 255:
        encode([(number, data)])
    return Element(number, ELEMENTS[number].name, bytes(data), _read_value(number, data))


def concat(reference: int, total: int, part: int, bits: int = 8) -> Element:
    """Make the element of one part (1 to total, 255 at most) of a concatenated message; bits: 8 or 16, of the reference.

    Raises EncodeError for a number out of range.
    """
    if bits not in (8, 16) or not 0 <= reference < 1 << bits or not 1 <= part <= total <= 255:
        raise EncodeError(f"part {part} of {total} with reference {reference} of {bits} bits cannot be written", field="udh")
    return element(CONCAT_8BIT if bits == 8 else CONCAT_16BIT, reference.to_bytes(bits // 8, "big") + bytes((total, part)))


def ports(destination: int, source: int, bits: int = 16) -> Element:
    """Make the element of application ports of 8 or 16 bits. Raises EncodeError for a number out of range."""
    if bits not in (8, 16) or not (0 <= destination < 1 << bits and 0 <= source < 1 << bits):
        raise EncodeError(f"ports {destination} and {source} of {bits} bits cannot be written", field="udh")
    return element(PORTS_8BIT if bits == 8 else PORTS_16BIT, destination.to_bytes(bits // 8, "big") + source.to_bytes(bits // 8, "big"))


def locking_shift(language: int) -> Element:
    """Make the element that names the locking shift table of a national language (0-255). Raises EncodeError outside that."""
    return element(LOCKING_SHIFT, _octet(language))


def single_shift(language: int) -> Element:
    """Make the element that names the single shift table of a national language (0-255). Raises EncodeError outside that."""
    return element(SINGLE_SHIFT, _octet(language))


def _octet(number: int) -> bytes:
    if not 0 <= number <= 255:
        raise EncodeError(f"national language {number} is no octet", field="udh")
    return bytes((number,))
