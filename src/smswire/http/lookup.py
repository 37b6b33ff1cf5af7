"""Layer 7 of 9: Number Context: what is known about a number, as columns of the HTTP API and as a receipt of SMPP (vendor 2.7, 3.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from msgspec import Struct

from smpp_core import DeliverSm, EncodeError, MessageState, Pdu, format_receipt, parse_receipt
from smpp_core.spec.vendor import TLVS

from .errors import DocumentError

__all__ = [
    "COLUMNS", "FAILED", "FULL", "STATES", "Column", "NumberContext", "Package", "format_texts", "from_pdu", "parse_texts", "to_pdu",
]

# What answers every lookup that cannot be taken, alone in the body (decision V47).
FAILED: Final = b"FAILED"

# The words of stat and what they mean over SMPP (decision V48).
STATES: Final[Mapping[str, MessageState]] = {
    "DELIVRD": MessageState.DELIVERED, "UNDELIV": MessageState.UNDELIVERABLE, "REJECTD": MessageState.REJECTED,
    "UNKNOWN": MessageState.UNKNOWN,
}
_WORDS: Final = {state: word for word, state in STATES.items()}


class Column(Struct, frozen=True):
    """One thing that may be known. field: the attribute of NumberContext, and the name of the TLV where there is one. name: in JSON and
    XML, "" for what HTTP does not carry. words: the document's. kind: "text", "number", "price" or "flag". key: in a receipt's text, "" if
    it has none. place: in the comma form, from 0; None if it has none. tag: of the TLV; None if there is none.
    """

    field: str
    name: str
    words: str
    kind: str = "text"
    key: str = ""
    place: int | None = None
    tag: int | None = None


_TAGS: Final = {row.name: row.tag for row in TLVS.values()}


_ROWS: Final[tuple[tuple[str, ...], ...]] = (
    ("destination", "destination", "Destination: the requested number"),
    ("id", "id", "Id: of the lookup"),
    ("stat", "stat", "Status"),
    ("imsi", "IMSI", "IMSI", "text", "IMSI"),
    ("msc", "MSC", "Serving MSC", "text", "MSC"),
    ("err", "err", "Error code", "number"),
    ("serving_hlr", "hlr", "Serving HLR", "text", "HLR"),
    ("original_network_name", "orn", "Original network name", "text", "ORN"),
    ("ported_network_name", "pon", "Ported network name", "text", "PON"),
    ("roaming_network_name", "ron", "Roaming network name", "text", "RON"),
    ("roaming_country_code", "roc", "Roaming country code", "text", "ROC"),
    ("mccmnc", "mccmnc", "MCCMNC", "text", "MCCMNC"),
    ("roaming_country_name", "rcn", "Roaming country name"),
    ("price_per_message", "ppm", "Price per message", "price"),
    ("original_network_prefix", "onp", "Original network prefix"),
    ("original_country", "ocn", "Original country name"),
    ("original_country_code", "occ", "Original country code"),
    ("original_country_prefix", "ocp", "Original country prefix"),
    ("is_number_ported", "is_ported", "Is number ported", "flag"),
    ("roaming_network_prefix", "rnp", "Roaming network prefix"),
    ("roaming_country_prefix", "rcp", "Roaming country prefix"),
    ("is_number_correct", "num_ok", "Is number correct", "flag"),
    # Printed in examples, but in no list of 2.7; and a TLV that HTTP has no name for (decision V51).
    ("is_roaming", "is_roaming", "Is the number roaming", "flag"),
    ("ported_network_prefix", "pnp", "Ported network prefix"),
    ("ported_country_prefix", "pcp", "Ported country prefix"),
    ("ported_network_country_name", "", "Ported network country name"),
)
_COMMA: Final = 22  # the first of them are the columns of the comma form, in its order


def _column(place: int, field: str, name: str, words: str, kind: str = "text", key: str = "") -> Column:
    return Column(field, name, words, kind, key, place if place < _COMMA else None, _TAGS.get(field))


COLUMNS: Final = tuple(_column(place, *row) for place, row in enumerate(_ROWS))
_BY_FIELD: Final = {column.field: column for column in COLUMNS}
_BY_TAG: Final = {column.tag: column for column in COLUMNS if column.tag is not None}
_ALWAYS: Final = frozenset(("destination", "id", "stat", "err"))
# As the document's example of 3.2 has them.
_TLV_ORDER: Final = (
    "serving_hlr", "original_network_prefix", "original_network_name", "ported_network_name", "ported_country_prefix",
    "ported_network_prefix", "ported_network_country_name", "roaming_network_name", "roaming_country_name", "roaming_country_code",
    "mccmnc", "price_per_message", "roaming_network_prefix", "roaming_country_prefix", "is_number_ported", "original_country",
    "original_country_code", "original_country_prefix", "is_number_correct", "imsi", "msc",
)


class NumberContext(Struct, frozen=True, kw_only=True):
    """What a lookup found: the columns, in their order. None: not known, or not in the account's package.

    destination: the number, as asked for. id: of the lookup. stat: a word of STATES. err: GSM error, 0 for none. mccmnc: mobile country
    and network code. price_per_message: in credits; the wire has hundredths. *_country_code: two letters; *_country_prefix: calling code;
    *_network_prefix: what follows it. Texts have no blanks around them, and stat is never empty.
    """

    destination: str = ""
    id: str = ""
    stat: str = ""
    imsi: str | None = None
    msc: str | None = None
    err: int | None = None
    serving_hlr: str | None = None
    original_network_name: str | None = None
    ported_network_name: str | None = None
    roaming_network_name: str | None = None
    roaming_country_code: str | None = None
    mccmnc: str | None = None
    roaming_country_name: str | None = None
    price_per_message: Decimal | None = None
    original_network_prefix: str | None = None
    original_country: str | None = None
    original_country_code: str | None = None
    original_country_prefix: str | None = None
    is_number_ported: bool | None = None
    roaming_network_prefix: str | None = None
    roaming_country_prefix: str | None = None
    is_number_correct: bool | None = None
    is_roaming: bool | None = None
    ported_network_prefix: str | None = None
    ported_country_prefix: str | None = None
    ported_network_country_name: str | None = None

    @property
    def found(self) -> bool:
        """True if the lookup succeeded."""
        return self.stat == "DELIVRD"

    @property
    def state(self) -> MessageState:
        """The state that stat means over SMPP; UNKNOWN for other words, too."""
        return STATES.get(self.stat, MessageState.UNKNOWN)


class Package(Struct, frozen=True):
    """The columns that an account gets (decision V51). fields: attributes of NumberContext; destination, id, stat and err always count."""

    fields: frozenset[str]

    @classmethod
    def parse(cls, names: str | Iterable[str]) -> Package:
        """Read `full`, or names of columns: attributes of NumberContext, or names of HTTP in any case. Raises DocumentError (-23)."""
        if isinstance(names, str):
            if names.strip().lower() == "full":
                return FULL
            names = names.replace(",", " ").split()
        known = {name.lower(): column.field for column in COLUMNS for name in (column.name, column.field) if name}
        fields = set()
        for name in names:
            field = known.get(name.lower())
            if field is None:
                raise DocumentError(f"a package has no column {name[:40]!r}", status=-23)
            fields.add(field)
        return cls(frozenset(fields))

    def has(self, column: Column) -> bool:
        """Whether the account gets the column."""
        return column.field in self.fields or column.field in _ALWAYS

    def of(self, context: NumberContext) -> NumberContext:
        """The context without what the account does not get."""
        return NumberContext(**{column.field: getattr(context, column.field) for column in COLUMNS if self.has(column)})


FULL: Final = Package(frozenset(_BY_FIELD))

# ---- values as texts

_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)
_PRICE: Final = re.compile(r"\d{1,12}(?:\.\d{1,6})?", re.ASCII)
_CENT: Final = Decimal("0.01")
_DEAREST: Final = Decimal(10) ** 10


def parse_texts(texts: Mapping[str, str], path_of: Callable[[Column], str]) -> NumberContext:
    """Make a context of texts by field; a blank one is not known. path_of: where a column stands in the document.

    Raises DocumentError: -22 without stat, which no context lacks, -23 for an error code, price or flag that is none.
    """
    values: dict[str, Any] = {}
    for field, text in texts.items():
        text = text.strip()
        if not text:
            continue
        column = _BY_FIELD[field]
        if field == "id":
            values[field] = "".join(text.split())  # the document breaks ids where its lines end
        elif column.kind == "text":
            values[field] = text
        else:
            values[field] = _value(column, text, path_of)
    if "stat" not in values:
        raise DocumentError("is missing", path=path_of(_BY_FIELD["stat"]))
    return NumberContext(**values)


def _value(column: Column, text: str, path_of: Callable[[Column], str]) -> int | bool | Decimal:
    if column.kind == "flag":
        flag = _FLAGS.get(text.lstrip("> ").lower())  # the document prints `<is_ported>>false</is_ported>`
        if flag is None:
            raise DocumentError("is neither true nor false", path=path_of(column), status=-23)
        return flag
    if column.kind == "number":
        if not _NUMBER.fullmatch(text):
            raise DocumentError("is no number of at most 9 digits", path=path_of(column), status=-23)
        return int(text)
    if not _PRICE.fullmatch(text):
        raise DocumentError("is no price in hundredths", path=path_of(column), status=-23)
    return Decimal(text).scaleb(-2)


def format_texts(context: NumberContext, package: Package = FULL) -> Iterator[tuple[Column, str]]:
    """The columns of HTTP that the package has, in their order, with their values as texts, "" for what is not known.

    Raises DocumentError (-23) for an error code or price that cannot be written, and without stat.
    """
    if not context.stat.strip():
        raise DocumentError("is missing", path="stat", status=-23)
    for column in COLUMNS:
        if column.name and package.has(column):
            yield column, _text(column, getattr(context, column.field))


def _text(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.kind == "flag":
        return "true" if value else "false"
    if column.kind == "price":
        return str(_hundredths(value))
    if column.kind == "number" and not 0 <= value < 10**9:
        raise DocumentError("the error code has no form", path=column.name, status=-23)
    return str(value)


def _hundredths(price: Decimal) -> int:
    """The price on the wire: hundredths, rounded half up (decision V52)."""
    if not price.is_finite() or not 0 <= price < _DEAREST:
        raise DocumentError("the price has no form", path="ppm", status=-23)
    return int(price.quantize(_CENT, ROUND_HALF_UP).scaleb(2))


# ---- SMPP

_RECEIPT: Final = 0x04  # esm_class, SMPP 3.4 5.2.12
_MOST_SHORT: Final = 254  # octets of short_message, SMPP 3.4 5.2.22
_NOWHERE: Final = "0000000000"


def from_pdu(pdu: Pdu) -> NumberContext:
    """Read the receipt that answers a lookup over SMPP (vendor 3.2, decision V53): TLVs by tag, whatever the PDU's profile, then its text.

    Raises DocumentError (-22) for a PDU that is no receipt, or one of a lookup that is still under way.
    """
    receipt = parse_receipt(pdu)
    if receipt is None or receipt.intermediate:
        raise DocumentError("the PDU does not report a lookup")
    values: dict[str, Any] = {column.field: receipt.extra[column.key].strip() for column in COLUMNS if column.key in receipt.extra}
    for tlv in pdu.tlvs:
        column = _BY_TAG.get(tlv.tag)
        if column is None:
            continue
        if column.kind == "text":
            text = tlv.raw.rstrip(b"\0").decode("latin-1").strip()
            values[column.field] = text or values.get(column.field)
        elif 1 <= len(tlv.raw) <= 4:
            number = int.from_bytes(tlv.raw, "big")
            values[column.field] = bool(number) if column.kind == "flag" else Decimal(number).scaleb(-2)
    err = receipt.err_int
    if err is None and len(receipt.network_error_code or b"") == 3:
        err = int.from_bytes((receipt.network_error_code or b"")[1:], "big")
    stat = _WORDS.get(receipt.state or MessageState.UNKNOWN, "UNKNOWN")
    known = {field: value for field, value in values.items() if value != ""}
    return NumberContext(destination=pdu.source_addr or "", id=receipt.id or "", stat=stat, err=err, **known)


def to_pdu(context: NumberContext, *, submit_date: datetime | str, done_date: datetime | str, package: Package = FULL) -> DeliverSm:
    """Write the receipt that answers a lookup over SMPP: from the number, to nowhere, text and TLVs as the document prints them (V53).

    submit_date, done_date: of the lookup, without zone. is_roaming has no TLV.
    Raises EncodeError for what a receipt or a TLV cannot hold: names outside Latin-1 or with a colon behind a key's word, an error code
    over 65535, a price of 2**32 hundredths.
    """
    context = package.of(context)
    extra = {column.key: value for column in COLUMNS if column.key and (value := getattr(context, column.field)) is not None}
    text = format_receipt(
        context.id, context.state, dlvrd=1, sub=1, submit_date=submit_date, done_date=done_date, err=context.err, text=None, extra=extra,
        form="context",
    )
    tlvs: list[tuple[int | str, int | str | bytes]] = [("message_state", int(context.state)), ("receipted_message_id", context.id)]
    if context.err is not None:
        if context.err > 0xFFFF:
            raise EncodeError(f"an error code of {context.err} does not go into two octets", "network_error_code")
        tlvs.insert(0, ("network_error_code", b"\x03" + context.err.to_bytes(2, "big")))
    for field in _TLV_ORDER:
        value = getattr(context, field)
        if field == "mccmnc" and package.has(_BY_FIELD[field]):
            tlvs.append((field, value or ""))
        elif value is not None:
            tlvs.append((field, _hundredths(value) if isinstance(value, Decimal) else int(value) if isinstance(value, bool) else value))
    if len(text) > _MOST_SHORT:
        tlvs.append(("message_payload", text))
        text = b""
    return DeliverSm(source_addr=context.destination, destination_addr=_NOWHERE, esm_class=_RECEIPT, short_message=text, tlvs=tlvs)
