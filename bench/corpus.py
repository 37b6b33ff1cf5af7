"""What the benchmarks run on: SMPP PDUs and texts made from a seed, mixed as real traffic is.

Written with `struct` alone, so that nothing measured here made what it reads. Numbers, names and texts are invented.
Layouts: SMPP 3.4 4 and 5.
"""

import random
import struct
from typing import Any, NamedTuple

SUBMIT_SM, SUBMIT_SM_RESP = 0x00000004, 0x80000004
DELIVER_SM, DELIVER_SM_RESP = 0x00000005, 0x80000005
ENQUIRE_LINK, ENQUIRE_LINK_RESP = 0x00000015, 0x80000015
BIND_TRANSCEIVER, BIND_TRANSCEIVER_RESP = 0x00000009, 0x80000009
UNBIND, UNBIND_RESP = 0x00000006, 0x80000006

GSM, LATIN1, UCS2 = 0, 3, 8
UDHI, RECEIPT = 0x40, 0x04

SENDERS = ("Lantern", "HARBOUR", "Kiosk 24", "MyBank", "Aurora-Pay", "INFO", "Zvono", "Parcel&Co")
WORDS = tuple((
    "your code is valid until tomorrow please call parcel ready order shop thank you for payment account balance train leaves at platform "
    "reply stop to end meeting moved doctor appointment confirm link open today offer half price see street station driver arrives minutes "
    "key new").split())
# Without the paragraph sign: smpplib has another in its place.
ACCENTS = ("été", "über", "niño", "år", "a@b", "£")
GSM_SPECIALS = (*ACCENTS, "€", "[x]")
CYRILLIC = ("ваш", "код", "заказ", "готов", "спасибо", "добрый", "день", "встреча", "завтра", "😀")
STATES = (("DELIVRD", 2), ("DELIVRD", 2), ("DELIVRD", 2), ("DELIVRD", 2), ("UNDELIV", 5), ("EXPIRED", 3), ("REJECTD", 8), ("ENROUTE", 1))

# The few characters of GSM_SPECIALS, as 3GPP TS 23.038 6.2.1 numbers them; letters, digits and blanks are those of ASCII.
_TO_GSM = str.maketrans({
    "@": "\x00", "£": "\x01", "é": "\x05", "å": "\x0f", "ñ": "\x7d", "ü": "\x7e",
    "€": "\x1be", "[": "\x1b<", "]": "\x1b>",
})


class Submit(NamedTuple):
    """A submit_sm: the eleven values that a caller gives (`fields`), and the octets that must come of them."""

    fields: dict[str, Any]
    octets: bytes
    text: str = ""          # where short_message is the GSM encoding of one


def pdu(command_id: int, sequence_number: int, body: bytes = b"", status: int = 0) -> bytes:
    """One PDU: header and body. SMPP 3.4 5.1."""
    return struct.pack(">IIII", 16 + len(body), command_id, status, sequence_number) + body


def tlv(tag: int, value: bytes) -> bytes:
    """One optional parameter. SMPP 3.4 5.3.1."""
    return struct.pack(">HH", tag, len(value)) + value


def message_body(fields: dict[str, Any], tlvs: bytes = b"") -> bytes:
    """The body of a submit_sm or deliver_sm with empty service_type and times. SMPP 3.4 4.4.1."""
    text = fields["short_message"]
    return b"".join((
        b"\0", bytes((fields["source_addr_ton"], fields["source_addr_npi"])), fields["source_addr"].encode("ascii"), b"\0",
        bytes((fields["dest_addr_ton"], fields["dest_addr_npi"])), fields["destination_addr"].encode("ascii"), b"\0",
        bytes((fields["esm_class"], 0, 0)), b"\0\0",
        bytes((fields["registered_delivery"], 0, fields["data_coding"], 0, len(text))), text, tlvs,
    ))


def gsm_octets(text: str) -> bytes:
    """The text in the GSM 7-bit alphabet, one septet an octet; only characters that this module makes. 3GPP TS 23.038 6.2.1."""
    return text.translate(_TO_GSM).encode("latin-1")


