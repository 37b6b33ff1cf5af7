"""Layer 5 of 9: an address of a message: its text, type of number and numbering plan, checked for what it is used as."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from smpp_core import EncodeError, gsm7

__all__ = ["Address"]

# SMPP 3.4 5.2.5 and 5.2.6.
_INTERNATIONAL, _ALPHANUMERIC = 1, 5
_UNKNOWN, _E164 = 0, 1

# The address field of a short message has ten octets: eleven septets of text. Fourteen digits are what the vendor takes for a sender.
_MOST_SEPTETS, _MOST_SENDER_DIGITS = 11, 14
_LEAST_DIGITS, _MOST_DIGITS = 5, 15


class Address(Struct, frozen=True):
    """A sender or a receiver.

    value: digits without a leading "+", or text; on the wire each character is one octet of Latin-1. ton, npi: type of number and
    numbering plan, 0-255 (SMPP 3.4 5.2.5, 5.2.6). The constructor checks nothing: it takes what stood in a PDU, and what a peer wants.
    """

    value: str
    ton: int = 0
    npi: int = 0

    def __str__(self) -> str:
        return self.value

    @classmethod
    def sender(cls, text: str, ton: int | None = None, npi: int | None = None) -> Address:
        """Make a sender from what people write.

        text: digits, with or without a leading "+" (which is taken away): numeric, ton 1, npi 1, at most 14 digits. Anything else is
        alphanumeric, ton 5, npi 0: at most 11 characters of the GSM default alphabet that Latin-1 has too; one of its extension table
        (as "[") counts two. ton, npi: instead of those; one given alone keeps the other's default.
        Raises EncodeError with the field "sender" for empty, longer or other text, control characters included.
        """
        digits = text[1:] if text[:1] == "+" else text
        if digits.isascii() and digits.isdigit():
            if len(digits) > _MOST_SENDER_DIGITS:
                raise EncodeError(f"sender has {len(digits)} digits, the limit is {_MOST_SENDER_DIGITS}", field="sender")
            return cls(digits, *_numbers("sender", ton, npi, _INTERNATIONAL, _E164))
        if not text:
            raise EncodeError("sender is empty", field="sender")
        for index, char in enumerate(text):
            if not char.isprintable() or ord(char) > 0xFF or gsm7.count(char) is None:
                raise EncodeError(
                    f"sender has {char!a} (U+{ord(char):04X}) at index {index}, which an alphanumeric sender cannot have", field="sender",
                )
        septets = gsm7.count(text) or 0
        if septets > _MOST_SEPTETS:
            doubled = "" if septets == len(text) else " (characters of the extension table count two)"
            raise EncodeError(f"alphanumeric sender has {septets} characters{doubled}, the limit is {_MOST_SEPTETS}", field="sender")
        return cls(text, *_numbers("sender", ton, npi, _ALPHANUMERIC, _UNKNOWN))

    @classmethod
    def destination(cls, text: str, ton: int | None = None, npi: int | None = None) -> Address:
        """Make a receiver from what people write.

        text: a number of E.164 with its country code, 5 to 15 digits of which the first is not 0; a leading "+" is taken away.
        ton, npi: instead of 1 and 1; one given alone keeps the other's default. Raises EncodeError with the field "to".
        """
        digits = text[1:] if text[:1] == "+" else text
        if not digits:
            raise EncodeError("to is empty", field="to")
        if not (digits.isascii() and digits.isdigit()):
            shown = ascii(text if len(text) <= 40 else text[:40])
            raise EncodeError(f"to is {shown}; it has digits only, after a + that may be left out", field="to")
        if digits[0] == "0":
            raise EncodeError("to begins with 0; write the country code first, without 00", field="to")
        if not _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS:
            raise EncodeError(f"to has {len(digits)} digits, not {_LEAST_DIGITS} to {_MOST_DIGITS}", field="to")
        return cls(digits, *_numbers("to", ton, npi, _INTERNATIONAL, _E164))

    @classmethod
    def of_source(cls, pdu: Any) -> Address:
        """The source address of a PDU; empty text and 0 where it has none, or its octets end before. Never fails."""
        return cls(
            getattr(pdu, "source_addr", None) or "", getattr(pdu, "source_addr_ton", None) or 0, getattr(pdu, "source_addr_npi", None) or 0,
        )

    @classmethod
    def of_destination(cls, pdu: Any) -> Address:
        """The destination address of a PDU; empty text and 0 where it has none (submit_multi has many). Never fails."""
        return cls(
            getattr(pdu, "destination_addr", None) or "", getattr(pdu, "dest_addr_ton", None) or 0,
            getattr(pdu, "dest_addr_npi", None) or 0,
        )


def _numbers(field: str, ton: int | None, npi: int | None, default_ton: int, default_npi: int) -> tuple[int, int]:
    found = default_ton if ton is None else ton, default_npi if npi is None else npi
    for name, number in zip(("ton", "npi"), found):
        if not 0 <= number <= 255:
            raise EncodeError(f"{name} {number} of {field} is no octet", field=field)
    return found
