"""Layer 7 of 9: a request to send messages, the same for XML, JSON and plain (vendor 2.2)."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from .credentials import Credentials

__all__ = ["MOST_OCTETS", "MOST_RECIPIENTS", "Fault", "Recipient", "SendMessage", "SendRequest"]

# A body of the API, and the recipients of one request; gateway limits.
MOST_OCTETS = 2 * 1024 * 1024
MOST_RECIPIENTS = 10_000


class Fault(Struct, frozen=True):
    """What is wrong with one message or recipient. status: as in `status.STATUSES`; path: where in the document; reason: safe to log."""

    status: int
    path: str
    reason: str


class Recipient(Struct, frozen=True, gc=False):
    """One recipient. gsm: the number as it was sent; message_id: the client's, "" where it gave none."""

    gsm: str
    message_id: str = ""


class SendMessage(Struct, kw_only=True):
    """One message to any number of recipients; attributes are the parameters of the vendor's tables 1, 4 and 7, absent ones at default.

    sender: as sent. text, or binary (octets): at most one makes sense. flash: shown at once. type: "longSMS", "nSMS", "bookmark" or "".
    wapurl: of a bookmark. datacoding, esmclass: 0-255. src_ton, dest_ton: rows of table 2; src_npi, dest_npi: rows of table 3.
    send_date_time: the span from now, at most 365 days. validity_period: at most 48 h, from when it is due. appid: divides reports that
    are pulled. push_url: where reports go; nopush: they wait to be pulled. campaign_id: vendor 4.4. fault: the first value that could not
    be read (its attribute is then at default); the message cannot be sent.
    """

    sender: str = ""
    text: str | None = None
    flash: bool = False
    type: str = ""
    wapurl: str = ""
    binary: bytes | None = None
    datacoding: int | None = None
    esmclass: int | None = None
    src_ton: int | None = None
    src_npi: int | None = None
    dest_ton: int | None = None
    dest_npi: int | None = None
    send_date_time: timedelta | None = None
    validity_period: timedelta | None = None
    appid: str = ""
    push_url: str = ""
    nopush: bool = False
    campaign_id: str = ""
    recipients: list[Recipient] = []
    fault: Fault | None = None


class SendRequest(Credentials, kw_only=True):
    """A request: who sends, and the messages."""

    messages: list[SendMessage] = []