class Traffic:
    """An endless source of PDUs of one seed, each with the sequence_number it is asked for."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)

    def sentence(self, words: tuple[str, ...], units: int) -> str:
        """Words up to `units` characters exactly."""
        choose = self.random.choices
        text = ""
        while len(text) < units:
            text += " ".join(choose(words, k=12)) + f" {self.random.randrange(10**6):06d}. "
        return text[:units]

    def number(self) -> str:
        """A mobile number of twelve digits."""
        return f"38591{self.random.randrange(10**7):07d}"

    def sender(self) -> tuple[int, int, str]:
        """ton, npi and address: half of them names, a quarter short codes, a quarter numbers."""
        kind = self.random.randrange(4)
        if kind < 2:
            return 5, 0, self.random.choice(SENDERS)
        if kind == 2:
            return 3, 0, str(self.random.randrange(1000, 99999))
        return 1, 1, self.number()

    def text(self) -> tuple[int, int, bytes]:
        """esm_class, data_coding and octets: GSM, UCS-2, Latin-1 and segments with a user data header."""
        kind = self.random.randrange(20)
        if kind < 11:
            return 0, GSM, gsm_octets(self.sentence(WORDS + ACCENTS[:3], self.random.randrange(20, 156)))
        if kind < 14:
            return 0, UCS2, self.sentence(CYRILLIC, self.random.randrange(10, 60)).encode("utf-16-be")
        if kind < 15:
            return 0, LATIN1, self.sentence(WORDS, self.random.randrange(20, 140)).encode("latin-1")
        header = bytes((5, 0, 3, self.random.randrange(256), 3, self.random.randrange(1, 4)))
        if kind < 18:
            return UDHI, GSM, header + gsm_octets(self.sentence(WORDS, 153))
        return UDHI, UCS2, header + self.sentence(CYRILLIC[:-1], 67).encode("utf-16-be")

    def fields(self, esm_class: int, data_coding: int, text: bytes, sequence_number: int) -> dict[str, Any]:
        """Eleven keyword arguments of a submit_sm."""
        ton, npi, address = self.sender()
        return {
            "source_addr_ton": ton, "source_addr_npi": npi, "source_addr": address,
            "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": self.number(),
            "esm_class": esm_class, "registered_delivery": 1, "data_coding": data_coding, "short_message": text,
            "sequence_number": sequence_number,
        }

    def submit(self, sequence_number: int) -> Submit:
        """A submit_sm without TLVs."""
        fields = self.fields(*self.text(), sequence_number)
        return Submit(fields, pdu(SUBMIT_SM, sequence_number, message_body(fields)))

    def submit_of(self, length: int, sequence_number: int) -> bytes:
        """A submit_sm of exactly `length` octets (224 leaves room for 160 characters or so) with two TLVs."""
        # user_message_reference and payload_type: every peer knows them
        tlvs = tlv(0x0204, struct.pack(">H", sequence_number & 0xFFFF)) + tlv(0x0019, b"\0")
        fields = self.fields(0, GSM, b"", sequence_number)
        room = length - 16 - len(message_body(fields, tlvs))
        fields["short_message"] = self.sentence(WORDS, room).encode("ascii")
        return pdu(SUBMIT_SM, sequence_number, message_body(fields, tlvs))

    def message_id(self) -> str:
        """An id as SMSCs write it: ten digits, or sixteen hexadecimal ones."""
        if self.random.randrange(2):
            return f"{self.random.randrange(10**10):010d}"
        return f"{self.random.getrandbits(64):016x}"

    def receipt_parts(self) -> tuple[list[str], str, int]:
        """The `key:value` parts of a receipt (text last), its message_id and its message_state."""
        state, number = self.random.choice(STATES)
        message_id = self.message_id()
        day, minute = self.random.randrange(1, 29), self.random.randrange(60)
        error = "000" if number == 2 else f"{self.random.randrange(1, 300):03d}"
        return [
            f"id:{message_id}", "sub:001", f"dlvrd:{'001' if number == 2 else '000'}", f"submit date:2601{day:02d}10{minute:02d}",
            f"done date:2601{day:02d}11{minute:02d}", f"stat:{state}", f"err:{error}", f"text:{self.sentence(WORDS, 20)}",
        ], message_id, number

    def receipt(self, sequence_number: int) -> bytes:
        """A deliver_sm with a delivery receipt and its three TLVs. SMPP 3.4 appendix B."""
        parts, message_id, state = self.receipt_parts()
        return self.receipt_of(parts, message_id, state, sequence_number)

    def receipt_of(self, parts: list[str], message_id: str, state: int, sequence_number: int) -> bytes:
        """The same from given parts."""
        tlvs = tlv(0x001E, message_id.encode() + b"\0") + tlv(0x0427, bytes((state,))) + tlv(0x0423, b"\x03\0\0")
        fields = self.fields(RECEIPT, GSM, " ".join(parts).encode("ascii"), sequence_number)
        fields["registered_delivery"] = 0
        return pdu(DELIVER_SM, sequence_number, message_body(fields, tlvs))

    def inbound(self, sequence_number: int) -> bytes:
        """A deliver_sm that a person wrote."""
        fields = self.fields(*self.text(), sequence_number)
        fields["registered_delivery"] = 0
        return pdu(DELIVER_SM, sequence_number, message_body(fields))

    def response(self, command_id: int, sequence_number: int) -> bytes:
        """The answer to a submit_sm (with a message_id, one in fifty throttled) or a deliver_sm."""
        if command_id == DELIVER_SM:
            return pdu(DELIVER_SM_RESP, sequence_number, b"\0")
        if self.random.randrange(50) == 0:
            return pdu(SUBMIT_SM_RESP, sequence_number, b"\0", 0x58)
        return pdu(SUBMIT_SM_RESP, sequence_number, self.message_id().encode() + b"\0")

    def bind(self, sequence_number: int) -> bytes:
        """A bind_transceiver. SMPP 3.4 4.1.5."""
        return pdu(BIND_TRANSCEIVER, sequence_number, b"account%d\0secret12\0\0\x34\0\0\0" % self.random.randrange(100))


def submits(count: int = 2000, length: int = 224, seed: int = 1) -> list[bytes]:
    """`count` different submit_sm of `length` octets with two TLVs each: more than a first-level cache holds."""
    traffic = Traffic(seed)
    return [traffic.submit_of(length, 1 + number) for number in range(count)]


def to_build(count: int = 2000, seed: int = 2) -> list[Submit]:
    """`count` submit_sm to construct: mixed senders, alphabets and segments."""
    traffic = Traffic(seed)
    return [traffic.submit(1 + number) for number in range(count)]


def to_write(count: int = 2000, seed: int = 6) -> list[Submit]:
    """`count` submit_sm to construct from a text of the GSM alphabet, 20 to 150 characters."""
    traffic = Traffic(seed)
    found = []
    for number in range(count):
        text = traffic.sentence(WORDS + ACCENTS[:3], traffic.random.randrange(20, 151))
        fields = traffic.fields(0, GSM, gsm_octets(text), 1 + number)
        found.append(Submit(fields, pdu(SUBMIT_SM, 1 + number, message_body(fields)), text))
    return found


def mixed(count: int = 3000, seed: int = 3) -> list[bytes]:
    """`count` PDUs as on a busy transceiver session: 40 % submit_sm, as many responses, receipts, their responses, a few of the rest."""
    traffic = Traffic(seed)
    choose = traffic.random.randrange
    frames = [traffic.bind(1), pdu(BIND_TRANSCEIVER_RESP, 1, b"HARBOUR\0" + tlv(0x0210, b"\x34"))]
    while len(frames) < count:
        number, kind = len(frames), choose(100)
        if kind < 38:
            frames.append(traffic.submit(number).octets)
        elif kind < 76:
            frames.append(traffic.response(SUBMIT_SM, number))
        elif kind < 86:
            frames.append(traffic.receipt(number))
        elif kind < 88:
            frames.append(traffic.inbound(number))
        elif kind < 98:
            frames.append(traffic.response(DELIVER_SM, number))
        else:
            frames.append(pdu(choose(2) and ENQUIRE_LINK or ENQUIRE_LINK_RESP, number))
    return frames


# Kinds of GSM text, and how many of ten are of each.
KINDS = {"letters and digits": (WORDS, 6), "with accents": (WORDS + ACCENTS, 3), "with euro signs and brackets": (WORDS + GSM_SPECIALS, 1)}


def texts_of(kind: str, count: int = 200, units: int = 160, seed: int = 4) -> list[str]:
    """`count` texts of `units` characters, all of one kind."""
    traffic = Traffic(seed)
    return [traffic.sentence(KINDS[kind][0], units) for _ in range(count)]


def texts(count: int = 200, units: int = 160, seed: int = 4) -> list[str]:
    """`count` texts of `units` characters in the GSM alphabet, the kinds mixed."""
    traffic = Traffic(seed)
    kinds = [words for words, share in KINDS.values() for _ in range(share)]
    return [traffic.sentence(kinds[number % len(kinds)], units) for number in range(count)]


def receipts(count: int = 500, seed: int = 5, shuffled: bool = False) -> list[bytes]:
    """`count` receipt texts in the order of SMPP 3.4 appendix B, or with the keys before `text` in any order."""
    traffic = Traffic(seed)
    found = []
    for _ in range(count):
        parts, _, _ = traffic.receipt_parts()
        head, text = parts[:-1], parts[-1]
        if shuffled:
            traffic.random.shuffle(head)
        found.append(" ".join((*head, text)).encode("ascii"))
    return found
