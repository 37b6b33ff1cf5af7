"""Layer 5 of 9: a message to submit_sm PDUs: encoding, header, parts, times, TLVs."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from smpp_core import DeliverSm, EncodeError, Profile, SmppTime, SubmitSm, udh

from .address import Address
from .alphabet import OCTETS, binary_number, languages
from .message import Message, Part, When
from .split import MOST_SEGMENTS, Split, header_length, split

if TYPE_CHECKING:
    from .transliterate import Proposal

__all__ = ["CAMPAIGN_ID", "Composition", "References", "compose"]

CAMPAIGN_ID: Final = 0x1456
_MESSAGE_PAYLOAD, _USER_MESSAGE_REFERENCE = 0x0424, 0x0204
_SOURCE_PORT, _DESTINATION_PORT = 0x020A, 0x020B
_SAR_REFERENCE, _SAR_TOTAL, _SAR_NUMBER = 0x020C, 0x020E, 0x020F
_MOST_PAYLOAD: Final = 0xFFFF
_MOST_CAMPAIGN: Final = 64
_UDHI: Final = 0x40
_MODE_AND_REPLY: Final = 0x83

_VENDOR: Final = Profile.vendor()
_NOBODY: Final = Address("")
# SMPP 3.4 5.2.17; 3, "on success only", is of SMPP 5.0 4.7.21.
_RECEIPTS: Final = {"none": 0, "final": 1, "failure": 2, "success": 3, "intermediate": 0x11}
# What a deliver_sm has of the submit_sm that it was.
_DELIVERED: Final = (
    "source_addr_ton", "source_addr_npi", "source_addr", "dest_addr_ton", "dest_addr_npi", "destination_addr", "esm_class", "data_coding",
    "short_message",
)


class References:
    """Gives reference numbers of concatenated messages, each in turn: `References()(8)` is one of 8 bits.

    start: the first one; without it a random one, so that a restarted sender does not repeat itself at once.
    """

    __slots__ = ("_next",)

    def __init__(self, start: int | None = None) -> None:
        self._next = int.from_bytes(os.urandom(2)) if start is None else start

    def __call__(self, bits: int) -> int:
        number = self._next & (1 << bits) - 1
        self._next += 1
        return number


class Composition(Struct, frozen=True):
    """A message as it will be sent.

    message: what was composed; profile: for which peer. split: how its text is written, None for octets. data_coding: the number written.
    parts: what each PDU carries. reference: of the parts, None if there is one part. capacity: units that one segment holds.
    """

    message: Message
    profile: Profile
    split: Split | None
    data_coding: int
    parts: tuple[Part, ...]
    reference: int | None
    capacity: int

    @property
    def encoding(self) -> str:
        """What a handset gets: "gsm7", "latin1", "ucs2", "binary", or another codec that data_coding asked for."""
        return "binary" if self.split is None else self.split.encoding

    @property
    def segments(self) -> int:
        """How many short messages it is: the parts, or of a payload what the peer will make of it."""
        if self.split is not None:
            return self.split.segments
        return len(self.parts) if self.message.concatenation != "payload" else -(-self.parts[0].units // self.capacity) or 1

    @property
    def units_left(self) -> int:
        """Units that the last segment has room for before another one is needed."""
        if self.split is not None:
            return self.split.units_left
        return self.capacity - self.parts[-1].units if self.message.concatenation != "payload" else -self.parts[0].units % self.capacity

    @property
    def reason(self) -> str:
        """Why this encoding, in a sentence without its full stop."""
        return "octets are sent as they are" if self.split is None else self.split.reason

    @property
    def forced_by(self) -> tuple[tuple[int, str], ...]:
        """(index, character) of those that GSM 7-bit does not hold, where another encoding had to be taken."""
        return () if self.split is None else self.split.forced_by

    @property
    def proposal(self) -> Proposal | None:
        """A spelling that GSM 7-bit holds, None if there is no sensible one or none is needed. It is never applied."""
        return None if self.split is None else self.split.proposal

    def pdus(self) -> list[SubmitSm]:
        """The PDUs, in order, with sequence_number 0: the session gives one.

        Raises EncodeError, with the field or TLV at fault, for what does not fit in a PDU.
        """
        message = self.message
        sender = message.sender
        if sender is None:
            sender = _NOBODY
        to = message.to
        receipt = _RECEIPTS.get(message.receipt)
        if receipt is None:
            raise EncodeError(f"receipt is {message.receipt!r}, not one of {', '.join(_RECEIPTS)}", field="receipt")
        if message.esm_class & ~_MODE_AND_REPLY:
            raise EncodeError(f"esm_class is {message.esm_class:#x}; a message gives its bits 0x83 only", field="esm_class")
        validity = "" if message.validity is None else _time(message.validity, "validity")
        schedule = "" if message.schedule is None else _time(message.schedule, "schedule")
        payload = message.concatenation == "payload"
        tlvs = _tlvs(message, self.profile) if _has_tlvs(message) else []
        sar = message.concatenation == "sar" and len(self.parts) > 1
        pdus = []
        for part in self.parts:
            own: list[tuple[Any, Any]] = tlvs
            if sar:
                own = [(_SAR_REFERENCE, self.reference), (_SAR_TOTAL, part.total), (_SAR_NUMBER, part.number), *tlvs]
            elif payload:
                own = [*tlvs, (_MESSAGE_PAYLOAD, part.octets)]
            pdus.append(SubmitSm(
                service_type=message.service_type, source_addr_ton=sender.ton, source_addr_npi=sender.npi, source_addr=sender.value,
                dest_addr_ton=to.ton, dest_addr_npi=to.npi, destination_addr=to.value,
                esm_class=message.esm_class | _UDHI if part.header else message.esm_class, protocol_id=message.protocol_id,
                priority_flag=message.priority, schedule_delivery_time=schedule, validity_period=validity,
                registered_delivery=receipt, data_coding=self.data_coding,
                short_message=b"" if payload else part.octets, tlvs=own, profile=self.profile,
            ))
        return pdus

    def deliveries(self) -> list[DeliverSm]:
        """The PDUs by which a network hands the message to a client, in order. Raises EncodeError as `pdus`."""
        found = []
        for pdu in self.pdus():
            same: dict[str, Any] = {name: getattr(pdu, name) for name in _DELIVERED}
            found.append(DeliverSm(**same, tlvs=[(tlv.tag, tlv.raw) for tlv in pdu.tlvs], profile=self.profile))
        return found


def compose(
    message: Message, *, profile: Profile | None = None, national: tuple[str | int, ...] = (), latin1: bool = False,
    reference: Callable[[int], int] | None = None,
) -> Composition:
    """Choose encoding and parts of a message.

    profile: what the peer means by data_coding; the vendor's if None. national: languages whose GSM tables may be used, by number, code
    or name (see `languages`); handsets that lack them show other letters. latin1: Latin-1 may be used where it saves a segment.
    reference: called with 8 or 16 when the parts need a number and the message gives none; a random one if None.
    Application ports go into the header of every part, or into TLVs where the parts are named by TLVs or left to the peer.
    Raises EncodeError, with the field at fault: both text and octets, a character or a length that does not fit, over 255 segments.
    """
    if profile is None:
        profile = _VENDOR
    carried = _carried(message) if message.udh or message.ports is not None else b""
    if message.binary is not None:
        return _compose_octets(message, profile, carried, reference)
    if message.encoding == "binary":
        raise EncodeError("encoding is binary; give the octets as binary", field="encoding")
    made = split(
        message.text or "", profile=profile, encoding=message.encoding, data_coding=message.data_coding,
        national=languages(national) if national else (), latin1=latin1, flash=message.flash, concatenation=message.concatenation,
        carried=len(carried),
    )
    if made.segments > 1 and message.split is False:
        raise EncodeError(f"the text takes {made.segments} segments and may not be split", field="text")
    alphabet = made.alphabet
    elements = alphabet.elements + carried
    if len(made.texts) == 1:
        header = bytes((len(elements),)) + elements if elements else b""
        octets = alphabet.encode(made.text, len(header))
        part = Part(1, 1, made.text, header + octets if header else octets, made.units[0], len(header))
        return Composition(message, profile, made, alphabet.data_coding, (part,), None, made.capacity)
    number = _reference(message, reference, carried)
    parts = []
    for at, (text, units) in enumerate(zip(made.texts, made.units), 1):
        header = _part_header(message.concatenation, number, len(made.texts), at, elements)
        parts.append(Part(at, len(made.texts), text, header + alphabet.encode(text, len(header)), units, len(header)))
    return Composition(message, profile, made, alphabet.data_coding, tuple(parts), number, made.capacity)


def _compose_octets(
    message: Message, profile: Profile, carried: bytes, reference: Callable[[int], int] | None,
) -> Composition:
    if message.text is not None:
        raise EncodeError("a message has text or octets, not both", field="binary")
    if message.encoding not in ("auto", "binary"):
        raise EncodeError(f"encoding is {message.encoding!r}, which is for texts; data_coding labels octets", field="encoding")
    octets = bytes(message.binary or b"")
    coding = binary_number(profile, message.data_coding, message.flash)
    header = bytes((len(carried),)) + carried if carried or message.udh else b""  # a header of no element is one
    room = OCTETS - len(header)
    payload = message.concatenation == "payload"
    if len(octets) <= room or payload:
        if len(header) + len(octets) > _MOST_PAYLOAD:
            raise EncodeError(f"binary has {len(octets)} octets, message_payload holds {_MOST_PAYLOAD}", field="binary")
        if payload and len(octets) > room:
            if message.split is False:
                raise EncodeError(f"binary has {len(octets)} octets, one segment holds {room}, and it may not be split", field="binary")
            room = OCTETS - header_length(len(carried) + 5)
        part = Part(1, 1, None, header + octets, len(octets), len(header))
        return Composition(message, profile, None, coding, (part,), None, room)
    if message.split is not True:
        raise EncodeError(f"binary has {len(octets)} octets, one segment holds {room}; split=True cuts it", field="binary")
    number = _reference(message, reference, carried)
    room = OCTETS - len(_part_header(message.concatenation, number, 1, 1, carried))
    room -= room % 2  # octets that are UTF-16 stay whole
    if room <= 0:
        raise EncodeError("the user data header leaves no room for octets", field="udh")
    total = -(-len(octets) // room)
    if total > MOST_SEGMENTS:
        raise EncodeError(f"binary takes {total} segments, the limit is {MOST_SEGMENTS}", field="binary")
    parts = []
    for at in range(total):
        header = _part_header(message.concatenation, number, total, at + 1, carried)
        piece = octets[at * room:(at + 1) * room]
        parts.append(Part(at + 1, total, None, header + piece, len(piece), len(header)))
    return Composition(message, profile, None, coding, tuple(parts), number, room)


# -- header -----------------------------------------------------------------------------------------------------------------


def _carried(message: Message) -> bytes:
    """The information elements that every part carries: the caller's own, and the ports."""
    elements = b""
    if message.ports is not None and message.concatenation in ("udh8", "udh16"):
        made = udh.ports(*message.ports)
        elements = bytes((made.id, len(made.data))) + made.data
    if not message.udh:
        return elements
    header = udh.decode(message.udh + b"\0")
    if header is None or header.length != len(message.udh):
        raise EncodeError(f"udh says {message.udh[0]} octets, {len(message.udh) - 1} follow", field="udh")
    if message.ports is not None and header.ports is not None:
        raise EncodeError("ports are given, and udh has some", field="ports")
    if message.binary is None and (header.locking or header.single):
        raise EncodeError("udh names national tables; allow their languages instead", field="udh")
    elements += message.udh[1:]
    if header_length(len(elements)) > OCTETS:
        raise EncodeError(f"the user data header has {header_length(len(elements))} octets, a short message holds {OCTETS}", field="udh")
    return elements


