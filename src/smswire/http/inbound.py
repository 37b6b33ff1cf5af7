"""Layer 7 of 9: a message that came in, as the HTTP API hands it on: its values by name, text or octets (vendor 2.8, decision V56)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta, timezone
from typing import Final

from msgspec import Struct
from msgspec.structs import force_setattr

from smpp_core import EncodeError, Profile, Text, decode_text, encode_text

from ..message.received import Received
from .date import format_date, parse_date
from .errors import DocumentError

__all__ = ["NAMES", "InboundMessage", "message_of", "values_of"]

# Table 9 of the document, in its order.
NAMES: Final = ("sender", "receiver", "text", "bin", "datetime", "messageid", "datacoding", "esmclass")

_UDHI: Final = 0x40
_OCTET: Final = re.compile(r"\d{1,3}", re.ASCII)
# One octet a character or a septet: parts of these are joined as they are.
_SIMPLE: Final = frozenset(("gsm7", "latin1", "ascii"))
_LONGEST_DATE: Final = 40


class InboundMessage(Struct, frozen=True, kw_only=True):
    """One message that came in, its segments joined.

    sender, receiver: as they stood, without a leading "+". text: None if the message is no text. binary: its octets in its own coding,
    the user data header before them if esmclass has 0x40; None where only the text was handed on. received: when it came; naive in the
    account's time, or aware. message_id: the server's. datacoding, esmclass: 0-255. Never are both text and binary missing: a message of
    nothing has the text "" and no binary.
    """

    sender: str = ""
    receiver: str = ""
    text: str | None = None
    binary: bytes | None = None
    received: datetime | None = None
    message_id: str = ""
    datacoding: int = 0
    esmclass: int = 0

    def __post_init__(self) -> None:
        if not self.binary:
            if self.binary is not None:
                force_setattr(self, "binary", None)
            if self.text is None:
                force_setattr(self, "text", "")
        elif self.text == "":
            force_setattr(self, "text", None)

    @classmethod
    def of(
        cls, received: Received, message_id: str = "", when: datetime | None = None, profile: Profile | None = None,
    ) -> InboundMessage:
        """Make it from a message of layer 5.

        message_id, when: what the server gave it. profile: another meaning of data_coding than the PDUs' own. Text and octets are both
        kept where the message is a text. esmclass is the first part's; 0x40 stays only if a header is left when that of concatenation has
        gone. Parts of several codings that the first one cannot hold are told in datacoding 8. Never fails.
        """
        coding, octets = _coded(received, profile)
        esm_class = (getattr(received.pdus[0], "esm_class", None) or 0) & ~_UDHI
        return cls(
            sender=_digits(received.sender.value), receiver=_digits(received.to.value), text=received.text, binary=received.udh + octets,
            received=when, message_id=message_id, datacoding=coding, esmclass=esm_class | (_UDHI if received.udh else 0),
        )

    def as_text(self, profile: Profile | None = None) -> str | None:
        """The text; where only octets were handed on, what datacoding and header make of them, None if that is no text."""
        return self.text if self.binary is None or self.text is not None else decode_text(_Octets(self), profile).text

    def as_octets(self, profile: Profile | None = None) -> bytes:
        """The octets; where only the text was handed on, that text in datacoding's alphabet, "?" for what the alphabet lacks."""
        if self.binary is not None:
            return self.binary
        text = self.text or ""
        alphabet = decode_text(_Octets(self), profile).alphabet
        if alphabet == "ucs2":
            return text.encode("utf-16-be", "surrogatepass")
        try:
            return encode_text(text, alphabet)
        except EncodeError:
            pass
        known = [char if _holds(char, alphabet) else "?" for char in text]
        return encode_text("".join(known), alphabet) if _holds("?", alphabet) else text.encode("utf-8", "replace")

    def content(self, names: Collection[str]) -> tuple[str, str]:
        """What `text` and `bin` are, where these names are asked for; bin is upper-case hexadecimal (decision V56).

        Both asked for: the text with datacoding 0, else the octets, the other one empty. One: always filled, a message that is no text as
        Latin-1. What is not asked for is empty.
        """
        wants_text, wants_octets = "text" in names, "bin" in names
        if wants_text and wants_octets:
            wants_text = self.datacoding == 0 and self.text is not None
            wants_octets = not wants_text
        text = self.as_text() if wants_text else ""
        if text is None:
            text = (self.binary or b"").decode("latin-1")
        return text, self.as_octets().hex().upper() if wants_octets else ""


