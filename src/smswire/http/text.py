"""Layer 7 of 9: the text of a request in an encoding: what datacoding, flash and type ask for, and what the account allows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from smpp_core import EncodeError, Profile
from smswire.message.alphabet import Alphabet, alphabets_for, alphabets_of_number
from smswire.message.message import Encoding
from smswire.message.split import MOST_SEGMENTS, cut, split

from .errors import DocumentError
from .policy import Policy
from .request import SendMessage

__all__ = ["TEXT_CODINGS", "VENDOR", "Written", "is_flash", "write_text"]

VENDOR: Final = Profile.vendor()
# The rows of table 16 that are alphabets, and 0, the default.
TEXT_CODINGS: Final = frozenset((0, 1, 3, 8, 24, 240))
# No alphabet holds more characters in a segment of many.
_MOST_CHARACTERS: Final = MOST_SEGMENTS * 153
_ONE_UCS2_SEGMENT: Final = 70


class Written(Struct, frozen=True):
    """How a text goes out.

    text: all of it, or what on_overlong left. encoding, data_coding, flash: as Message takes them. segments: how many it is.
    """

    text: str
    encoding: Encoding
    data_coding: int | None
    flash: bool
    segments: int


class _Way(Struct, frozen=True):
    """One way to write: what Message is told, the alphabet that must hold the text, and the one that is written."""

    encoding: Encoding
    data_coding: int | None
    needed: Alphabet
    used: Alphabet


def is_flash(message: SendMessage) -> bool:
    """True if the message asks to be shown at once, by its flag or as a notification; datacoding may ask for it too."""
    return message.flash or message.type == "nSMS"


def write_text(message: SendMessage, policy: Policy, instead: str | None = None) -> Written:
    """Choose the encoding of a message's text and hold its length against type and policy.

    instead: a text to write for the message's own (the one that its octets are). Data codings are the vendor's. Decisions V23, V26, V27,
    V29, V30.
    Raises DocumentError (-23), with the parameter as its path, for a datacoding that is no alphabet, for a character that the datacoding
    does not hold where the account does not allow another one, for a text that is too long. No reason holds a character of the text.
    """
    text = message.text or "" if instead is None else instead
    flash = is_flash(message)
    number = message.datacoding
    if number is not None and number not in TEXT_CODINGS:
        raise DocumentError(f"{number} is no alphabet for a text", path="datacoding", status=-23)
    truncates = message.type == "" and policy.on_overlong == "truncate"
    if len(text) > _MOST_CHARACTERS and not truncates:
        raise _too_many()
    ways = list(_ways(number, flash, policy, len(text)))
    way = next((one for one in ways if one.needed.units(text) is not None), None)
    if way is None:
        first = ways[0].needed
        at = bisect_left(range(1, len(text)), True, key=lambda end: first.units(text[:end]) is None)
        raise DocumentError(f"the character at index {at} is not in {first.title}", path="text", status=-23)
    capacity = way.used.capacity(0)
    if (way.used.units(text) or 0) > capacity:
        if message.type == "nSMS":
            raise DocumentError("a notification has one segment, and the text takes more", path="text", status=-23)
        if truncates:
            text = cut(text[:capacity + 2], way.used, capacity)[0]
        elif message.type == "" and policy.on_overlong == "reject":
            raise DocumentError("the text takes more than one segment, and type is not longSMS", path="text", status=-23)
    try:
        made = split(text, profile=VENDOR, encoding=way.encoding, data_coding=way.data_coding, flash=flash)
    except EncodeError:
        if text[:1] == "\ufffe":
            raise DocumentError("the text begins with U+FFFE, which turns its octets round", path="text", status=-23) from None
        raise _too_many() from None
    return Written(text, way.encoding, way.data_coding, flash, made.segments)


def _ways(number: int | None, flash: bool, policy: Policy, length: int) -> Iterator[_Way]:
    """The ways to try, in order; number: a datacoding of TEXT_CODINGS."""
    if number is None:
        one = alphabets_for(VENDOR, "gsm7", flash=flash)[0]
        yield _Way("gsm7", None, one, one)
    elif number == 3:
        latin1 = alphabets_for(VENDOR, "latin1")[0]
        # With a message class it is written in GSM 7-bit, or in UCS-2 where that does not hold it (V29).
        used = alphabets_of_number(VENDOR, 3, flash=flash)
        for one in used[:-1]:
            yield _Way("auto", 3, one, one)
        yield _Way("auto", 3, latin1, used[-1])
    else:
        one = alphabets_of_number(VENDOR, number, flash=flash)[0]
        yield _Way("auto", number, one, one)
    if policy.latin1 and not flash and number in (None, 0, 1) and (length > _ONE_UCS2_SEGMENT or not policy.auto_unicode):
        one = alphabets_for(VENDOR, "latin1")[0]
        yield _Way("latin1", None, one, one)
    if policy.auto_unicode:
        one = alphabets_for(VENDOR, "ucs2", flash=flash or number == 240)[0]
        yield _Way("auto", 24, one, one) if number == 240 else _Way("ucs2", None, one, one)


def _too_many() -> DocumentError:
    return DocumentError(f"the text takes over {MOST_SEGMENTS} segments", path="text", status=-23)
