"""Layer 5 of 9: a message as people think of it, and a part of it as it goes into one PDU."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from .address import Address

__all__ = ["Concatenation", "Encoding", "Message", "Part", "ReceiptWish", "Tlvs", "When", "join"]

Encoding: TypeAlias = Literal["auto", "gsm7", "latin1", "ucs2", "binary"]
Concatenation: TypeAlias = Literal["udh8", "udh16", "sar", "payload"]
ReceiptWish: TypeAlias = Literal["none", "final", "failure", "success", "intermediate"]
When: TypeAlias = timedelta | datetime
Tlvs: TypeAlias = tuple[tuple[int | str, int | str | bytes], ...]


class Message(Struct, kw_only=True):
    """One message to one receiver, of any length; `compose` checks it and makes its PDUs.

    to, sender: addresses; no sender leaves it to the peer. text or binary (octets without a header), never both; neither is empty text.
    udh: a user data header of your own with its length octet; every part carries its elements.
    encoding: "auto" takes the smallest one that holds the text; "binary" goes with binary alone. data_coding: the number to write (0-255);
    with encoding "auto" the profile says which alphabet it means. flash: shown at once and not stored (message class 0).
    validity, schedule: a timedelta (a span from the peer's receiving it, under 100 days) or an aware datetime; None leaves it to the peer.
    receipt: which delivery receipt is asked for; "intermediate" asks for the final one and those on the way.
    concatenation: how parts name each other: a reference of 8 or 16 bits in the header, SAR TLVs, or message_payload, which leaves
    it to the peer. split: may it be cut? None cuts text and no octets; False refuses what is longer than one segment, True cuts both.
    reference: of the parts, in its range; None lets `compose` find one. ports: destination and source, 16 bits each.
    esm_class: messaging mode and reply path (bits 0x83, SMPP 3.4 5.2.12); what says that there is a header is set by itself.
    campaign_id: up to 64 characters, the vendor's TLV 0x1456. user_message_reference: 0-65535. tlvs: further ones, (tag or name, value).
    """

    to: Address
    sender: Address | None = None
    text: str | None = None
    binary: bytes | None = None
    udh: bytes = b""
    encoding: Encoding = "auto"
    data_coding: int | None = None
    flash: bool = False
    validity: When | None = None
    schedule: When | None = None
    receipt: ReceiptWish = "none"
    concatenation: Concatenation = "udh8"
    split: bool | None = None
    reference: int | None = None
    ports: tuple[int, int] | None = None
    service_type: str = ""
    priority: int = 0
    protocol_id: int = 0
    esm_class: int = 0
    campaign_id: str | None = None
    user_message_reference: int | None = None
    tlvs: Tlvs = ()

    @classmethod
    def make(cls, to: str | Address, text: str | None = None, *, sender: str | Address | None = None, **options: Any) -> Message:
        """Make a message from addresses as people write them (see Address.destination and Address.sender).

        options: the other attributes by name. Raises EncodeError for a bad address and TypeError for an unknown option.
        """
        if isinstance(sender, str):
            sender = Address.sender(sender)
        return cls(to=Address.destination(to) if isinstance(to, str) else to, text=text, sender=sender, **options)


class Part(Struct, frozen=True):
    """What one PDU carries of a message.

    number, total: from 1, 1 of 1 for a message in one piece. text: this part's, None for octets. octets: all of short_message or
    message_payload, the user data header of header octets included. units: what the text or octets take without the header: septets,
    UTF-16 units or octets.
    """

    number: int
    total: int
    text: str | None
    octets: bytes
    units: int
    header: int = 0


def join(parts: Iterable[Part]) -> str:
    """The text of parts in order, whatever order they come in."""
    return "".join(part.text or "" for part in sorted(parts, key=lambda part: part.number))
