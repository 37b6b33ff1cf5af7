"""Layer 5 of 9: WAP push: a link that a handset offers to open, as a binary service indication (WAP-167) in a WSP push PDU (WAP-230)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from smpp_core import EncodeError

from .address import Address
from .message import Message

__all__ = ["PUSH_CODING", "PUSH_PORTS", "decode_push", "push_pdu", "service_indication", "wap_push"]

# Destination: connectionless push to the WAP browser; source: connectionless WSP (the registered ports wap-push and wap-wsp).
PUSH_PORTS: Final = (2948, 9200)
# 8-bit data for the handset itself, class 1 (3GPP TS 23.038 4); the vendor's table 16 calls it WAP push.
PUSH_CODING: Final = 0xF5

# WBXML 1.2, "-//WAPFORUM//DTD SI 1.0//EN", UTF-8, no string table; the tags si (with content) and indication (with both).
_START: Final = bytes((0x02, 0x05, 0x6A, 0x00, 0x45, 0xC6))
_END, _INLINE, _OPAQUE = b"\x01", b"\x03", b"\xc3"
_HREF: Final = (("https://www.", 0x0F), ("https://", 0x0E), ("http://www.", 0x0D), ("http://", 0x0C), ("", 0x0B))
_ENDINGS: Final = {".com/": 0x85, ".edu/": 0x86, ".net/": 0x87, ".org/": 0x88}
_ACTIONS: Final = {"signal-none": 5, "signal-low": 6, "signal-medium": 7, "signal-high": 8, "delete": 9}
_CREATED, _EXPIRES, _ID = b"\x0a", b"\x10", b"\x11"
# application/vnd.wap.sic; charset=UTF-8
_CONTENT_TYPE: Final = bytes((0x03, 0xAE, 0x81, 0xEA))
_PUSH: Final = 0x06


def service_indication(
    url: str, title: str = "", *, action: str | None = None, created: datetime | None = None, expires: datetime | None = None, id: str = "",
) -> bytes:
    """Write a service indication, WBXML of the document type SI 1.0.

    url: "http://" is put before one that names no scheme. title: what the handset shows, the URL if empty. action: "signal-none",
    "signal-low", "signal-medium", "signal-high" or "delete"; None leaves it out, which means medium. created, expires: aware datetimes, to
    the second. id: tells indications of the same URL apart. Raises EncodeError for an empty URL, a NUL, and what is none of these.
    """
    if not url.strip():
        raise EncodeError("the URL of a WAP push is empty", field="url")
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://|(?:tel|mailto|sms|wtai):", url):
        url = f"http://{url}"
    start, token = next((start, token) for start, token in _HREF if url.startswith(start))
    body = bytearray(_START)
    body.append(token)
    for piece in re.split(r"(\.(?:com|edu|net|org)/)", url[len(start):]):
        if piece in _ENDINGS:
            body.append(_ENDINGS[piece])
        elif piece:
            body += _string(piece, "url")
    if id:
        body += _ID + _string(id, "id")
    if action is not None:
        if action not in _ACTIONS:
            raise EncodeError(f"action is {action!r}, not one of {', '.join(_ACTIONS)}", field="action")
        body.append(_ACTIONS[action])
    if created is not None:
        body += _CREATED + _date(created, "created")
    if expires is not None:
        body += _EXPIRES + _date(expires, "expires")
    return bytes(body + _END + _string(title or url, "title") + _END + _END)


def push_pdu(document: bytes, transaction: int = 1) -> bytes:
    """Put a service indication into a connectionless WSP push PDU. transaction: 0-255, tells pushes apart; EncodeError outside that."""
    if not 0 <= transaction <= 255:
        raise EncodeError(f"transaction {transaction} is no octet", field="transaction")
    return bytes((transaction, _PUSH, len(_CONTENT_TYPE))) + _CONTENT_TYPE + document


def wap_push(
    to: str | Address, url: str, title: str = "", *, sender: str | Address | None = None, action: str | None = None,
    created: datetime | None = None, expires: datetime | None = None, id: str = "", transaction: int = 1, **options: Any,
) -> Message:
    """Make a message that pushes a link; a long one is split.

    to, sender: as in Message.make; url to id: as in `service_indication`; transaction: as in `push_pdu`. options: further attributes of
    Message, among them other ports or another data_coding than 0xF5. Raises EncodeError as those do.
    """
    document = service_indication(url, title, action=action, created=created, expires=expires, id=id)
    defaults: dict[str, Any] = {"ports": PUSH_PORTS, "data_coding": PUSH_CODING, "split": True}
    return Message.make(to, sender=sender, binary=push_pdu(document, transaction), **(defaults | options))


def decode_push(octets: bytes) -> tuple[str, str] | None:
    """Read a push PDU back: (URL, title), or None.

    Only what those two say is read: None for other documents, and for one with an action, a date or an id. The transaction is not looked
    at. Total: any octets give a pair or None.
    """
    start = len(_CONTENT_TYPE) + 3 + len(_START)
    token = octets[start:start + 1]
    href = next((text for text, number in _HREF if token == bytes((number,))), None)
    if href is None:
        return None
    url = bytearray(href.encode())
    at = start + 1
    try:
        while octets[at] != _END[0]:
            if octets[at] == _INLINE[0]:
                end = octets.index(0, at)
                url += octets[at + 1:end]
                at = end
            else:
                url += next(text for text, number in _ENDINGS.items() if number == octets[at]).encode()
            at += 1
        found = url.decode(), octets[at + 2:octets.index(0, at)].decode()
        written = push_pdu(service_indication(*found), octets[0])
    except (ValueError, IndexError, StopIteration):
        return None
    return found if written == octets else None


def _string(text: str, field: str) -> bytes:
    if "\0" in text:
        raise EncodeError(f"{field} has a NUL", field=field)
    try:
        return _INLINE + text.encode() + b"\0"
    except UnicodeEncodeError as error:
        raise EncodeError(f"{field} has half of a surrogate pair at index {error.start}", field=field) from None


def _date(when: datetime, field: str) -> bytes:
    if when.utcoffset() is None:
        raise EncodeError(f"{field} has no time zone", field=field)
    digits = bytes.fromhex(f"{when.astimezone(UTC):%Y%m%d%H%M%S}".zfill(14)).rstrip(b"\0")
    return _OPAQUE + bytes((len(digits),)) + digits
