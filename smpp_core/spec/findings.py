"""Layer 0 of 9: the kinds of deviation that a decoder reports, and the type of one report."""

from typing import Any, NamedTuple

from .rows import SMPP34, VENDOR, FindingRow


class Finding(NamedTuple):
    """One deviation of a PDU from the tables.

    severity: "error" (something cannot be located), "warning" (outside the table's length or value) or "note".
    code: a row of FINDINGS. field: the field or TLV at fault, "" for the PDU. offset: octets from the start of the PDU.
    section: where the rule stands. message: one sentence.
    """

    severity: str
    code: str
    field: str
    offset: int
    section: str
    message: str

    def __str__(self) -> str:
        where = f"{self.field} at {self.offset}" if self.field else f"octet {self.offset}"
        return f"{self.severity} {self.code}, {where}: {self.message} ({self.section})"


_ROWS = (
    # structural: pdu.findings
    FindingRow("length-mismatch", "error", "pdu", "ESME_RINVCMDLEN", f"{SMPP34} 5.1.1", "command_length says {said}, the frame has {have} octets", "The frame's octets and its command_length differ."),
    FindingRow("truncated", "error", "pdu", "", f"{SMPP34} 3.2.2", "the PDU ends before {field}", "The body ends before a mandatory field."),
    FindingRow("missing-nul", "error", "pdu", "", f"{SMPP34} 3.1", "{field} has no NUL before the end of the PDU", "A C-octet string runs into the end of the PDU."),
    FindingRow("length-overrun", "error", "pdu", "ESME_RINVMSGLEN", f"{SMPP34} 5.2.21", "sm_length says {said}, {have} octets are left", "The length of an octet string reaches past the end of the PDU."),
    FindingRow("impossible-count", "error", "pdu", "", f"{SMPP34} 4.5.1", "{field} counts {said}, the octets hold {have}", "A count is larger than what the octets can hold."),
    FindingRow("bad-dest-flag", "error", "pdu", "ESME_RINVDESTFLAG", f"{SMPP34} 5.2.25", "dest_flag {said} is neither 1 (SME address) nor 2 (distribution list)", "An entry of dest_addresses has an unknown kind, so its length is unknown."),
    FindingRow("tlv-overrun", "error", "pdu", "ESME_RINVOPTPARSTREAM", f"{SMPP34} 3.2.4.1", "{field} says {said} octets, {have} are left", "The length of a TLV reaches past the end of the PDU; its value is what is there."),
    FindingRow("trailing-octets", "error", "pdu", "ESME_RINVCMDLEN", f"{SMPP34} 3.2.4", "octets behind the last field are no TLV: {have}", "One to three octets are left where a TLV header would stand."),
    FindingRow("string-too-long", "warning", "pdu", "", f"{SMPP34} 3.1", "{field} takes {have} octets with its NUL, the limit is {limit}", "A C-octet string is longer than its table row allows."),
    FindingRow("octets-too-long", "warning", "pdu", "ESME_RINVMSGLEN", f"{SMPP34} 5.2.21", "{field} has {have} octets, the limit is {limit}", "An octet string is longer than its table row allows."),
    FindingRow("bad-time", "warning", "pdu", "", f"{SMPP34} 7.1.1", "{field} is no time of 16 characters YYMMDDhhmmsstnnp", "A time field is neither empty nor in the specification's form."),
    FindingRow("tlv-length", "warning", "pdu", "ESME_RINVPARLEN", f"{SMPP34} 5.3.2", "{field} has {have} octets, the table says {limit}", "A TLV's length is outside its table row; integers are read at the length they have."),
    FindingRow("network-error-ascii", "warning", "pdu", "", f"{SMPP34} 5.3.2.31", "network_error_code reads as the text {text!r}, or as network type {kind} and error {error}", "network_error_code holds three digits instead of a type and a number."),
    FindingRow("missing-count", "warning", "pdu", "", f"{SMPP34} 4.5.2", "the PDU ends before {field}; read as 0", "A response to submit_multi lacks its count of failures."),
    FindingRow("missing-body", "note", "pdu", "", f"{SMPP34} 4.4.2", "a response with command_status 0 has no body", "The body may be absent only from a failed response."),
    FindingRow("body-is-tlvs", "note", "pdu", "", f"{SMPP34} 4.4.2", "the body holds no {field}, but reads as TLVs to its last octet", "A response begins with TLVs where its first string should stand."),
    FindingRow("sequence-out-of-range", "note", "pdu", "", f"{SMPP34} 5.1.4", "sequence_number 0x{said:08X} is above 0x7FFFFFFF", "Sequence numbers run from 1 to 0x7FFFFFFF."),
    FindingRow("sequence-zero", "note", "pdu", "", f"{SMPP34} 5.1.4", "a request has sequence_number 0", "Sequence numbers run from 1 to 0x7FFFFFFF."),
    FindingRow("unknown-command", "note", "pdu", "ESME_RINVCMDID", f"{SMPP34} 5.1.2.1", "command_id 0x{said:08X} is no command of the tables", "The command is not in the tables; its octets are kept."),
    FindingRow("unknown-value", "note", "pdu", "", f"{SMPP34} 5.2", "{field} is {said}, a reserved value", "An integer has a value that its table reserves or does not name."),
    FindingRow("not-ascii", "note", "pdu", "", f"{SMPP34} 3.1", "{field} has octets above 0x7F, read as Latin-1", "C-octet strings are ASCII; each octet is kept as one Latin-1 character."),
    FindingRow("tlv-no-nul", "note", "pdu", "", f"{SMPP34} 3.2.4", "{field} has no NUL at its end; all its octets are read", "A C-octet string in a TLV lacks its NUL."),
    FindingRow("tlv-repeated", "note", "pdu", "", f"{SMPP34} 3.2.4", "{field} stands more than once; the first counts", "A TLV that may stand once is repeated; all are kept in order."),
    FindingRow("two-texts", "note", "pdu", "", f"{SMPP34} 5.3.2.32", "short_message and message_payload are both present; short_message counts", "Only one of the two may carry the text."),
    FindingRow("vendor-tlv-form", "note", "pdu", "", f"{VENDOR} 3.2", "{field} with {have} octets does not fit its row; its value is its octets", "Another provider uses the tag for something else, or the form differs."),
    # text, user data header, receipt: smpp_core.explain
    FindingRow("odd-ucs2", "warning", "text", "", f"{SMPP34} 5.2.19", "UCS-2 text of {have} octets: the last octet is no character", "The last octet stands alone."),
    FindingRow("lone-surrogate", "warning", "text", "", f"{SMPP34} 5.2.19", "a surrogate without its partner at octet {at} of the text", "UTF-16 surrogates come in pairs."),
    FindingRow("byte-order-mark", "note", "text", "", f"{SMPP34} 5.2.19", "the text begins with a byte order mark; it is kept in the octets and left out of the text", "The vendor's document prints texts like this."),
    FindingRow("dangling-escape", "warning", "text", "", "3GPP TS 23.038 6.2.1", "the text ends in an escape without its character", "The last octet is 0x1B."),
    FindingRow("unknown-escape", "note", "text", "", "3GPP TS 23.038 6.2.1.1", "escape with 0x{said:02X} is in no table; shown as the basic character", "The extension table has no such entry."),
    FindingRow("not-gsm", "warning", "text", "", "3GPP TS 23.038 6.2.1", "octet 0x{said:02X} at {at} is outside the 7-bit alphabet", "Bit 7 is set in text that data_coding calls GSM 7-bit."),
    FindingRow("not-ascii-text", "warning", "text", "", f"{SMPP34} 5.2.19", "octet 0x{said:02X} at {at} is outside ASCII; read as Latin-1", "Bit 7 is set in text that data_coding calls ASCII."),
    FindingRow("undecodable", "warning", "text", "", f"{SMPP34} 5.2.19", "octets that {alphabet} cannot read at {at}", "The octets are not valid in the alphabet that data_coding names."),
    FindingRow("unknown-data-coding", "note", "text", "", f"{SMPP34} 5.2.19", "data_coding {said} is reserved; the text is left as octets", "Neither the profile nor the GSM 03.38 groups know the value."),
    FindingRow("compressed", "note", "text", "", "3GPP TS 23.042", "the text is compressed and left as octets", "The compression bit of data_coding is set."),
    FindingRow("udh-overrun", "warning", "text", "", "3GPP TS 23.040 9.2.3.24", "the user data header says {said} octets, {have} are left; read as text", "UDHI is set and the header's length reaches past the text."),
    FindingRow("udh-element-overrun", "warning", "text", "", "3GPP TS 23.040 9.2.3.24", "information element 0x{said:02X} reaches past the header", "An element's length reaches past the header's end."),
    FindingRow("udh-element-length", "note", "text", "", "3GPP TS 23.040 9.2.3.24", "{field} has {have} octets, the table says {limit}", "An element's length differs from its table row."),
    FindingRow("udh-part", "note", "text", "", "3GPP TS 23.040 9.2.3.24.1", "part {said} of {limit} is impossible", "Segment numbers run from 1 to the count, and the count is not 0."),
    FindingRow("state-repaired", "note", "receipt", "", "SMPP 3.4 Appendix B", "stat {text!r} is one letter from {state}", "The state word is misspelled by one letter."),
    FindingRow("receipt-disagrees", "note", "receipt", "", f"{SMPP34} 5.3.2.35", "{field}: the text says {text!r}, the TLV {tlv!r}", "Text and TLVs of one receipt say different things; both are kept."),
    FindingRow("receipt-unkeyed", "note", "receipt", "", "SMPP 3.4 Appendix B", "flagged as a receipt, but the text has no key of one", "esm_class says receipt, the text is of another form."),
)

# A hostile PDU of 70,000 octets could earn one finding for every four of them; what comes after these says nothing new.
MAX_FINDINGS = 256

FINDINGS: dict[str, FindingRow] = {row.code: row for row in _ROWS}


def finding(code: str, field: str, offset: int, section: str = "", **facts: Any) -> Finding:
    """Make one Finding from its row; section narrows the row's own, facts fill the row's sentence."""
    row = FINDINGS[code]
    return Finding(row.severity, code, field, offset, section or row.section, row.message.format(field=field, **facts))
