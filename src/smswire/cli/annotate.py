"""Commands, above layer 9: the text form of a PDU: one summary line, then every stretch of its octets with name, value and meaning.

The stretches come from smpp_core.spec.walk, which covers each octet; findings stand under the stretch that they are about.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from smpp_core import EncodeError, Finding, Pdu, Profile
from smpp_core.explain import explain
from smpp_core.receipt import Receipt, parse_receipt
from smpp_core.spec.alphabets import LANGUAGES
from smpp_core.spec.commands import COMMANDS
from smpp_core.spec.data_codings import describe_group
from smpp_core.spec.elements import LOCKING_SHIFT, SINGLE_SHIFT
from smpp_core.spec.rows import Field
from smpp_core.spec.values import describe, describe_octets
from smpp_core.spec.walk import Step, walk
from smpp_core.text import Text, decode_text
from smpp_core.udh import Concat, Element

from .item import Item, gap_kind, missing_of
from .shown import characters, format_time, quoted, quoted_lines, safe

_IN_COLUMN = 8      # octets in the column of hex; a few lines of it for an address
_COLUMN_LINES = 3
_IN_DUMP = 16       # octets a line of a longer string, with its characters
_VALUE_WIDTH = 72
_SUMMARY_TEXT = 60

_ALPHABETS = {
    "gsm7": "GSM 7-bit", "gsm7-packed": "GSM 7-bit, packed", "latin1": "Latin-1", "ascii": "ASCII", "ucs2": "UCS-2",
    "binary": "no text but octets", "unknown": "unknown alphabet",
}
_GAPS = {"not-a-pdu": "not a PDU", "partial-pdu": "part of a PDU", "cut-pdu": "cut PDU", "missing": "missing"}
_COLOURS = {
    "offset": "2", "octets": "", "name": "36", "value": "1", "meaning": "", "summary": "1", "header": "2", "error": "1;31", "warning": "33",
    "note": "34", "gap": "1;35",
}


class Page:
    """Writes items as text. colours: whether with the terminal's colours."""

    def __init__(self, profile: Profile, colours: bool = False) -> None:
        self._profile = profile
        self._colours = _COLOURS if colours else {}

    def item(self, item: Item) -> str:
        """The lines of one PDU or gap, with an empty line behind them."""
        return "\n".join(self._lines(item)) + "\n\n"

    def summary(self, item: Item) -> str:
        """The first line alone."""
        place = ""
        if item.time_ns is not None:
            place = self._paint("header", f"{item.stream}/{item.frame} {format_time(item.time_ns)} {item.src} > {item.dst}") + "  "
        if gap_kind(item):
            return place + self._gap_line(item)
        return place + self._pdu_line(item)

    def _paint(self, kind: str, text: str) -> str:
        colour = self._colours.get(kind)
        return f"\x1b[{colour}m{text}\x1b[0m" if colour and text else text

    def _lines(self, item: Item) -> Iterator[str]:
        yield self.summary(item)
        if item.pdu is not None:
            yield from self._pdu(item.pdu)
        shown = len(item.pdu) if item.pdu is not None else 0
        if shown < len(item.octets):
            # Behind octets that are missing nothing can be located; what is there is shown all the same.
            if shown:
                yield self._row(shown, f"{len(item.octets) - shown} octets", "not read", "", "")
            base = 0 if shown else item.offset
            yield from self._dump(item.octets[shown:], base + shown, missing_of(item))
        length: int = getattr(item, "length", 0)
        if length > len(item.octets):
            yield f"        and {length - len(item.octets)} octets more"

    # One PDU.

    def _pdu(self, pdu: Pdu) -> Iterator[str]:
        octets = bytes(pdu)
        text = decode_text(pdu)
        shown: set[Finding] = set()
        for step in walk(octets, self._profile.tlvs):
            yield from self._step(octets, step)
            for finding in step.findings:
                yield self._finding(finding)
            shown.update(step.findings)
            if text.offset is not None and step.field == text.source and step.offset in (text.offset, text.offset - 4):
                yield from self._text(text, text.offset)
                shown.update(text.findings)
        receipt = parse_receipt(pdu)
        if receipt is not None:
            yield from self._receipt(receipt)
        for finding in explain(pdu):
            if finding not in shown:
                yield self._finding(finding)

    def _step(self, octets: bytes, step: Step) -> Iterator[str]:
        raw = octets[step.offset : step.offset + step.length]
        name = step.field
        if step.tag is not None:
            name = f"0x{step.tag:04X} {step.field}" if step.row is not None else step.field
        value, meaning = self._value(step)
        if step.length == 0 and not step.findings and step.value is None:
            return
        if len(raw) > _IN_COLUMN * _COLUMN_LINES:
            yield self._row(step.offset, f"{len(raw)} octets", name, value, meaning)
            yield from self._dump(raw, step.offset)
            return
        yield self._row(step.offset, raw[:_IN_COLUMN].hex(" "), name, value, meaning)
        for at in range(_IN_COLUMN, len(raw), _IN_COLUMN):
            yield self._row(step.offset + at, raw[at : at + _IN_COLUMN].hex(" "), "", "", "")

    def _row(self, offset: int | None, octets: str, name: str, value: str, meaning: str) -> str:
        place = "" if offset is None else str(offset)
        line = f"{self._paint('offset', f'{place:>6}')}  {self._paint('octets', f'{octets:<23}')}  {self._paint('name', f'{name:<30}')}"
        if meaning:
            return f"{line} {self._paint('value', f'{value:<12}')}  {self._paint('meaning', meaning)}"
        return f"{line} {self._paint('value', value)}".rstrip()

    def _dump(self, raw: bytes, offset: int, missing: Sequence[tuple[int, int]] = ()) -> Iterator[str]:
        digits = _digits(raw, offset, missing)
        for at in range(0, len(raw), _IN_DUMP):
            row = " ".join(digits[at : at + _IN_DUMP])
            shown = characters(raw[at : at + _IN_DUMP])
            yield f"{self._paint('offset', f'{offset + at:>6}')}  {self._paint('octets', f'{row:<47}')}  {self._paint('octets', shown)}"

    def _finding(self, finding: Finding) -> str:
        return f"        {self._paint(finding.severity, f'{finding.severity} {finding.code}')}: {safe(finding.message)} ({finding.section})"

    def _value(self, step: Step) -> tuple[str, str]:
        """A stretch's value and what it means."""
        name, value = step.field, step.value
        last = name.rpartition(".")[2]
        if isinstance(value, bool):
            return "set", ""
        if isinstance(value, int):
            return self._integer(last, value, step)
        if isinstance(value, str):
            form = step.row.form if isinstance(step.row, Field) else ""
            return quoted(value), _time_meaning(value) if form and value else ""
        if isinstance(value, tuple):
            return f"{len(value)} entries", ""
        if isinstance(value, bytes):
            composite = value if step.tag is not None else b""
            return f"{len(value)} octets" if len(value) != 1 else "1 octet", describe_octets(name, composite)
        return ("none" if step.tag is not None else ""), ""

    def _integer(self, name: str, value: int, step: Step) -> tuple[str, str]:
        if name == "command_id":
            row = COMMANDS.get(value)
            return f"0x{value:08X}", row.name if row else "unknown"
        if name in ("command_status", "error_status_code"):
            status = self._profile.status(value)
            again = {"later": ", may pass later", "rebind": ", may pass on a new session"}.get(status.retry, "")
            return f"0x{value:08X}" if value else "0", f"{status.name}: {status.meaning}{again if value else ''}"
        if name == "data_coding":
            coding = self._profile.data_codings.get(value)
            # Above 15 the groups of GSM 03.38 say more than a peer's word for the value.
            words = [coding.meaning] if coding else []
            return str(value), ": ".join(words + [describe_group(value)] * (value > 15 or not words))
        if name == "price_per_message":
            return str(value), f"{value // 100}.{value % 100:02d}"
        table = step.row.values if step.row is not None else ""
        if name.endswith("_ton"):
            table = "ton"
        elif name.endswith("_npi"):
            table = "npi"
        meaning = describe(table, value) if table else ""
        return (f"0x{value:02X}" if table in ("esm_class", "registered_delivery") and value > 9 else str(value)), meaning

    # Text and receipt.

    def _text(self, text: Text, base: int) -> Iterator[str]:
        """What the user data says: its header, element by element, and the text behind."""
        if text.udh is not None:
            yield self._row(base, f"{text.udh.octets[0]:02x}", "  udh length", str(text.udh.octets[0]), "")
            for element in text.udh.elements:
                yield from self._element(base, element)
            rest = text.udh.tail
            if rest:
                yield self._row(base + text.udh.length - len(rest), rest[:_IN_COLUMN].hex(" "), "  udh rest", "", "")
        if text.octets:
            yield from self._reading(text)
        for finding in text.findings:
            yield self._finding(finding)

    def _reading(self, text: Text) -> Iterator[str]:
        words = [_ALPHABETS.get(text.alphabet, text.alphabet)]
        if text.message_class is not None:
            words.append(f"class {text.message_class}{' (flash)' if text.flash else ''}")
        if text.indication:
            words.append(f"{text.indication} waiting")
        if text.compressed:
            words.append("compressed")
        if text.text is None:
            yield self._row(None, "", "  text", "none", ", ".join(words))
        else:
            lines = quoted_lines(text.text, _VALUE_WIDTH)
            yield self._row(None, "", "  text", lines[0] if len(lines) == 1 else f"{len(text.text)} characters", ", ".join(words))
            for line in lines if len(lines) > 1 else ():
                yield self._row(None, "", "", line, "")

    def _element(self, base: int, element: Element) -> Iterator[str]:
        raw = bytes((element.id, len(element.data))) + element.data
        value = "" if isinstance(element.value, (bytes, tuple)) else str(element.value)
        yield self._row(base + element.offset, raw[:_IN_COLUMN].hex(" "), f"  udh {element.name}", value, _element_meaning(element))
        for at in range(_IN_COLUMN, len(raw), _IN_COLUMN):
            yield self._row(base + element.offset + at, raw[at : at + _IN_COLUMN].hex(" "), "", "", "")

    def _receipt(self, receipt: Receipt) -> Iterator[str]:
        state, text_state, tlv_state = receipt.state, receipt.text_state, receipt.tlv_state
        rows = [
            ("id", receipt.id, _both(receipt.text_id, receipt.tlv_id)), ("sub", receipt.sub, ""), ("dlvrd", receipt.dlvrd, ""),
            ("submit date", receipt.submit_date, _iso(receipt.submit_time)), ("done date", receipt.done_date, _iso(receipt.done_time)),
            ("stat", receipt.stat, ""), ("err", receipt.err, ""), ("text", receipt.text, ""),
            *((key, value, "") for key, value in receipt.extra.items()),
        ]
        meaning = ""
        if text_state is not None and tlv_state is not None:
            meaning = _both(text_state.name, tlv_state.name)
        meaning = meaning or "intermediate" * receipt.intermediate
        yield self._row(None, "", "receipt", state.name if state is not None else "state unknown", meaning)
        for name, value, meaning in rows:
            if value is not None:
                yield self._row(None, "", f"  {safe(name)}", quoted(value), meaning)

    # Summaries.

    def _pdu_line(self, item: Item) -> str:
        pdu = item.pdu
        if pdu is None:
            return ""
        parts = [pdu.command if pdu.row is not None else f"unknown command 0x{pdu.command_id:08X}", f"seq {pdu.sequence_number}"]
        if pdu.is_response or pdu.command_status:
            parts.append(pdu.status.name)
        fields = pdu.fields()
        for name in ("system_id", "message_id"):
            if fields.get(name):
                parts.append(f"{name} {quoted(fields[name])}")
        sender, receiver = fields.get("source_addr"), _receiver(fields)
        if sender is not None or receiver:
            parts.append(f"{safe(sender or '') or '-'} > {receiver or '?'}" if "source_addr" in fields else receiver)
        text = decode_text(pdu).text
        if text:
            parts.append(quoted(text, _SUMMARY_TEXT))
        receipt = parse_receipt(pdu)
        if receipt is not None:
            parts.append(f"receipt {receipt.state.name if receipt.state is not None else 'without a state'}")
        line = self._paint("summary", "  ".join(parts)) + f"  {len(item.octets)} octets"
        for start, end in missing_of(item):
            line += self._paint("error", f"  octets {start} to {end} are missing")
        codes = [finding.code for finding in pdu.findings if finding.severity == "error"]
        return line + (self._paint("error", "  ! " + ", ".join(codes)) if codes else "")

    def _gap_line(self, item: Item) -> str:
        kind = gap_kind(item)
        return f"{self._paint('gap', _GAPS.get(kind, kind))} at {item.offset}: {safe(getattr(item, 'reason', ''))}"


