"""Layer 0 of 9: the pages of docs/reference, written from the tables by generate.py."""

from collections.abc import Callable, Iterable

from . import data_codings, statuses, tlvs, values, vendor
from .commands import COMMANDS
from .findings import FINDINGS
from .rows import Command, DataCoding, Field, Status, Tlv

KINDS = {
    "u8": "integer, 1 octet",
    "u32": "integer, 4 octets",
    "cstring": "C-octet string",
    "octets": "octet string",
    "dests": "group of addresses and distribution lists",
    "unsuccess": "group of addresses with a status",
    "integer": "integer, big-endian",
    "string": "text without NUL",
    "flag": "flag: no octets, or one",
}
BODIES = {
    "required": "Its fields must be there.",
    "when_ok": "Its fields must be there if command_status is 0.",
    "optional": "Its fields may be absent.",
}
SENDERS = {"esme": "the ESME", "smsc": "the SMSC", "both": "either side"}
RETRIES = {
    "never": "the same PDU fails again",
    "later": "the same PDU may pass after a pause",
    "rebind": "on a new session",
    "unknown": "the status does not say",
}
INSTEAD = "In `Profile.vendor()` these rows take the place of the standard's."


def _prose(text: str) -> list[str]:
    """One paragraph."""
    return [" ".join(text.split()), ""]


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _table(heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return [*lines, ""]


def _values_link(name: str) -> str:
    return f"[{name}](values.md#{name})" if name else ""


def _size(field: Field) -> str:
    if field.kind in ("u8", "u32"):
        return {"u8": "1", "u32": "4"}[field.kind]
    if field.kind == "cstring":
        return f"1 to {field.max}, NUL included" if field.form != "time" else "1 or 17, NUL included"
    return f"0 to {field.max}" if field.kind == "octets" else f"up to {field.max} entries"


def _type(field: Field) -> str:
    if field.counts:
        return f"{KINDS[field.kind]}; measures {field.counts}"
    return f"{KINDS[field.kind]}, [SMPP time](values.md#smpp-times)" if field.form else KINDS[field.kind]


def _command(row: Command) -> list[str]:
    lines = [f"## {row.name}", "", f"`{row.class_name}`, command_id 0x{row.id:08X} ({row.section}). {row.doc}", ""]
    facts = [f"Sent by {SENDERS[row.sender]}", f"in {', '.join(row.states)}"]
    facts.append("it is a response" if row.is_response else f"answered by {row.response or 'nothing'}")
    lines += [f"{'; '.join(facts)}.{' ' + BODIES[row.body] if row.is_response and row.fields else ''}", ""]
    if row.fields:
        lines += _table(
            ("field", "type", "octets", "values", "a fault is answered with", "meaning", "section"),
            ((f"`{f.name}`", _type(f), _size(f), _values_link(f.values), f.status, f.doc, f.section) for f in row.fields),
        )
    else:
        lines += ["It has no mandatory fields.", ""]
    if row.tlvs:
        lines += [f"Optional parameters of its section: {', '.join(f'`{name}`' for name in row.tlvs)}.", ""]
    return lines


def pdus() -> list[str]:
    """Every command with its fields in wire order."""
    lines = [
        "# PDUs", "",
        *_prose("""
            Every PDU begins with four integers of 4 octets: command_length (of the whole PDU), command_id, command_status (0 in requests)
            and sequence_number (1 to 0x7FFFFFFF, the same in a request and its response). Integers are big-endian. Then come the mandatory
            fields below, in this order, and [optional parameters](tlvs.md) in any order. Any PDU may carry any optional parameter; the
            lists name those that its section gives."""),
        *_table(
            ("command", "class", "command_id", "answered by", "meaning", "section"),
            ((f"[{r.name}](#{r.name})", f"`{r.class_name}`", f"0x{r.id:08X}", r.response, r.doc, r.section)
             for r in COMMANDS.values()),
        ),
    ]
    for row in COMMANDS.values():
        lines += _command(row)
    return lines


def _tlv_rows(rows: Iterable[Tlv]) -> list[str]:
    def size(row: Tlv) -> str:
        return str(row.min) if row.min == row.max else f"{row.min} to {row.max}"

    return _table(
        ("tag", "name", "type", "octets", "values", "meaning", "section"),
        ((f"0x{r.tag:04X}", f"`{r.name}`", KINDS[r.kind], size(r), _values_link(r.values), r.doc, r.section) for r in rows),
    )


def tlv_page() -> list[str]:
    """The optional parameters of the standard and of the vendor."""
    repeated = ", ".join(f"`{name}`" for name in sorted(tlvs.REPEATABLE))
    names = ", ".join(f"`{alias}` is `{name}`" for alias, name in sorted(tlvs.ALIASES.items()))
    return [
        "# Optional parameters (TLVs)", "",
        *_prose(f"""
            A tag of 2 octets, a length of 2 octets, and as many octets of value; the length on the wire counts, whatever the table says.
            These may stand more than once: {repeated}. Second names: {names}."""),
        "## SMPP 3.4 and 5.0", "", *_tlv_rows(tlvs.TLVS.values()),
        "## Vendor", "",
        *_prose("""
            In `Profile.vendor()`, the default. A value that does not fit its row keeps its octets and gets the note `vendor-tlv-form`:
            other providers use the same tags for other things."""),
        *_tlv_rows(vendor.TLVS.values()),
    ]


def _status_rows(rows: Iterable[Status]) -> list[str]:
    return _table(
        ("value", "name", "meaning", "trying again", "section"),
        ((f"0x{r.value:08X}", f"`{r.name}`", r.meaning, f"{r.retry}: {RETRIES[r.retry]}", r.section) for r in rows),
    )


def status_page() -> list[str]:
    """command_status of the standard and of the vendor."""
    other = [(name, row) for name, row in statuses.BY_NAME.items() if row.name != name]
    return [
        "# command_status", "",
        *_prose("`pdu.status` is the profile's row; a value in no row is named by its number, and whether to try again is not known."),
        "## SMPP 3.4 and 5.0", "", *_status_rows(statuses.STATUSES.values()),
        *_prose(f"5.0 has second names for values of 3.4: {', '.join(f'`{name}` is `{row.name}`' for name, row in other)}."),
        "## Vendor", "", *_prose(INSTEAD), *_status_rows(vendor.STATUSES.values()),
    ]


def finding_page() -> list[str]:
    """The kinds of findings."""
    layers = {
        "pdu": ("Structure", "`pdu.findings`: about the octets of the PDU."),
        "text": ("Text and user data header", "`smpp_core.explain(pdu)` adds these."),
        "receipt": ("Receipts", "`smpp_core.explain(pdu)` and `parse_receipt` add these."),
    }
    lines = [
        "# Findings", "",
        *_prose("""
            Every deviation of a PDU is a finding: severity, code, field, offset in the PDU, section, a sentence. An *error*: something
            cannot be located; strict decoding raises DecodeError, and the answer has the status given here, or that of the
            [field](pdus.md) at fault. A *warning*: located, but outside the table's length or value. A *note*: legal but odd, or two
            readings that disagree."""),
    ]
    for layer in dict.fromkeys(row.layer for row in FINDINGS.values()):
        title, words = layers.get(layer, (layer.capitalize(), ""))
        lines += [f"## {title}", "", *([words, ""] if words else [])]
        lines += _table(
            ("code", "severity", "meaning", "sentence", "answered with", "section"),
            ((f"`{r.code}`", r.severity, r.doc, f"`{r.message}`", r.status or "the field's status" if r.severity == "error" else r.status,
              r.section) for r in FINDINGS.values() if r.layer == layer),
        )
    return lines


def gsm_error_page() -> list[str]:
    """The vendor's GSM error codes."""
    return [
        "# GSM error codes", "",
        *_prose("""
            `err` of a receipt, and the number in network_error_code (vendor 2014, table 15). A *permanent* one fails again for the same
            message to the same number; the document does not say which are, the choice is ours."""),
        *_table(
            ("code", "name", "permanent", "meaning", "section"),
            ((r.value, f"`{r.name}`", "yes" if r.permanent else "no", r.meaning, r.section) for r in vendor.GSM_ERRORS.values()),
        ),
    ]


def value_page() -> list[str]:
    """The named values of integers."""
    users: dict[str, dict[str, None]] = {}
    for name, table in [(f.name, f.values) for c in COMMANDS.values() for f in c.fields] + [(t.name, t.values) for t in tlvs.TLVS.values()]:
        users.setdefault(table, {})[name] = None
    lines = [
        "# Values", "",
        *_prose("""
            What the integers of fields and optional parameters mean. A value that its table neither names nor leaves open gets the note
            `unknown-value`."""),
        "## SMPP times", "",
        *_prose("""
            Empty, or 16 characters `YYMMDDhhmmsstnnp`: tenths of a second `t`, and `p` is `+` or `-` (an absolute time, `nn` quarters of
            an hour from UTC) or `R` (relative: years, months, days, hours, minutes, seconds from now, with `t` 0 and `nn` 00).
            SMPP 3.4 7.1.1."""),
    ]
    for table, rows in values.VALUES.items():
        lines += [f"## {table}", ""]
        names = [name for name in users.get(table, ()) if name != table]
        if names:
            lines += [f"Used by {', '.join(f'`{name}`' for name in names)}.", ""]
        if table in values.OPEN:
            lines += ["Values that are not named here are legal.", ""]
        if rows:
            lines += _table(
                ("value", "name", "meaning", "section"),
                ((f"{r.value} (0x{r.value:02X})", f"`{r.name}`", r.meaning, r.section) for r in rows),
            )
        runs = values.RANGES.get(table, ())
        if runs:
            lines += _table(
                ("values", "meaning"),
                ((r.first if r.first == r.last else f"{r.first} to {r.last}", r.meaning.replace("{value}", "that many")) for r in runs),
            )
    return lines


def _coding_rows(rows: Iterable[DataCoding]) -> list[str]:
    return _table(
        ("value", "name", "alphabet", "meaning", "section"),
        ((f"{r.value} (0x{r.value:02X})", f"`{r.name}`", r.alphabet, r.meaning, r.section) for r in rows),
    )


def _group_runs() -> list[tuple[object, ...]]:
    """The coding groups of 3GPP TS 23.038, neighbours of one meaning in one row."""
    runs: list[list[object]] = []
    for value in range(256):
        words = data_codings.describe_group(value)
        if runs and runs[-1][2] == words:
            runs[-1][1] = value
        else:
            runs.append([value, value, words])
    return [(f"0x{first:02X}" if first == last else f"0x{first:02X} to 0x{last:02X}", words) for first, last, words in runs]


def data_coding_page() -> list[str]:
    """data_coding by the standard, by the vendor and by the coding groups."""
    return [
        "# data_coding", "",
        *_prose("""
            The profile's exact values come first, then the coding groups of GSM 03.38 (3GPP TS 23.038 4). What 0 means is the peer's: a
            profile says it by `default_alphabet`."""),
        "## SMPP 3.4", "", *_coding_rows(data_codings.DATA_CODINGS.values()),
        "## Vendor", "", *_prose(INSTEAD), *_coding_rows(vendor.DATA_CODINGS.values()),
        "## Coding groups of GSM 03.38", "", *_table(("data_coding", "meaning"), _group_runs()),
    ]


PAGES: dict[str, Callable[[], list[str]]] = {
    "pdus.md": pdus,
    "tlvs.md": tlv_page,
    "statuses.md": status_page,
    "findings.md": finding_page,
    "gsm-errors.md": gsm_error_page,
    "values.md": value_page,
    "data-codings.md": data_coding_page,
}


def pages(note: str) -> dict[str, str]:
    """The text of every page by its file name; note: the comment at its top that says where it comes from."""
    return {name: "\n".join([f"<!-- {note} -->", "", *write()]).rstrip("\n") + "\n" for name, write in PAGES.items()}
