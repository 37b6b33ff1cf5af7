"""Layer 7 of 9: delivery reports, pushed and pulled: XML, JSON and NO_DATA (vendor 2.4; decisions V39, V41, V42)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import repeat
from typing import Final

import msgspec
from lxml import etree
from msgspec import Struct, field

from .amount import format_amount, parse_amount
from .date import format_date, parse_date
from .errors import DocumentError, refusal
from .exchange import content_type_of
from .gsm_error import GsmError, gsm_error
from .json_octets import Scalar, decoded, scalar_text
from .report_status import STATUS_WORDS, StatusWord, status_word
from .status_body import parse_status
from .xml_tree import escaped, local_name, parse

__all__ = ["MOST_REPORTS", "NO_DATA", "NO_NUMBER", "Report", "dump_reports", "load_reports"]

NO_DATA: Final = b"NO_DATA"
# A pull gives 10,000 at most (V39), a push 100; the document has no limit.
MOST_REPORTS: Final = 20_000
# 10,000 reports have some 2 MiB with ids of 64 characters, thrice that where XML needs references for all of them.
_MOST_OCTETS: Final = 8 * 1024 * 1024
# What gsm_error is where a report has something else there than a number.
NO_NUMBER: Final = -1


class Report(Struct, frozen=True, gc=False):
    """What became of one message.

    id: the client's message id, or the generated one. sentdate: when the message was accepted; donedate: when its fate was known; both
    in the account's time, None where there is none. status: a word of table 8, or whatever stood there. gsm_error: a code of vendor 4.1,
    0 where there is none, NO_NUMBER where no number stood there. price: of the message, None where the account does not ask for it.
    """

    id: str = ""
    sentdate: datetime | None = None
    donedate: datetime | None = None
    status: str = ""
    gsm_error: int = 0
    price: Decimal | None = None

    @property
    def row(self) -> StatusWord:
        """What the status means."""
        return status_word(self.status)

    @property
    def error(self) -> GsmError:
        """What the GSM error code means."""
        return gsm_error(self.gsm_error)

    @property
    def delivered(self) -> bool:
        """True for DELIVERED."""
        return self.row.word == "DELIVERED"

    @property
    def permanent(self) -> bool:
        """True if the GSM error code says that the same message to the same number will fail again."""
        return self.error.permanent

    @property
    def text(self) -> str:
        """The report in a sentence for people."""
        words = f"{self.status}: {self.row.meaning}"
        return words if self.gsm_error == 0 else f"{words}; {self.error.name} ({self.gsm_error}), {self.error.meaning}"


def load_reports(body: bytes, content_type: str = "", *, utc_offset: timedelta | None = None) -> tuple[Report, ...]:
    """Read the body of a push, or the answer to a pull.

    body: at most 8 MiB and 20,000 reports; XML and JSON are told apart by their octets. content_type: only its charset counts. utc_offset:
    of the account, makes the dates aware; without it they are naive.
    Returns the reports in order, () for NO_DATA. Every spelling of the document is read: donedate and `done date`, gsmerror and gsmerrcode,
    names in any case, an attribute cut by a hyphen at the end of a line, a missing last tag (V41).
    Raises RequestRefused for a bare 5, 10, 11 (with either sign, V39) and for a status in JSON or XML; DocumentError (-22) for what is none
    of these.
    """
    if len(body) > _MOST_OCTETS:
        raise DocumentError(f"the reports have {len(body):,} octets, the limit is {_MOST_OCTETS:,}")
    head = body[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if head in (b"{", b"["):
        found = _of_json(body, utc_offset)
    elif head == b"<" or body.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE, b"\0<")):
        found = _of_xml(body, content_type_of(content_type)[1], utc_offset)
    else:
        found = _of_word(body)
    return found


def dump_reports(
    reports: Iterable[Report], form: str = "xml", *, utc_offset: timedelta = timedelta(), price: bool = False,
) -> bytes:
    """Write the body of a push, or the answer to a pull; NO_DATA if there are no reports.

    form: "xml" or "json". utc_offset: of the account, for dates that are aware. price: the account asks for it; reports without a price
    have none. Attributes are in the order of V41, the GSM error code under both names; in JSON every value is a string (V10).
    Raises DocumentError (-23) for what cannot be written: a control character in XML, half a surrogate pair, a date beyond the calendar.
    """
    rows = [_texts(report, utc_offset, price) for report in reports]
    if not rows:
        return NO_DATA
    if form == "json":
        try:
            return msgspec.json.encode({"DeliveryReport": {"message": [dict(zip(_NAMES, row)) for row in rows]}})
        except UnicodeError:
            raise DocumentError("a report has half a surrogate pair", status=-23) from None
    for row in rows:
        row[0] = escaped(row[0], attribute=True)
        if row[3] not in STATUS_WORDS:
            row[3] = escaped(row[3], attribute=True)
    lines = [f"<message {' '.join(map(_ATTRIBUTE, _NAMES, row))}/>" for row in rows]
    return "\n".join(("<DeliveryReport>", *lines, "</DeliveryReport>")).encode()


# In the order of V41; the price is the one that may be missing.
_NAMES: Final = ("id", "sentdate", "donedate", "status", "gsmerror", "gsmerrcode", "price")
_ATTRIBUTE: Final = '{}="{}"'.format


def _texts(report: Report, utc_offset: timedelta, price: bool) -> list[str]:
    sent = "" if report.sentdate is None else format_date(report.sentdate, utc_offset)
    done = "" if report.donedate is None else format_date(report.donedate, utc_offset)
    code = str(report.gsm_error)
    texts = [report.id, sent, done, report.status, code, code]
    if price and report.price is not None:
        texts.append(format_amount(report.price))
    return texts


_CODE: Final = re.compile(r"\s*([+-]?\d{1,9})\s*", re.ASCII)
_LONGEST_CODE: Final = 40


class _Reader:
    """Texts in the order of _NAMES to reports; the dates of one document repeat, so that each is read once."""

    def __init__(self, utc_offset: timedelta | None) -> None:
        self._utc_offset = utc_offset
        self._dates: dict[str, datetime | None] = {"": None}

    def report(self, texts: Sequence[str | None]) -> Report:
        id, sent, done, status, error, errcode, price = texts
        return Report(
            (id or "").strip(), self._date(sent or ""), self._date(done or ""), (status or "").strip(), _code(error) or _code(errcode),
            parse_amount(price) if price else None,
        )

    def _date(self, text: str) -> datetime | None:
        if text not in self._dates:
            self._dates[text] = parse_date(text, self._utc_offset)
        return self._dates[text]


def _code(text: str | None) -> int:
    if text == "0" or not text or text.isspace():
        return 0
    found = _CODE.fullmatch(text) if len(text) <= _LONGEST_CODE else None
    return int(found[1]) if found else NO_NUMBER


def _of_word(body: bytes) -> tuple[Report, ...]:
    word = body[:1_000].strip(b"\xef\xbb\xbf \t\r\n\"") if len(body) <= 1_000 else b""
    if word.upper() == NO_DATA:
        return ()
    text = word.decode("ascii", "replace")
    _refuse(parse_status(text), text)
    raise DocumentError("there are neither reports, nor NO_DATA, nor a status" if body else "the body is empty")


def _refuse(number: int | None, text: str = "") -> None:
    """Raise what a status means; the document prints those of a pull without their sign."""
    if number:
        raise refusal(-abs(number))
    if text.upper() == "FAILED":
        raise refusal(None)


# ------------------------------------------------------------------ XML

# Names without case, blanks, hyphens and underscores, and where they stand in _NAMES.
_PLACES: Final = {"messageid": 0, "gsmerrorcode": 5, **{name: place for place, name in enumerate(_NAMES)}}
_FILLING: Final = re.compile(r"[\s_-]+")
_LONGEST_NAME: Final = 40
# An element with more of them is no report, and finding one among very many takes time.
_MOST_ATTRIBUTES: Final = 40
# Reports from which on it is faster to read them in columns.
_FEW: Final = 20
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_-]{0,39}")
_COUNT: Final = etree.XPath("count(/*/message)")
_COUNT_ATTRIBUTES: Final = etree.XPath("count(/*/message/@*)")
# The two ways in which the document prints attributes that are not well-formed.
_SPLIT_NAME: Final = re.compile(rb"-[ \t]{0,80}\r?\n[ \t]{0,80}(?=[A-Za-z]{1,20}[ \t]{0,8}=)")
_TWO_WORDS: Final = re.compile(rb"done\s{1,80}date(?=\s{0,8}=\s{0,8}[\"'])")
_ROOT: Final = re.compile(rb"<\s{0,8}(DeliveryReports?)[\s>]", re.IGNORECASE)
_LAST_TAG: Final = re.compile(rb"</\s{0,8}DeliveryReports?\s{0,8}>\s*\Z", re.IGNORECASE)


def _of_xml(body: bytes, charset: str, utc_offset: timedelta | None) -> tuple[Report, ...]:
    try:
        root = parse(body, charset=charset, most=_MOST_OCTETS)
    except DocumentError as error:
        # Only a fault with a place is one of the writing; the others are limits.
        mended = _mended(body) if error.path else body
        if mended == body:
            raise
        try:
            root = parse(mended, charset=charset, most=_MOST_OCTETS)
        except DocumentError:
            # Where the body itself is wrong says more than where the mended one is.
            raise error from None
    name = local_name(root.tag)
    if name == "status":
        _refuse(parse_status(root.text or ""), (root.text or "").strip())
    if name not in ("deliveryreport", "deliveryreports"):
        raise DocumentError("the root is no DeliveryReport")
    if len(root) > MOST_REPORTS:
        raise DocumentError(f"there are over {MOST_REPORTS:,} reports")
    reader = _Reader(utc_offset)
    columns = _columns(root) if len(root) > _FEW else None
    if columns is not None:
        return tuple(map(reader.report, zip(*columns)))
    return tuple([
        reader.report(_attributes(element)) for element in root if element.tag == "message" or local_name(element.tag) == "message"
    ])


def _columns(root: etree._Element) -> list[Iterable[str | None]] | None:
    """The values of reports that are all written alike, in the order of _NAMES; None for others."""
    count = len(root)
    names = [str(name) for name in root[0].keys()] if len(root[0].attrib) <= _MOST_ATTRIBUTES else []
    if _COUNT(root) != count or _COUNT_ATTRIBUTES(root) != count * len(names) or not all(map(_PLAIN_NAME.fullmatch, names)):
        return None
    columns: list[Iterable[str | None]] = [repeat(None, count) for _ in _NAMES]
    taken: set[int] = set()
    for name in names:
        place = _PLACES.get(_FILLING.sub("", local_name(name)), -1)
        values = etree.XPath(f"/*/message/@{name}", smart_strings=False)(root)
        if place in taken or not isinstance(values, list) or len(values) != count:
            return None
        if place >= 0:
            taken.add(place)
            columns[place] = values
    return columns


def _attributes(element: etree._Element) -> list[str | None]:
    """The values in the order of _NAMES, of attributes however they are spelt; the first one that is not blank counts (V6)."""
    get = element.get
    values: list[str | None] = [get(name) for name in _NAMES]
    count = len(element.attrib)
    if len(values) - values.count(None) == count or count > _MOST_ATTRIBUTES:
        return values
    values = [None] * len(_NAMES)
    for name in map(str, element.keys()):
        place = _PLACES.get(_FILLING.sub("", local_name(name)), -1) if len(name) <= _LONGEST_NAME else -1
        if place >= 0 and not (values[place] or "").strip():
            values[place] = get(name)
    return values


def _mended(body: bytes) -> bytes:
    """A document as it was meant: names in one piece, and the last tag as the first one wants it."""
    body = _SPLIT_NAME.sub(b"", body)
    body = _TWO_WORDS.sub(b"donedate", body)
    root = _ROOT.search(body, 0, 2_000)
    if not root:
        return body
    # The tail is searched backwards from its end: a search from the front would be quadratic in blanks.
    tail = body[-200:]
    last = _LAST_TAG.search(tail.rstrip())
    if last:
        body = body[: len(body) - len(tail) + last.start()]
    elif not body.rstrip().endswith(b">"):
        return body
    return body + b"</" + root[1] + b">"


# ----------------------------------------------------------------- JSON


class _Message(Struct, gc=False):
    """A report in JSON: the names of the XML, in their order; then the other spellings, the document's and those usual in JSON."""

    id: Scalar = None
    sentdate: Scalar = None
    donedate: Scalar = None
    status: Scalar = None
    gsmerror: Scalar = None
    gsmerrcode: Scalar = None
    price: Scalar = None
    messageid: Scalar = None
    message_id: Scalar = field(default=None, name="messageId")
    sent_date: Scalar = field(default=None, name="sentDate")
    done_date: Scalar = field(default=None, name="doneDate")
    done_blank_date: Scalar = field(default=None, name="done date")
    done_hyphen_date: Scalar = field(default=None, name="done-date")
    gsm_error: Scalar = field(default=None, name="gsmError")
    gsm_err_code: Scalar = field(default=None, name="gsmErrCode")


