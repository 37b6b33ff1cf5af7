"""Layer 7 of 9: receivers: what is pushed to you, read in one call from any web framework (vendor 2.4.1, 2.6, 2.8.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar

from .errors import ApiError, DocumentError, RequestRefused
from .exchange import HttpAnswer
from .form import Form
from .inbound import NAMES, InboundMessage, message_of
from .lookup import NumberContext
from .lookup_report import CONTENT_TYPE, load_lookup_reports
from .push_template import Template, is_document, values_in
from .report import Report, load_reports
from .webhook import UnsignedPush

__all__ = ["answer_to", "receive_inbound", "receive_lookups", "receive_reports"]

T = TypeVar("T")


def receive_reports(
    method: str, query: bytes | str, content_type: str | None, body: bytes, *, utc_offset: timedelta | None = None,
) -> tuple[Report, ...]:
    """Read a push of delivery reports, XML or JSON.

    method, query (behind the question mark, still escaped), content_type, body: of the request, as the framework has them. utc_offset: of
    the account, makes the dates aware. Raises DocumentError for what is no such push.
    """
    if method.upper() != "POST":
        raise DocumentError("delivery reports come by POST")
    return _pushed(lambda: load_reports(body, content_type or "", utc_offset=utc_offset))


def receive_lookups(method: str, query: bytes | str, content_type: str | None, body: bytes) -> tuple[NumberContext, ...]:
    """Read a push of Number Context reports: the form with its variable `dlr`; also in the query. Arguments, errors: `receive_reports`."""
    if method.upper() != "POST":
        body, content_type = _octets(query), CONTENT_TYPE
    return _pushed(lambda: load_lookup_reports(body, content_type or ""))


def receive_inbound(
    method: str, query: bytes | str, content_type: str | None, body: bytes, *, names: Template | Mapping[str, str] | None = None,
    path: str = "", utc_offset: timedelta | None = None,
) -> InboundMessage:
    """Read a push of a message that came in, by GET or by POST: a form, XML or JSON.

    names: the URL that you gave, as `Template.parse(url)` reads it; or what your names mean, as {"who": "sender", "what": "text"}, in the
    words of `inbound.NAMES`; None: these words are the names. path: as it came, percent-encoded, for a template with places in its path.
    Other arguments as in `receive_reports`. Raises DocumentError for what carries no message; ValueError for words that do not exist.
    """
    raw, media = _octets(query), content_type or ""
    body = body if method.upper() == "POST" else b""
    if isinstance(names, Template):
        template = names
        return _pushed(lambda: template.read(raw, body, media, path, utc_offset))
    meanings = {name: name for name in NAMES} if names is None else {name: meaning.lower() for name, meaning in names.items()}
    unknown = set(meanings.values()).difference(NAMES)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: a value is one of {', '.join(NAMES)}")
    if is_document(body, media):
        return _pushed(lambda: message_of(values_in(body, media), utc_offset))
    form = Form.of(raw, body, media)
    values = {meaning: found[0] for name, meaning in meanings.items() if (found := form.all(name))}
    if "text" not in values and "bin" not in values:
        raise DocumentError("the request has no text and no octets of a message")
    return message_of(values, utc_offset)


def answer_to(error: ApiError | None = None) -> HttpAnswer:
    """What answers a push: 200 if it was taken; with the error of a `receive_…`, 400 and its reason; 401 if its signature fails.

    Anything but 2xx makes the sender try again later (decision V44).
    """
    if error is None:
        return HttpAnswer(status=200, content_type="text/plain; charset=UTF-8", body=b"OK")
    status = 401 if isinstance(error, UnsignedPush) else 400
    return HttpAnswer(status=status, content_type="text/plain; charset=UTF-8", body=str(error).encode("utf-8", "replace"))


def _octets(query: bytes | str) -> bytes:
    if isinstance(query, bytes):
        return query
    try:
        return query.encode("latin-1")  # WSGI gives each octet as one character
    except UnicodeError:
        return query.encode("utf-8", "replace")


def _pushed(load: Callable[[], T]) -> T:
    try:
        return load()
    except RequestRefused:
        raise DocumentError("this is the answer to a query, and nothing that is pushed") from None