def _digits(raw: bytes, offset: int, missing: Sequence[tuple[int, int]]) -> list[str]:
    """Each octet in hex; two dashes for one that no packet holds."""
    digits = [f"{octet:02x}" for octet in raw]
    for start, end in missing:
        for at in range(max(start - offset, 0), min(end - offset, len(digits))):
            digits[at] = "--"
    return digits


def _receiver(fields: dict[str, Any]) -> str:
    if fields.get("destination_addr") is not None:
        return safe(fields["destination_addr"]) or "-"
    if fields.get("esme_addr") is not None:
        return safe(fields["esme_addr"]) or "-"
    if fields.get("dest_addresses") is not None:
        return f"{len(fields['dest_addresses'])} destinations"
    return ""


def _time_meaning(text: str) -> str:
    """An SMPP time in the order that people read, "" if it is none."""
    from smpp_core.times import SmppTime  # few PDUs have one, and it brings the calendar with it

    try:
        time = SmppTime.parse(text)
    except EncodeError:
        return ""
    if time.is_relative:
        parts = zip((time.year, time.month, time.day, time.hour, time.minute, time.second), ("years", "months", "days", "h", "min", "s"))
        return ", ".join(f"{count} {unit}" for count, unit in parts if count) + " from now"
    minutes = time.quarters * 15
    zone = f" UTC{time.sign}{minutes // 60:02d}:{minutes % 60:02d}" if time.sign else ", the SMSC's time"
    return f"20{time.year:02d}-{time.month:02d}-{time.day:02d} {time.hour:02d}:{time.minute:02d}:{time.second:02d}{zone}"


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(" ")


def _both(text: str | None, tlv: str | None) -> str:
    """What to say where text and TLV tell different things."""
    return f"text says {quoted(text)}, TLV {quoted(tlv)}" if text is not None and tlv is not None and text != tlv else ""


def _element_meaning(element: Element) -> str:
    value = element.value
    if isinstance(value, Concat):
        return f"part {value.part} of {value.total}, reference {value.reference}"
    if element.id in (LOCKING_SHIFT, SINGLE_SHIFT):
        return LANGUAGES.get(value, "unknown language")
    if isinstance(value, tuple):
        return ", ".join(f"{name.replace('_', ' ')} {safe(str(part))}" for name, part in value._asdict().items())  # type: ignore[attr-defined]
    return ""