def _part_header(concatenation: str, reference: int, total: int, number: int, elements: bytes) -> bytes:
    if concatenation == "udh8":
        elements = bytes((0, 3, reference, total, number)) + elements
    elif concatenation == "udh16":
        elements = bytes((8, 4, reference >> 8, reference & 0xFF, total, number)) + elements
    return bytes((len(elements),)) + elements if elements else b""


def _reference(message: Message, allocate: Callable[[int], int] | None, carried: bytes) -> int:
    """The number that the parts share. The message is cut: its own header must not say that it is a part already."""
    if message.udh and (header := udh.decode(message.udh + b"\0")) is not None and header.concat is not None:
        raise EncodeError("udh says that this is one part of a message, and it is too long for one", field="udh")
    if message.concatenation not in ("udh8", "udh16", "sar"):
        raise EncodeError(f"concatenation is {message.concatenation!r}, not udh8, udh16, sar or payload", field="concatenation")
    bits = 8 if message.concatenation == "udh8" else 16
    if message.reference is not None:
        number = message.reference
    else:
        number = int.from_bytes(os.urandom(bits // 8)) if allocate is None else allocate(bits)
    if not 0 <= number < 1 << bits:
        raise EncodeError(f"reference {number} does not fit in {bits} bits", field="reference")
    return number


# -- the rest of a PDU ------------------------------------------------------------------------------------------------------


def _time(when: When, field: str) -> str:
    try:
        return SmppTime.format(when)
    except EncodeError as error:
        raise EncodeError(f"{field}: {error}", field=field) from None


def _has_tlvs(message: Message) -> bool:
    return (
        message.user_message_reference is not None or message.campaign_id is not None or message.tlvs != ()
        or message.ports is not None
    )


def _tlvs(message: Message, profile: Profile) -> list[tuple[Any, Any]]:
    """TLVs that every part carries, all but those that name the part."""
    found: list[tuple[Any, Any]] = []
    if message.ports is not None and message.concatenation in ("sar", "payload"):
        destination, source = message.ports
        found += [(_SOURCE_PORT, source), (_DESTINATION_PORT, destination)]
    if message.user_message_reference is not None:
        found.append((_USER_MESSAGE_REFERENCE, message.user_message_reference))
    if message.campaign_id is not None:
        if len(message.campaign_id) > _MOST_CAMPAIGN:
            raise EncodeError(
                f"campaign_id has {len(message.campaign_id)} characters, the limit is {_MOST_CAMPAIGN}", field="campaign_id",
            )
        try:
            octets = message.campaign_id.encode("latin-1")
        except UnicodeEncodeError as error:
            raise EncodeError(f"campaign_id has {message.campaign_id[error.start]!a}, which Latin-1 lacks", field="campaign_id") from None
        if b"\0" in octets:
            raise EncodeError("campaign_id has a NUL", field="campaign_id")
        found.append((CAMPAIGN_ID, octets + b"\0"))
    ours = {tag for tag, _ in found} | {_MESSAGE_PAYLOAD, _SAR_REFERENCE, _SAR_TOTAL, _SAR_NUMBER}
    for name, value in message.tlvs:
        row = profile.tlv_names.get(name) if isinstance(name, str) else None
        if (name if row is None else row.tag) in ours:
            raise EncodeError(f"tlvs has {name!r}, which the message itself writes", field="tlvs")
        found.append((name, value))
    return found