# Where the other spellings belong in _NAMES.
_OTHERS: Final = (0, 0, 1, 2, 2, 2, 4, 5)
_NO_OTHERS: Final = (None,) * len(_OTHERS)


class _Inner(Struct):
    message: list[_Message] | _Message | None = None


class _Outer(Struct):
    """The whole, or a refusal."""

    report: _Inner | list[_Message] | str | None = field(default=None, name="DeliveryReport")
    message: list[_Message] | _Message | None = None
    status: Scalar = None


_DECODER: Final = msgspec.json.Decoder(_Outer | list[_Message])
# Braces in ids are no objects, but hardly anybody has them in all.
_MOST_BRACES: Final = 3 * MOST_REPORTS


def _of_json(body: bytes, utc_offset: timedelta | None) -> tuple[Report, ...]:
    if body.count(b"{") > _MOST_BRACES:
        raise DocumentError(f"there are over {_MOST_BRACES:,} objects")
    outer = decoded(_DECODER, body)
    found: list[_Message] | _Message | str | None
    if isinstance(outer, list):
        found = outer
    else:
        text = scalar_text(outer.status).strip()
        _refuse(parse_status(text), text)
        found = outer.report.message if isinstance(outer.report, _Inner) else outer.report or outer.message
        if outer.report is None and outer.message is None:
            raise DocumentError("there is no DeliveryReport", path="$")
    if isinstance(found, str):
        return _of_word(found.encode("utf-8", "replace"))
    if found is None:
        return ()
    if isinstance(found, _Message):
        found = [found]
    if len(found) > MOST_REPORTS:
        raise DocumentError(f"there are over {MOST_REPORTS:,} reports", path="$.DeliveryReport.message")
    reader = _Reader(utc_offset)
    return tuple([reader.report(_values(message)) for message in found])


def _values(message: _Message) -> list[str | None]:
    values: tuple[Scalar, ...] = msgspec.structs.astuple(message)
    texts = [None if value is None else scalar_text(value) for value in values[: len(_NAMES)]]
    others = values[len(_NAMES) :]
    if others != _NO_OTHERS:
        for place, value in zip(_OTHERS, others):
            if value is not None and not (texts[place] or "").strip():
                texts[place] = scalar_text(value)
    return texts
