"""Layer 8 of 9: delivery receipts of a simulated SMSC: the text in the scenario's form, its TLVs, its carrier."""

from __future__ import annotations

from typing import Any

from smpp_core import DataSm, DeliverSm, MessageState, Pdu, Profile, decode_text, format_receipt

from .chance import Draw, mix, share_of
from .clock import Clock
from .ids import Names
from .receipt_forms import FORMS, Form
from .scenario import Receipts
from .store import Submission

__all__ = ["INTERMEDIATE", "MOST_SHORT", "RECEIPT", "ReceiptWriter", "error_octets", "text_of"]

RECEIPT = 0x04  # esm_class, SMPP 3.4 5.2.12
INTERMEDIATE = 0x20
MOST_SHORT = 254  # octets of short_message, SMPP 3.4 5.2.22
_GSM = b"\x03"  # kind of network in network_error_code

# By the state's number: message_state TLV, and the words of each form. To hash an enumeration for each receipt would be slow.
_STATE_TLVS = tuple((0x0427, bytes((state,))) for state in sorted(MessageState))
_WORDS = {letter: tuple(form.words.get(state.name, "") for state in sorted(MessageState)) for letter, form in FORMS.items()}


def error_octets(error: int) -> bytes:
    """network_error_code: the kind of network, GSM, and the number (SMPP 3.4 5.3.2.31)."""
    return _GSM + error.to_bytes(2, "big")


def text_of(pdu: Pdu, profile: Profile) -> str:
    """The text of a submission without its user data header, "" where it has none."""
    return decode_text(pdu, profile).text or ""


class ReceiptWriter:
    """Writes receipts. options: the scenario's; names: of messages in receipts; clock: of dates; seed: deals several forms."""

    def __init__(self, options: Receipts, names: Names, clock: Clock, seed: int) -> None:
        self._options = options
        self._names = names
        self._clock = clock
        self._seed = seed
        self._form = FORMS[options.forms[0]] if len(options.forms) == 1 else None
        self._forms = Draw([FORMS[letter] for letter in options.forms], [1.0] * len(options.forms))
        self._plain = options.command == "deliver_sm" and options.carrier == "short_message"
        self._id_tlv = "receipted_message_id" in options.tlvs
        self._state_tlv = "message_state" in options.tlvs
        self._error_tlv = "network_error_code" in options.tlvs

    def write(self, submission: Submission, state: MessageState, error: int, now: float, intermediate: bool = False) -> Pdu:
        """The PDU that tells about a submission. state, error: at the moment now; intermediate: a notification on the way."""
        form = self._form or self._forms.at(share_of(mix(self._seed, ~submission.number)))
        name = self._names.receipt(submission.number, submission.id)
        text = self._text(form, submission, name, state, error, now)
        pdu = submission.pdu
        tlvs: list[tuple[int, bytes]] = []
        if self._id_tlv:
            tlvs.append((0x001E, name.encode("ascii") + b"\0"))
        if self._state_tlv:
            tlvs.append(_STATE_TLVS[state])
        if self._error_tlv:
            tlvs.append((0x0423, error_octets(error)))
        esm_class = form.esm_class
        if intermediate:
            esm_class = esm_class & ~0x3C | INTERMEDIATE
        if self._plain and not form.payload and len(text) <= MOST_SHORT:
            return DeliverSm(
                service_type=pdu.service_type, source_addr_ton=_to_ton(pdu), source_addr_npi=_to_npi(pdu), source_addr=submission.to,
                dest_addr_ton=pdu.source_addr_ton, dest_addr_npi=pdu.source_addr_npi, destination_addr=pdu.source_addr,
                esm_class=esm_class, short_message=text, tlvs=tlvs,
            )
        return self._carried(submission, text, esm_class, tlvs, form)

    def _carried(self, submission: Submission, text: bytes, esm_class: int, tlvs: list[tuple[int, bytes]], form: Form) -> Pdu:
        """A receipt that is no deliver_sm with a short_message."""
        carrier, pdu = self._options.carrier, submission.pdu
        fields: dict[str, Any] = {
            "service_type": pdu.service_type, "source_addr_ton": _to_ton(pdu), "source_addr_npi": _to_npi(pdu),
            "source_addr": submission.to, "dest_addr_ton": pdu.source_addr_ton, "dest_addr_npi": pdu.source_addr_npi,
            "destination_addr": pdu.source_addr, "esm_class": esm_class,
        }
        if carrier == "short_message" and not form.payload and len(text) <= MOST_SHORT:
            fields["short_message"] = text
        elif carrier != "tlvs":
            tlvs = [*tlvs, (0x0424, text)]
        return DataSm(**fields, tlvs=tlvs) if self._options.command == "data_sm" else DeliverSm(**fields, tlvs=tlvs)

    def _text(self, form: Form, submission: Submission, name: str, state: MessageState, error: int, now: float) -> bytes:
        stamp = self._clock.stamp
        submitted, done = stamp(submission.submitted, form.digits), stamp(now, form.digits)
        delivered = "001" if state is MessageState.DELIVERED or state is MessageState.ACCEPTED else "000"
        word = _WORDS[form.letter][state]
        code = str(error).zfill(3) if form.err == "03d" else format(error, form.err)
        if form.core == "vendor":
            return format_receipt(
                name, word, dlvrd=delivered, submit_date=submitted, done_date=done, sub="001", err=code, text=None,
                form="vendor",
            )
        begin = self._beginning(submission)
        if form.core:
            return format_receipt(
                name, word, dlvrd=delivered, submit_date=submitted, done_date=done, sub="001", err=code, text=begin,
            )
        return form.template.format(
            id=name, hex=f"{submission.number:X}", dlvrd=delivered, one=delivered[2], submit=submitted, done=done,
            stat=word, err=code, text=begin, network=submission.network.name, mccmnc=submission.network.mccmnc,
        ).encode("latin-1", "replace")

    def _beginning(self, submission: Submission) -> str:
        """The first characters of the message, as Latin-1 holds them."""
        length = self._options.text_length
        if not length:
            return ""
        text = text_of(submission.pdu, submission.pdu.profile)[:length]
        return text.encode("latin-1", "replace").decode("latin-1").replace("\0", " ")


def _to_ton(pdu: Pdu) -> Any:
    ton = getattr(pdu, "dest_addr_ton", None)
    return 1 if ton is None else ton  # a submit_multi has many


def _to_npi(pdu: Pdu) -> Any:
    npi = getattr(pdu, "dest_addr_npi", None)
    return 1 if npi is None else npi
