"""Layer 7 of 9: requests to look numbers up, one at a time or many (vendor 2.5 table 9, 2.7 table 10)."""

from __future__ import annotations

import re
from typing import Final

from .credentials import Credentials
from .errors import DocumentError
from .form import Form
from .query_string import dump_query
from .request import MOST_RECIPIENTS

__all__ = ["OUTPUTS", "LookupQuery", "dump_async_query", "dump_sync_query", "is_number", "load_async_query", "load_sync_query"]

OUTPUTS: Final = ("json", "xml")
_NUMBER: Final = re.compile(r"[1-9]\d{4,14}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class LookupQuery(Credentials, kw_only=True):
    """A request. destinations: as sent, in order, without blanks around them; exactly one if the answer is to come at once.
    output: "json", "xml" or "", of an answer that comes at once.
    """

    destinations: tuple[str, ...] = ()
    output: str = ""

    @property
    def destination(self) -> str:
        """The first destination, "" if there is none."""
        return self.destinations[0] if self.destinations else ""

    @property
    def form(self) -> str:
        """The form of the answer: "json", "xml" or "comma"."""
        return self.output or "comma"


def is_number(destination: str) -> bool:
    """Whether a destination is an international number: 5 to 15 digits, the first not 0 (decision V18)."""
    return _NUMBER.fullmatch(destination) is not None


def load_sync_query(query: bytes, body: bytes = b"", content_type: str = "") -> LookupQuery:
    """Read a request for one number, GET or POST: user, pass, destination, output; names in any case, username and password too.

    Raises DocumentError (answer it with `lookup.FAILED`): -10, -11, -6 for what is missing, -13 for a destination that is no number, -23
    for several and for an output that the document does not have, -22 for what is no form.
    """
    form = Form.of(query, body, content_type)
    output = form.first("output").strip().lower()
    found = _checked(LookupQuery(**_credentials(form), destinations=_destinations(form, "destination"), output=output))
    _check_sync(found)
    return found


def load_async_query(query: bytes, body: bytes = b"", content_type: str = "") -> LookupQuery:
    """Read a request for many numbers, GET or POST: user, pass, and destinations, separated by `;`, raw or escaped, or the name repeated.

    Commas separate nothing. Raises DocumentError (answer it with `lookup.FAILED`): -10, -11, -6 for what is missing, -22 for over
    MOST_RECIPIENTS destinations, for a control character in one, and for what is no form.
    """
    form = Form.of(query, body, content_type)
    return _checked(LookupQuery(**_credentials(form), destinations=_destinations(form, "destinations", "destination")))


def dump_sync_query(query: LookupQuery) -> bytes:
    """Write a request for one number, as a query string or an urlencoded body. Raises DocumentError for one that would not be read."""
    _check_sync(_checked(query))
    return dump_query(
        ("user", query.username), ("pass", query.password), ("destination", query.destination), ("output", query.output),
    )


def dump_async_query(query: LookupQuery) -> bytes:
    """Write a request for many numbers, as a query string or an urlencoded body. Raises DocumentError for one that would not be read."""
    _checked(query)
    for destination in query.destinations:
        if ";" in destination:
            raise DocumentError("holds the separator of destinations", path="destinations", status=-23)
    return dump_query(("user", query.username), ("pass", query.password), ("destinations", ";".join(query.destinations)))


def _credentials(form: Form) -> dict[str, str]:
    return {"username": form.first("user", "username"), "password": form.first("pass", "password")}


def _destinations(form: Form, *names: str) -> tuple[str, ...]:
    values = form.all(*names)
    if sum(value.count(";") for value in values) > MOST_RECIPIENTS:
        raise DocumentError(f"there are over {MOST_RECIPIENTS:,} destinations", path=names[0])
    found = (part.strip() for value in values for part in value.split(";"))
    return tuple(part for part in found if part)


def _checked(query: LookupQuery) -> LookupQuery:
    for value, path, status in ((query.username, "user", -10), (query.password, "pass", -11), (query.destinations, "destination", -6)):
        if not value or isinstance(value, str) and value.isspace():
            raise DocumentError("is missing", path=path, status=status)
    if len(query.destinations) > MOST_RECIPIENTS:
        raise DocumentError(f"there are over {MOST_RECIPIENTS:,} destinations", path="destinations")
    for destination in query.destinations:
        if not destination or destination.isspace():
            raise DocumentError("a destination is blank", path="destinations", status=-6)
        if _CONTROL.search(destination):
            raise DocumentError("a destination has a control character", path="destinations")
    return query


def _check_sync(query: LookupQuery) -> None:
    if len(query.destinations) > 1:
        raise DocumentError("there are several destinations, an answer that comes at once is for one", path="destination", status=-23)
    if not is_number(query.destination):
        raise DocumentError("is no international number", path="destination", status=-13)
    if query.output and query.output not in OUTPUTS:
        raise DocumentError(f"is none of {', '.join(OUTPUTS)}", path="output", status=-23)