def values_of(message: InboundMessage, names: Collection[str] = NAMES, utc_offset: timedelta = timedelta()) -> dict[str, str]:
    """The values of the names asked for, as texts. utc_offset: of the account, for an aware `received`. Decisions V42, V55, V56."""
    text, octets = message.content(names)
    values = {
        "sender": _digits(message.sender), "receiver": _digits(message.receiver), "text": text, "bin": octets,
        "datetime": "" if message.received is None else format_date(message.received, utc_offset), "messageid": message.message_id,
        "datacoding": str(message.datacoding), "esmclass": str(message.esmclass),
    }
    return {name: values[name] for name in NAMES if name in names}


def message_of(
    values: Mapping[str, str], utc_offset: timedelta | None = None, path_of: Callable[[str], str] = str,
) -> InboundMessage:
    """Make a message of texts by name; names that are missing, or blank (text excepted), are at default.

    utc_offset: makes the date aware. A date is read as V42 writes it or in ISO 8601; another one is None, for no message shall be lost by
    its date. path_of: where a name stands in the document. Raises DocumentError (-23) for a bin that is not hexadecimal, a datacoding or
    esmclass that is no number from 0 to 255.
    """
    found = values.get("bin", "").strip()
    try:
        octets = bytes.fromhex(found) if found else None
    except ValueError:
        raise DocumentError("is not hexadecimal, two digits an octet", path=path_of("bin"), status=-23) from None
    return InboundMessage(
        sender=values.get("sender", ""), receiver=values.get("receiver", ""), text=values.get("text"), binary=octets,
        received=_date(values.get("datetime", "").strip(), utc_offset), message_id=values.get("messageid", "").strip(),
        datacoding=_octet(values, "datacoding", path_of), esmclass=_octet(values, "esmclass", path_of),
    )


class _Octets:
    """The message's octets as decode_text wants them: a PDU would have a limit."""

    def __init__(self, message: InboundMessage) -> None:
        self.profile = Profile.vendor()
        self.short_message = message.binary or b""
        self.data_coding = message.datacoding & 0xFF
        self.esm_class = message.esmclass & 0xFF

    def field_offset(self, name: str) -> int | None:
        return 0 if name == "short_message" else None


def _coded(received: Received, profile: Profile | None) -> tuple[int, bytes]:
    """data_coding, and the octets of all parts in it, without header."""
    parts = [decode_text(pdu, profile) for pdu in received.pdus]
    coding = received.data_coding
    joined = b"".join(part.octets for part in parts)
    if received.text is None or len(parts) == 1:
        return coding, joined
    kinds = {(part.alphabet, _shifts(part)) for part in parts if part.source}
    if len(kinds) <= 1 and all(alphabet in _SIMPLE for alphabet, _ in kinds):
        return coding, joined
    # Each part may have its own byte order mark or padding, so the text is written anew.
    alphabet = parts[0].alphabet
    if alphabet != "ucs2":
        try:
            return coding, encode_text(received.text, alphabet)
        except EncodeError:
            coding = 8
    return coding, received.text.encode("utf-16-be", "surrogatepass")


def _shifts(part: Text) -> tuple[int, int]:
    return (0, 0) if part.udh is None else (part.udh.locking, part.udh.single)


def _digits(address: str) -> str:
    return address[1:] if address[:1] == "+" else address


def _holds(char: str, alphabet: str) -> bool:
    try:
        encode_text(char, alphabet)
    except EncodeError:
        return False
    return True


def _octet(values: Mapping[str, str], name: str, path_of: Callable[[str], str]) -> int:
    text = values.get(name, "").strip()
    if not text:
        return 0
    value = int(text) if _OCTET.fullmatch(text) else 256
    if value > 255:
        raise DocumentError("is not a number from 0 to 255", path=path_of(name), status=-23)
    return value


def _date(text: str, utc_offset: timedelta | None) -> datetime | None:
    if not text or len(text) > _LONGEST_DATE:
        return None
    when = parse_date(text, utc_offset)
    if when is None:
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            return None
        if when.tzinfo is None and utc_offset is not None:
            when = when.replace(tzinfo=timezone(utc_offset))
    return when
