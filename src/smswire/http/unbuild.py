"""Layer 7 of 9: the way back: a Message, or the PDUs of one, as a message of a request, for a service that is spoken to over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

from msgspec.structs import replace

from smpp_core import EncodeError, Pdu, Profile, SmppTime, decode_text
from smpp_core.spec.data_codings import GSM_GROUP_TABLE
from smpp_core.spec.elements import LOCKING_SHIFT, PORTS_16BIT, SINGLE_SHIFT
from smswire.message.address import Address
from smswire.message.alphabet import OCTETS
from smswire.message.compose import CAMPAIGN_ID, Composition, compose
from smswire.message.message import Message, When
from smswire.message.push import PUSH_CODING, PUSH_PORTS, decode_push
from smswire.message.received import Received

from .build import UDHI, prepare, text_of_octets
from .errors import DocumentError
from .policy import Policy
from .request import Recipient, SendMessage
from .text import TEXT_CODINGS, VENDOR
from .value import LONGEST_SPAN, LONGEST_VALIDITY

__all__ = ["of_message", "of_pdus"]

# Message takes these bits of esm_class; 0x3C says that it is no message but a receipt or its like.
_MODE, _MESSAGE_TYPE = 0x83, 0x3C
_SAR_TOTAL: Final = 0x020E
# Below it a data_coding names no more than an alphabet, and Unicode does for all of them; from it on a class, or a lamp to light.
_FIRST_GROUP: Final = 16
# What a Message says by itself, or what only its sender and its peer need: payload, SAR, ports, user_message_reference, campaign.
_KNOWN_TLVS: Final = frozenset((0x0204, 0x020A, 0x020B, 0x020C, _SAR_TOTAL, 0x020F, 0x0424, CAMPAIGN_ID))
_PUSH_HEADER: Final = bytes((6, PORTS_16BIT, 4)) + PUSH_PORTS[0].to_bytes(2, "big") + PUSH_PORTS[1].to_bytes(2, "big")
_MINUTE: Final = timedelta(minutes=1)
_ANYBODY: Final = Policy(default_sender="0", auto_unicode=False)


def of_message(message: Message, *, message_id: str = "", now: datetime | None = None, strict: bool = True) -> SendMessage:
    """Say a Message in the terms of the HTTP API, to its one receiver; `build.build` makes the same Message of it.

    message_id: for the recipient. now: aware, where schedule or validity are moments. strict: False drops what a handset does not see:
    priority, service_type, and tlvs. Which receipt is asked for, user_message_reference, and how the parts name each other are the
    service's own business and are left out. A validity is rounded up to minutes, over 48 h it becomes 48 h, which is left out (V32).
    What needs more than one segment is longSMS. What the API has no words for, as a text with a header, goes as its octets.
    Raises DocumentError (-23), with the attribute as its path, for what cannot be said.
    """
    if strict:
        for name in ("priority", "service_type", "tlvs"):
            if getattr(message, name):
                _refuse(name, "has no place in a request")
    if message.protocol_id:
        _refuse("protocol_id", "has no place in a request")
    fields = _sender(message.sender) | _times(message, now) | _content(message)
    esm_class = fields.pop("esmclass", 0) | message.esm_class
    if esm_class:
        fields["esmclass"] = esm_class
    receiver, more = _receiver(message.to, message_id)
    found = SendMessage(campaign_id=message.campaign_id or "", recipients=[receiver], **fields, **more)
    try:
        prepare(found, _ANYBODY)
    except DocumentError as error:
        _refuse(error.path, error.reason)
    return found


def of_pdus(
    pdus: Iterable[Pdu], *, profile: Profile | None = None, message_id: str = "", now: datetime | None = None, strict: bool = True,
) -> SendMessage:
    """Say the submit_sm (or another PDU with addresses and text) of a message in the terms of the HTTP API; see `of_message`.

    pdus: all parts in order, as `Received.pdus` has them; or one part, which then goes as its octets with its header. profile: another
    meaning of data_coding than the PDUs' own. now: also needed where times are relative by months, or absolute.
    Raises DocumentError (-23) for what cannot be said, receipts and PDUs without a destination among it; ValueError for no PDU.
    """
    received = Received.of(pdus, profile)
    return of_message(_message(received, profile, now, strict), message_id=message_id, now=now, strict=strict)


def _refuse(path: str, reason: str) -> NoReturn:
    raise DocumentError(reason, path=path, status=-23)


# -- addresses and times ----------------------------------------------------------------------------------------------------


def _sender(sender: Address | None) -> dict[str, Any]:
    if sender is None or not sender.value:
        return {}
    text = sender.value.removeprefix("+") if sender.value[1:].isdigit() else sender.value
    try:
        default = Address.sender(text)
    except EncodeError:
        _refuse("sender", "is longer than a sender may be, or has other characters")
    if text != text.strip():
        _refuse("sender", "has blanks at its ends")
    return {"sender": text} | _unless_default("src", sender, default)


def _receiver(to: Address, message_id: str) -> tuple[Recipient, dict[str, Any]]:
    text = to.value.removeprefix("+")
    try:
        default = Address.destination(text)
    except EncodeError:
        _refuse("to", "is no international number of 5 to 15 digits")
    return Recipient(text, message_id), _unless_default("dest", to, default)


def _unless_default(kind: str, address: Address, default: Address) -> dict[str, int]:
    found = {}
    if address.ton != default.ton:
        found[f"{kind}_ton"] = address.ton
    if address.npi != default.npi:
        found[f"{kind}_npi"] = address.npi
    return found


def _times(message: Message, now: datetime | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    due = timedelta(0)
    if message.schedule is not None:
        due = max(_span(message.schedule, now, "schedule"), due)
        due -= timedelta(microseconds=due.microseconds)
        if due > LONGEST_SPAN:
            _refuse("schedule", "is over 365 days away")
        if due:
            found["send_date_time"] = due
    if message.validity is not None:
        life = _span(message.validity, now, "validity") - due
        if life <= timedelta(0):
            _refuse("validity", "ends before the message is due")
        if life < LONGEST_VALIDITY:
            found["validity_period"] = -(-life // _MINUTE) * _MINUTE
    if found.get("validity_period") == LONGEST_VALIDITY:
        del found["validity_period"]
    return found


def _span(when: When, now: datetime | None, path: str) -> timedelta:
    if isinstance(when, timedelta):
        return when
    if now is None:
        _refuse(path, "is a moment, and a request says spans: the present time is needed")
    try:
        return when - now
    except (TypeError, OverflowError):
        _refuse(path, "has no time zone")


# -- content ----------------------------------------------------------------------------------------------------------------


def _content(message: Message) -> dict[str, Any]:
    if message.binary is not None and message.ports == PUSH_PORTS and not message.udh and message.data_coding == PUSH_CODING:
        pushed = decode_push(message.binary)
        if pushed is not None:
            url, title = pushed
            return {"type": "bookmark", "wapurl": url} | ({} if title == url else {"text": title})
    # Ports that would stand in TLVs go into the header: the API has nothing else for them.
    whole = replace(message, concatenation="udh8", reference=None)
    if message.binary is not None:
        return _octets(whole)
    composition = _composed(whole)
    if message.udh or message.ports is not None or not message.text or message.text.isspace():
        return _as_octets(composition)  # a blank text is none in a request, and no text has a header there
    number = composition.data_coding
    if message.data_coding in TEXT_CODINGS and message.encoding == "auto":
        number, flash = message.data_coding or 0, message.flash
        found: dict[str, Any] = {"datacoding": message.data_coding}
    elif message.data_coding is None or number in TEXT_CODINGS and VENDOR.data_codings[number].alphabet == composition.encoding:
        flash = bool(GSM_GROUP_TABLE[number].flash)
        found = {} if number in (0, 240) else {"datacoding": number}
    else:
        return _as_octets(composition)
    found["text"] = message.text
    return found | _kind(message, flash, composition.segments)


def _octets(message: Message) -> dict[str, Any]:
    octets = bytes(message.binary or b"")
    if len(octets) > OCTETS and message.split is True and not message.udh and message.ports is None and message.data_coding in (8, 24):
        text = text_of_octets(octets)
        if text is not None:
            return {"text": text, "datacoding": message.data_coding} | _kind(message, message.flash, 2)
    return _as_octets(_composed(replace(message, split=False))) | _kind(message, False, 1)


def _as_octets(composition: Composition) -> dict[str, Any]:
    part = composition.parts[0]
    if len(composition.parts) > 1 or len(part.octets) > OCTETS:
        _refuse("binary", f"is what it would have to be said as, and it has more than {OCTETS} octets or several segments")
    if not part.octets:
        _refuse("text" if part.text is not None else "binary", "is empty, which says that there is none")
    found: dict[str, Any] = {"binary": part.octets}
    number = composition.data_coding
    if number:
        found["datacoding"] = number
    if part.header:
        found["esmclass"] = UDHI
    if composition.message.flash and GSM_GROUP_TABLE[number].flash:
        found["flash"] = True
    return found


def _kind(message: Message, flash: bool, segments: int) -> dict[str, Any]:
    """type and flash."""
    if flash and message.split is False:
        return {"type": "nSMS"}
    found: dict[str, Any] = {"flash": True} if flash else {}
    if message.split is True or segments > 1:
        found["type"] = "longSMS"
    return found


def _composed(message: Message) -> Composition:
    try:
        return compose(message, profile=VENDOR)
    except EncodeError as error:
        raise DocumentError("the message cannot be composed", path=error.field, status=-23) from None


# -- PDUs -------------------------------------------------------------------------------------------------------------------


def _message(received: Received, profile: Profile | None, now: datetime | None, strict: bool) -> Message:
    pdu = received.pdus[0]
    esm_class = _number(pdu, "esm_class")
    if esm_class & _MESSAGE_TYPE:
        _refuse("esm_class", "says that this is no message but a receipt or its like")
    if _number(pdu, "sm_default_msg_id"):
        _refuse("sm_default_msg_id", "has no place in a request")
    if strict and _number(pdu, "replace_if_present_flag"):
        _refuse("replace_if_present_flag", "has no place in a request")
    common = {
        "to": received.to, "sender": received.sender, "esm_class": esm_class & _MODE, "priority": _number(pdu, "priority_flag"),
        "protocol_id": _number(pdu, "protocol_id"), "service_type": getattr(pdu, "service_type", None) or "",
        "schedule": _when(pdu, "schedule_delivery_time", now), "validity": _when(pdu, "validity_period", now),
        "campaign_id": pdu.campaign_id if isinstance(pdu.campaign_id, str) else None,
        "tlvs": tuple((tlv.tag, tlv.raw) for tlv in pdu.tlvs if tlv.tag not in _KNOWN_TLVS),
    }
    return _with_content(received, profile, common)


def _with_content(received: Received, profile: Profile | None, common: dict[str, Any]) -> Message:
    pdu = received.pdus[0]
    part = decode_text(pdu, profile)
    number = received.data_coding
    if _number(pdu, "esm_class") & UDHI and part.udh is None:
        _refuse("short_message", "has no user data header, and esm_class says that it has")
    concat = None if part.udh is None else part.udh.concat
    alone = len(received.pdus) == 1
    if alone and concat is None and (pdu.sar_total_segments or 0) > 1:
        _refuse("sar_total_segments", "says that this is one part of several, and a request has no place for that")
    is_part = alone and concat is not None and concat.total > 1
    is_same = (profile or pdu.profile).data_codings.get(number) == VENDOR.data_codings.get(number)
    if received.text is not None and received.ports is None and not is_part and _only_tables(received.udh):
        text = Message(text=received.text, flash=received.flash, **common)
        if not is_same:
            return text
        fits = alone and len(part.octets) + (0 if part.udh is None else part.udh.length) <= OCTETS
        if number in TEXT_CODINGS:
            text.data_coding = number or None
            if not fits or part.udh is None and _octets_of(text) == part.octets:
                return text
        elif not fits and number < _FIRST_GROUP:
            return text
    if received.text is not None and not is_same:
        _refuse("data_coding", "means another alphabet there, and beside a header the octets stay as they are")
    if alone:
        header = b"" if part.udh is None else part.udh.octets
        ports = received.ports if part.udh is None or part.udh.ports is None else None
        octets = part.octets
    else:
        if received.binary is None:
            _refuse("udh" if received.udh else "data_coding", "has no place beside a text of several segments")
        header, ports, octets = received.udh, None, received.binary
    if header == _PUSH_HEADER:
        header, ports = b"", PUSH_PORTS
    return Message(binary=octets, udh=header, ports=ports, data_coding=number, split=None if alone else True, **common)


def _only_tables(header: bytes) -> bool:
    """True for no header, and for one that names national tables only: its text is in Unicode by now."""
    at = 1
    while at < len(header):
        if header[at] not in (LOCKING_SHIFT, SINGLE_SHIFT):
            return False
        at += 3
    return True


def _octets_of(message: Message) -> bytes | None:
    """The octets of a text in one piece, None if it has several or cannot be written."""
    try:
        parts = compose(message, profile=VENDOR).parts
    except EncodeError:
        return None
    return parts[0].octets if len(parts) == 1 else None


def _number(pdu: Pdu, name: str) -> int:
    return getattr(pdu, name, None) or 0


def _when(pdu: Pdu, name: str, now: datetime | None) -> When | None:
    text = getattr(pdu, name, None)
    if not text:
        return None
    try:
        time = SmppTime.parse(text)
        if time.is_relative and not time.year and not time.month:
            return timedelta(days=time.day, hours=time.hour, minutes=time.minute, seconds=time.second, milliseconds=100 * time.tenths)
        if now is None:
            _refuse(name, "is a moment, and a request says spans: the present time is needed")
        return time.at(now)
    except EncodeError:
        _refuse(name, "is no time")
