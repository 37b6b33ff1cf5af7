"""Commands, above layer 9: the JSON form of a PDU or gap, one object a line, in the shape and key order that programs rely on.

Shape: docs/decode.md. Octet strings are hex, C-octet strings text; nothing is left out that the octets hold.
"""

import json
from binascii import hexlify
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from smpp_core import Finding, Pdu, Tlv
from smpp_core.receipt import Receipt, parse_receipt
from smpp_core.spec.commands import COMMANDS
from smpp_core.spec.rows import SMPP34
from smpp_core.text import decode_text
from smpp_core.udh import Element

from .frames import SHOWN
from .item import Item, gap_kind, missing_of
from .shown import format_time

_dump: Callable[[Any], bytes] = msgspec.json.Encoder(decimal_format="number").encode
_GROUPED = frozenset(row.id for row in COMMANDS.values() if any(field.kind in ("dests", "unsuccess") for field in row.fields))
_offset = attrgetter("offset")
# Sections of the specification that most PDUs follow stand without its name.
_USUAL = f"{SMPP34} "
_SECOND = 1_000_000_000
# Pairs of command and status that are kept written out; a forged capture could hold 2**64.
_MAX_HEADS = 4096


class Record:
    """Writes items as lines of JSON. ascii: escape all that is not ASCII, for a terminal.

    What most lines share (command and status, the second of the time) is kept written out: a capture's day is millions of lines.
    """

    def __init__(self, ascii: bool = False) -> None:
        self._encode = _encode_ascii if ascii else _encode
        self._heads: dict[tuple[int, int], str] = {}
        self._second = -1
        self._date = ""

    def item(self, item: Item) -> bytes:
        """One line, with its line end."""
        pdu = item.pdu
        if pdu is None or gap_kind(item):
            return self._gap(item)
        fields = pdu.fields()
        octets = fields.get("short_message")
        if octets is not None:
            fields["short_message"] = octets.hex()
        if pdu.command_id in _GROUPED:
            _open_groups(fields)
        tlvs = pdu.tlvs
        rest: dict[str, Any] = {"fields": fields, "tlvs": [_tlv(tlv) for tlv in tlvs] if tlvs else ()}
        found = pdu.findings
        findings = _findings(found) if found else []
        if octets is not None or tlvs:
            # Without either there is neither text nor receipt, and most responses have neither.
            text = decode_text(pdu)
            if text.findings:
                findings += _findings(text.findings)
            if text.text is not None:
                rest["text"] = text.text
            if text.udh is not None:
                rest["udh"] = [_element(element) for element in text.udh.elements]
            receipt = parse_receipt(pdu)
            if receipt is not None:
                rest["receipt"] = _receipt(receipt)
                findings += _findings(receipt.findings)
        rest["findings"] = findings
        missing = missing_of(item)
        ranges = f'"missing":{_dump(missing).decode()},' if missing else ""
        head = (
            f'{{{self._place(item)}{ranges}{self._head(pdu)},"sequence_number":{pdu.sequence_number},"length":{pdu.command_length},'
        ).encode("ascii")
        return b"".join((head, self._encode(rest)[1:-1], b',"hex":"', hexlify(item.octets), b'"}\n'))

    def _place(self, item: Item) -> str:
        time_ns = item.time_ns
        if time_ns is None:
            return f'"offset":{item.offset},'
        second = time_ns // _SECOND
        if second != self._second:
            self._date, self._second = format_time(second * _SECOND)[:20], second
        return (
            f'"stream":{item.stream},"frame":{item.frame},"time":"{self._date}{time_ns - second * _SECOND:09d}Z",'
            f'"src":"{item.src}","dst":"{item.dst}","offset":{item.offset},'
        )

    def _head(self, pdu: Pdu) -> str:
        key = pdu.command_id, pdu.command_status
        head = self._heads.get(key)
        if head is None:
            if len(self._heads) >= _MAX_HEADS:
                self._heads.clear()
            name = self._encode(pdu.status.name).decode()
            head = self._heads[key] = f'"command":"{pdu.command}","command_id":{key[0]},"command_status":{key[1]},"status":{name}'
        return head

    def _gap(self, item: Item) -> bytes:
        rest = {
            "gap": gap_kind(item), "octets": getattr(item, "length", 0), "hex": item.octets[:SHOWN].hex(),
            "message": getattr(item, "reason", ""),
        }
        return f"{{{self._place(item)}".encode("ascii") + self._encode(rest)[1:] + b"\n"


def _encode(record: Any) -> bytes:
    try:
        return _dump(record)
    except UnicodeEncodeError:
        # A lone surrogate in UCS-2 text: only an escape can carry it.
        return _encode_ascii(record)


def _encode_ascii(record: Any) -> bytes:
    return json.dumps(msgspec.to_builtins(record), separators=(",", ":")).replace("\x7f", "\\u007f").encode("ascii")


def _findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """In the order of smpp_core.explain, which would read text and receipt once more."""
    return [finding._asdict() | {"section": finding.section.removeprefix(_USUAL)} for finding in sorted(findings, key=_offset)]


def _tlv(tlv: Tlv) -> dict[str, Any]:
    value, raw = tlv.value, tlv.raw.hex()
    return {"tag": tlv.tag, "name": tlv.name, "value": raw if type(value) is bytes else value, "hex": raw}


def _open_groups(fields: dict[str, Any]) -> None:
    """Entries of dest_addresses and unsuccess_smes under the names of their parts."""
    for name in ("dest_addresses", "unsuccess_smes"):
        entries = fields.get(name)
        if entries is not None:
            fields[name] = [entry._asdict() for entry in entries]


def _element(element: Element) -> dict[str, Any]:
    value = element.value
    if isinstance(value, bytes):
        value = value.hex()
    elif isinstance(value, tuple):
        value = {name: part.hex() if isinstance(part, bytes) else part for name, part in value._asdict().items()}  # type: ignore[attr-defined]
    return {"id": element.id, "name": element.name, "value": value, "hex": element.data.hex()}


def _receipt(receipt: Receipt) -> dict[str, Any]:
    state = receipt.state
    record = {
        "id": receipt.id, "state": None if state is None else state.name, "sub": receipt.sub, "dlvrd": receipt.dlvrd,
        "submit_date": receipt.submit_date, "done_date": receipt.done_date, "stat": receipt.stat, "err": receipt.err, "text": receipt.text,
        "submit_time": receipt.submit_time, "done_time": receipt.done_time, "err_int": receipt.err_int, "extra": receipt.extra,
        "intermediate": receipt.intermediate,
    }
    text_state, tlv_state = receipt.text_state, receipt.tlv_state
    if receipt.tlv_id is not None and receipt.text_id is not None:
        record["text_id"], record["tlv_id"] = receipt.text_id, receipt.tlv_id
    if tlv_state is not None and text_state is not None:
        record["text_state"], record["tlv_state"] = text_state.name, tlv_state.name
    return record
