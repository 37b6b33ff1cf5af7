"""Layer 7 of 9: a request to send, as parameters of a URL or a form (vendor 2.2.3, 2.2.4, table 7; decisions V2, V3, V6 to V9, V33)."""

from __future__ import annotations

from typing import Final, Literal

from .charset import codec_of, holds_ascii
from .errors import DocumentError
from .form import Form
from .parameter import AUTHENTICATION, ENCODING, MESSAGE, OUTPUT, RECIPIENT
from .query_string import dump_query
from .request import MOST_RECIPIENTS, Fault, Recipient, SendRequest
from .value import format_fields, read_message

__all__ = ["answer_form", "dump_plain", "load_plain"]

_NAMES: Final = {row.field: row.plain for row in (*AUTHENTICATION, *MESSAGE, *RECIPIENT)}
_FIELDS: Final = tuple(row.field for row in MESSAGE)


def load_plain(query: bytes, body: bytes = b"", content_type: str = "") -> SendRequest:
    """Read the request of a GET (its query) or of a POST (query and form together, urlencoded or multipart). It has exactly one message.

    Values that cannot be used are the message's fault: an unknown `encoding` (-23, the text is then absent), a messageid without a GSM
    (-23), and those of `value.read_message`. `encoding` is the charset of every value, UTF-16 that of the text alone.
    Raises DocumentError (-22) for what `Form.of` refuses, octets that are not the charset's, over 10,000 recipients.
    """
    form = Form.of(query, body, content_type)
    encoding = form.first(ENCODING)
    codec = codec_of(encoding) if encoding else "utf-8"
    fault = None if codec else Fault(-23, ENCODING, "is not the name of a charset that is read")
    if codec and holds_ascii(codec):
        form = form.with_codec(codec)
    raw = {field: form.first(*_NAMES[field]) for field in _FIELDS if field != "text"}
    if codec:
        raw["text"] = form.with_codec(codec).first(*_NAMES["text"])
    recipients, odd = _recipients(form)
    message = read_message(raw, recipients, _path, fault or odd)
    return SendRequest(
        username=form.first(*_NAMES["username"]), password=form.first(*_NAMES["password"]), messages=[message],
    )


def dump_plain(request: SendRequest) -> bytes:
    """Write the request, as a query or as an urlencoded body: UTF-8 (so that there is never an `encoding`), recipients as one list.

    Raises DocumentError for what this form cannot say: not exactly one message, a comma in a number or an id (-23), a message with a fault
    (the fault's status), a value that `value.format_fields` cannot write.
    """
    if len(request.messages) != 1:
        raise DocumentError(f"a plain request has one message, not {len(request.messages)}", status=-23)
    (message,) = request.messages
    if message.fault:
        raise DocumentError(message.fault.reason, path=message.fault.path, status=message.fault.status)
    ids = [recipient.message_id for recipient in message.recipients]
    return dump_query(
        (_path("username"), request.username), (_path("password"), request.password),
        *((_path(field), text) for field, text in format_fields(message)),
        (_path("gsm"), _joined("gsm", [recipient.gsm for recipient in message.recipients])),
        (_path("message_id"), _joined("message_id", ids) if any(ids) else ""),
    )


def answer_form(query: bytes, body: bytes = b"", content_type: str = "") -> Literal["xml", "json"]:
    """In which form the answer is wanted: XML, or JSON if `output=json` asks for it (V9). Whatever cannot be read wants XML."""
    try:
        return "json" if Form.of(query, body, content_type).first(OUTPUT).strip().lower() == "json" else "xml"
    except DocumentError:
        return "xml"


def _path(field: str) -> str:
    return _NAMES[field][0]


def _recipients(form: Form) -> tuple[list[Recipient], Fault | None]:
    """Numbers and ids by position: `a,,b` has three places, the second of which is nobody (V3, V7)."""
    values = form.all(*_NAMES["gsm"])
    # Counted before they are split: 2 MiB of commas would be a million places.
    if sum(value.count(",") for value in values) + len(values) > MOST_RECIPIENTS:
        raise DocumentError(f"there are over {MOST_RECIPIENTS:,} recipients", path=_path("gsm"))
    numbers = _places(values)
    values = form.all(*_NAMES["message_id"])
    odd = Fault(-23, _path("message_id"), "has an id for which there is no GSM")
    if sum(value.count(",") for value in values) + len(values) > MOST_RECIPIENTS:
        return [Recipient(number) for number in numbers if number], odd
    ids = _places(values)
    recipients = [Recipient(number, ids[place] if place < len(ids) else "") for place, number in enumerate(numbers) if number]
    lost = any(message_id and not (place < len(numbers) and numbers[place]) for place, message_id in enumerate(ids))
    return recipients, odd if lost else None


def _places(values: list[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",")]


def _joined(field: str, texts: list[str]) -> str:
    if any("," in text for text in texts):
        raise DocumentError("a comma is what separates them", path=_path(field), status=-23)
    return ",".join(texts)
