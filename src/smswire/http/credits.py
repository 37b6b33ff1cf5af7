"""Layer 7 of 9: the command that asks for credits: query, answer, refusal (vendor 2.2.4.1; decision V38)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec
from lxml import etree
from msgspec import Struct

from .amount import format_amount, parse_amount
from .credentials import Credentials
from .errors import DocumentError, refusal
from .exchange import content_type_of
from .form import Form
from .json_octets import Scalar, decoded, scalar_text
from .query_string import dump_query
from .status import STATUSES
from .status_body import dump_status, parse_status
from .xml_tree import parse

__all__ = ["COMMANDS", "CreditsQuery", "dump_credits", "dump_credits_error", "dump_credits_query", "load_credits", "load_credits_query"]

COMMANDS: Final = ("CREDITS",)
# A bare integer below 0 is a refusal if it is a status that a command can have, else the balance of an account in debt. Ours writes
# every balance with decimals, so that nobody who reads it has to guess.
_REFUSALS: Final = frozenset(
    row.value for row in STATUSES.values() if row.value < 0 and row.emitted and (row.scope == "request" or row.name == "ERROR_PROCESSING")
)
# An answer is a number; what is longer is somebody's page.
_MOST_OCTETS: Final = 16_384


class CreditsQuery(Credentials, kw_only=True):
    """A command. cmd, output: as sent. `missing` is the status of what credentials lack; then comes the check of the password, then that
    of the command (V13).
    """

    cmd: str = "CREDITS"
    output: str = ""

    @property
    def known(self) -> bool:
        """True if there is such a command, in any case; the others are answered -23."""
        return self.cmd.upper() in COMMANDS

    @property
    def form(self) -> str:
        """What the answer is written in: "json" or "xml" if output says so in any case, else "plain"."""
        output = self.output.lower()
        return output if output in ("json", "xml") else "plain"


def load_credits_query(query: bytes, body: bytes = b"", content_type: str = "") -> CreditsQuery:
    """Read a command by GET or POST: query string and form; names in any case, user = username, pass = password (V2); cmd is "" where it
    is absent. Raises DocumentError (-22) as `Form`.
    """
    form = Form.of(query, body, content_type)
    return CreditsQuery(
        username=form.first("username", "user"), password=form.first("password", "pass"), cmd=form.first("cmd").strip(),
        output=form.first("output").strip(),
    )


def dump_credits_query(query: CreditsQuery) -> bytes:
    """Write a command as query string or urlencoded body, with the document's names. Raises DocumentError (-23) for half a surrogate."""
    return dump_query(("username", query.username), ("password", query.password), ("cmd", query.cmd), ("output", query.output))


def dump_credits(credits: Decimal, form: str = "plain") -> bytes:
    """Write a balance: plain `12.50`, json `{"credits":"12.50"}`, xml `<credits>12.50</credits>`; below 0 for an account in debt.

    Raises DocumentError (-23) for what is no number, and for over 18 digits on a side of the point.
    """
    amount = format_amount(credits).encode()
    if form == "json":
        return b'{"credits":"%s"}' % amount
    return b"<credits>%s</credits>" % amount if form == "xml" else amount


def dump_credits_error(status: int, form: str = "plain") -> bytes:
    """Write a refusal: plain `-5`, json `{"status":"-5"}`, xml `<status>-5</status>`."""
    return dump_status(status, form)


def load_credits(body: bytes, content_type: str = "") -> Decimal:
    """Read the answer: a bare decimal with blanks around it, JSON with a text or a number, or XML, told apart by their octets.

    A bare -5, -10, -11, -22, -23, -26 or -99 is a refusal, every other number a balance.
    Raises RequestRefused for a refusal; DocumentError (-22) for what is neither.
    """
    if len(body) > _MOST_OCTETS:
        raise DocumentError(f"the answer has {len(body):,} octets, the limit is {_MOST_OCTETS:,}")
    head = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if head == b"{":
        return _of_json(body)
    if head == b"<" or b"\0<" in body[:4] or body[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return _of_xml(body, content_type_of(content_type)[1])
    text = body.strip(b"\xef\xbb\xbf \t\r\n\"").decode("ascii", "replace")
    status = parse_status(text)
    if status in _REFUSALS:
        raise refusal(status)
    return _amount(text, "")


class _Answer(Struct):
    """Both kinds. credits: text, int or Decimal: a float would round what it reads."""

    credits: Any = None
    status: Scalar = None


_DECODER: Final = msgspec.json.Decoder(_Answer, float_hook=Decimal)


def _of_json(body: bytes) -> Decimal:
    try:
        answer = decoded(_DECODER, body)
    except ArithmeticError:  # of Decimal, about an exponent
        raise DocumentError("is no amount that an account can have", path="$.credits") from None
    value = answer.credits
    if value is None:
        _refuse(scalar_text(answer.status))
        raise DocumentError("there are no credits", path="$")
    if isinstance(value, Decimal):
        try:
            return Decimal(format_amount(value))
        except DocumentError as error:
            raise DocumentError(error.reason, path="$.credits") from None
    return _amount(scalar_text(value) if isinstance(value, (str, int)) else "", "$.credits")


def _of_xml(body: bytes, charset: str) -> Decimal:
    root = parse(body, charset=charset)
    name, text = etree.QName(root).localname.lower(), root.text or ""
    if name == "credits":
        return _amount(text, "credits")
    if name == "status":
        _refuse(text)
    raise DocumentError("the root is neither credits nor a status")


def _refuse(text: str) -> None:
    status = parse_status(text)
    if status:
        raise refusal(-abs(status))


def _amount(text: str, path: str) -> Decimal:
    amount = parse_amount(text)
    if amount is None:
        raise DocumentError("is no amount" if path else "the answer is neither an amount nor a status", path=path)
    return amount
