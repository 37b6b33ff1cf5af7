"""Layer 7 of 9: a message of a request to a Message of the message layer, which `compose` turns into PDUs (vendor 2.2.1.2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from smpp_core import EncodeError, udh
from smpp_core.spec.data_codings import GSM_GROUP_TABLE
from smswire.message.address import Address
from smswire.message.alphabet import OCTETS
from smswire.message.compose import compose
from smswire.message.message import Message, When
from smswire.message.push import wap_push
from smswire.message.split import MOST_SEGMENTS

from .errors import DocumentError
from .policy import Policy
from .request import Recipient, SendMessage
from .text import VENDOR, is_flash, write_text
from .value import LONGEST_SPAN, LONGEST_VALIDITY, NPIS, TONS, TYPES

__all__ = ["NOBODY", "UDHI", "addressed", "build", "has_text", "hold_ranges", "prepare", "sender_of", "text_of_octets"]

NOBODY: Final = Address("")
# esm_class, SMPP 3.4 5.2.12: there is a user data header; the message type, which is the SMSC's to say.
UDHI: Final = 0x40
_MESSAGE_TYPE: Final = 0x3C
_UCS2: Final = (8, 24)
# Flash of octets by the datacoding that they are labelled with (V29); others have to say flash themselves.
_FLASH: Final = {0: 240, 1: 240, 8: 24, 4: 244}
_MOST_CAMPAIGN: Final = 64
# So that nothing long is looked at character by character.
_MOST_SENDER: Final = 15
_MOST_BOOKMARK: Final = MOST_SEGMENTS * OCTETS
# A relative time of SMPP has two digits of days.
_MOST_RELATIVE: Final = timedelta(days=100)
_POLICY: Final = Policy()


def build(message: SendMessage, recipient: Recipient, policy: Policy | None = None, *, now: datetime | None = None) -> Message:
    """Make the Message of one recipient; for many, `prepare` once and `addressed` for each.

    Raises DocumentError as `prepare` does. The recipient's number is not looked at: see `check.check_recipients`.
    """
    return addressed(prepare(message, policy, now=now), message, recipient)


def addressed(prepared: Message, message: SendMessage, recipient: Recipient) -> Message:
    """The prepared Message for a recipient, with the type of number and numbering plan of the message (default 1 and 1, V20)."""
    ton = 1 if message.dest_ton is None else message.dest_ton
    npi = 1 if message.dest_npi is None else message.dest_npi
    return replace(prepared, to=Address(recipient.gsm, ton, npi))


def prepare(message: SendMessage, policy: Policy | None = None, *, now: datetime | None = None) -> Message:
    """Make a message of a request ready for `compose` (with the vendor's profile), addressed to nobody yet.

    The costly part of `build`, the same for all recipients. now: aware, the moment that times count from; they become absolute then. None
    keeps spans, which a relative time of SMPP holds up to 99 days. Always asked for a final receipt.
    Raises DocumentError with the parameter as its path: -34 (sender), -27 (send_date_time), -1 (bookmark without URL), else -23.
    Decisions V19, V20, V23 to V32, V37.
    """
    policy = policy or _POLICY
    hold_ranges(message)
    sender = sender_of(message, policy)
    common: dict[str, Any] = {
        "sender": sender, "receipt": "final", "esm_class": _mode(message), "campaign_id": _campaign(message),
    }
    common["schedule"], common["validity"] = _times(message, now)
    if message.type == "bookmark":
        return _bookmark(message, common)
    if message.binary:
        return _octets(message, policy, common)
    if not has_text(message):
        raise DocumentError("there is neither text nor binary", path="text", status=-23)
    if (message.esmclass or 0) & UDHI:
        raise DocumentError("a text has no user data header of its own", path="esmclass", status=-23)
    return _text(message, policy, common)


def has_text(message: SendMessage) -> bool:
    """True if the message has a text; a blank one counts as absent (V3)."""
    return bool(message.text) and not str(message.text).isspace()


def sender_of(message: SendMessage, policy: Policy) -> Address:
    """The sender's address, the account's default where the message names none. Raises DocumentError (-34). V19, V20."""
    own = message.sender.strip()
    text = own or policy.default_sender
    if not text:
        raise DocumentError("there is no sender, and the account has none", path="sender", status=-34)
    try:
        if len(text) > _MOST_SENDER:
            raise EncodeError("is long", field="sender")
        found = Address.sender(text, message.src_ton, message.src_npi)
    except EncodeError:
        digits = text.removeprefix("+")
        limit = "14 digits" if digits.isascii() and digits.isdigit() else "11 characters of the GSM alphabet, controls not among them"
        raise DocumentError(f"has more than {limit}", path="sender", status=-34) from None
    if own and policy.refuses(own):
        raise DocumentError("is refused", path="sender", status=-34)
    return found


def text_of_octets(octets: bytes) -> str | None:
    """The text that octets of datacoding 8 or 24 are, without a byte order mark; None if they are none. V24, V28."""
    codec = "utf-16-be"
    if octets[:2] in (b"\xfe\xff", b"\xff\xfe"):
        codec = "utf-16-be" if octets[0] == 0xFE else "utf-16-le"
        octets = octets[2:]
    try:
        return octets.decode(codec)
    except UnicodeDecodeError:
        return None


# -- what the message carries -----------------------------------------------------------------------------------------------


def _text(message: SendMessage, policy: Policy, common: dict[str, Any], text: str | None = None) -> Message:
    written = write_text(message, policy, text)
    return Message(
        to=NOBODY, text=written.text, encoding=written.encoding, data_coding=written.data_coding, flash=written.flash,
        split=_split(message), **common,
    )


def _octets(message: SendMessage, policy: Policy, common: dict[str, Any]) -> Message:
    octets = bytes(message.binary or b"")
    if has_text(message):
        raise DocumentError("there are text and binary", path="binary", status=-23)
    header = octets[:octets[0] + 1] if (message.esmclass or 0) & UDHI else b""
    if header and len(header) <= octets[0]:
        raise DocumentError(f"the user data header says {octets[0]} octets, {len(octets) - 1} follow", path="binary", status=-23)
    if len(octets) > OCTETS:
        return _long_octets(message, policy, common, octets, header)
    number = message.datacoding or 0
    flash = is_flash(message)
    if message.type == "nSMS" and header:
        found = udh.decode(header + b"\0")
        if found is not None and found.concat is not None:
            raise DocumentError("a notification has one segment, and binary is one of several", path="binary", status=-23)
    if flash and number != 245 and not GSM_GROUP_TABLE[number].flash:
        if number not in _FLASH:
            raise DocumentError(f"octets of datacoding {number} cannot be shown at once", path="flash", status=-23)
        number = _FLASH[number]
    return Message(
        to=NOBODY, binary=octets[len(header):], udh=header, data_coding=number, flash=flash, split=_split(message), **common,
    )


def _long_octets(message: SendMessage, policy: Policy, common: dict[str, Any], octets: bytes, header: bytes) -> Message:
    if message.type != "longSMS" or message.datacoding not in _UCS2 or header:
        raise DocumentError(f"binary has {len(octets)} octets, the limit is {OCTETS}", path="binary", status=-23)
    text = text_of_octets(octets)
    if text is None:
        raise DocumentError(f"binary has over {OCTETS} octets, and they are no Unicode that could be split", path="binary", status=-23)
    return _text(message, policy, common, text)


def _bookmark(message: SendMessage, common: dict[str, Any]) -> Message:
    url = message.wapurl.strip()
    if not url:
        raise DocumentError("a bookmark needs its URL", path="wapurl", status=-1)
    if message.binary:
        raise DocumentError("a bookmark has no binary", path="binary", status=-23)
    if not url.isprintable():
        raise DocumentError("has a control character", path="wapurl", status=-23)
    title = str(message.text) if has_text(message) else ""
    if len(url) + len(title) > _MOST_BOOKMARK:
        raise DocumentError("the bookmark takes too many segments", path="wapurl", status=-23)
    try:
        pushed = wap_push(NOBODY, url, title, **common)
        compose(pushed, profile=VENDOR)
    except EncodeError as error:
        path = "text" if error.field == "title" else "wapurl"
        raise DocumentError("the bookmark cannot be written or takes too many segments", path=path, status=-23) from None
    return pushed


def _split(message: SendMessage) -> bool | None:
    return {"longSMS": True, "nSMS": False}.get(message.type)


# -- the rest ---------------------------------------------------------------------------------------------------------------


def hold_ranges(message: SendMessage) -> None:
    """Refuse numbers and spans that no document can say, in a message that a program made. Raises DocumentError (-23, -27)."""
    for name in ("datacoding", "esmclass"):
        if getattr(message, name) is not None and not 0 <= getattr(message, name) <= 255:
            raise DocumentError("is not a number from 0 to 255", path=name, status=-23)
    for name, value, table in (
        ("srcton", message.src_ton, TONS), ("srcnpi", message.src_npi, NPIS), ("destton", message.dest_ton, TONS),
        ("destnpi", message.dest_npi, NPIS),
    ):
        if value is not None and value not in table:
            raise DocumentError("is not in the document's table", path=name, status=-23)
    if message.type and message.type not in TYPES:
        raise DocumentError(f"is none of {', '.join(TYPES)}", path="type", status=-23)
    if message.send_date_time is not None and not timedelta(0) <= message.send_date_time <= LONGEST_SPAN:
        raise DocumentError("is not a span of 0 to 365 days", path="sendDateTime", status=-27)
    if message.validity_period is not None and message.validity_period <= timedelta(0):
        raise DocumentError("is no time at all", path="ValidityPeriod", status=-23)


def _mode(message: SendMessage) -> int:
    """The bits of esmclass that a Message takes: messaging mode and reply path. V25."""
    number = message.esmclass or 0
    if number & _MESSAGE_TYPE:
        raise DocumentError("the bits 0x3C belong to the service: no message is a receipt", path="esmclass", status=-23)
    return number & ~UDHI


def _campaign(message: SendMessage) -> str | None:
    name = message.campaign_id
    if len(name) > _MOST_CAMPAIGN:
        raise DocumentError(f"has {len(name)} characters, the limit is {_MOST_CAMPAIGN}", path="CampaignId", status=-23)
    if name and (not name.isprintable() or max(name) > "\xff"):
        raise DocumentError("has a character that the TLV cannot hold", path="CampaignId", status=-23)
    return name or None


def _times(message: SendMessage, now: datetime | None) -> tuple[When | None, When]:
    """(schedule, validity); validity counts from when the message is due, 48 h where it is absent (V31, V32)."""
    due = message.send_date_time or timedelta(0)
    life = min(message.validity_period or LONGEST_VALIDITY, LONGEST_VALIDITY)
    if now is not None:
        return (now + due if due else None), now + due + life
    if due + life >= _MOST_RELATIVE:
        raise DocumentError("is over 97 days, which takes the present time to write", path="sendDateTime", status=-27)
    return due or None, due + life
