"""Layer 0 of 9: the shapes of the table rows; every fact of the protocol is one row of one of these."""

from typing import NamedTuple

SMPP34 = "SMPP 3.4"
SMPP50 = "SMPP 5.0"
VENDOR = "vendor 2014"


class Field(NamedTuple):
    """One mandatory field of a command, in wire order.

    kind: "u8" | "u32" | "cstring" (C-octet string) | "octets" (length stands in the u8 field right before it)
    | "dests" (submit_multi's dest_addresses) | "unsuccess" (submit_multi_resp's unsuccess_smes).
    max: octets on the wire: of a cstring with its NUL, of octets without the length octet, of a group its count.
    values: name of the table in `values.VALUES` that names its integers.
    form: "time" for SMPP times; "reported-time" where an SMSC may leave the last four characters out (SMPP 3.4 7.1.1).
    counts: on the u8 in front of octets or a group, the name of the field it measures; it cannot be set.
    status: command_status that answers a fault of this field. default: what an integer is built with if it is not given.
    """

    name: str
    kind: str
    section: str
    max: int = 0
    values: str = ""
    form: str = ""
    counts: str = ""
    status: str = "ESME_RSYSERR"
    doc: str = ""
    default: int = 0


class Command(NamedTuple):
    """One command: its id, layout, and who may send it in which session state.

    body: "required", "when_ok" (a response that must have its body if command_status is 0), "optional" (may be absent).
    sender: "esme" | "smsc" | "both". states: session states in which it may be sent: "OPEN", "OUTBOUND", "BOUND_TX",
    "BOUND_RX", "BOUND_TRX". tlvs: names of the TLVs that its section lists. response: name of the response command, "" if none.
    """

    name: str
    id: int
    section: str
    fields: tuple[Field, ...] = ()
    body: str = "required"
    response: str = ""
    sender: str = "both"
    states: tuple[str, ...] = ("BOUND_TX", "BOUND_RX", "BOUND_TRX")
    tlvs: tuple[str, ...] = ()
    doc: str = ""

    @property
    def class_name(self) -> str:
        """The name of the command's class: submit_sm_resp -> SubmitSmResp."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def is_response(self) -> bool:
        """True if bit 31 of the command_id is set."""
        return self.id >= 0x80000000


class Tlv(NamedTuple):
    """One optional parameter.

    kind: "integer" (big-endian) | "cstring" (text with NUL) | "string" (text, bare octets without NUL) | "octets"
    | "flag" (no octets, or one). min, max: octets of the value on the wire (of a cstring with its NUL).
    """

    tag: int
    name: str
    kind: str
    min: int
    max: int
    section: str
    values: str = ""
    doc: str = ""

    @property
    def is_vendor(self) -> bool:
        """True if a provider defined the TLV: another one may use its tag for something else."""
        return self.section.startswith("vendor")


class Status(NamedTuple):
    """One command_status. retry: "never" | "later" (the same PDU may pass after a pause) | "rebind" (on a new session) | "unknown"."""

    value: int
    name: str
    meaning: str
    retry: str
    section: str


class Value(NamedTuple):
    """One named value of an integer field."""

    value: int
    name: str
    meaning: str
    section: str


class GsmError(NamedTuple):
    """One GSM error code of the vendor's table 15. permanent: trying again later cannot help."""

    value: int
    name: str
    meaning: str
    permanent: bool
    section: str


class DataCoding(NamedTuple):
    """What one data_coding means to a peer. alphabet: "gsm7" | "latin1" | "ascii" | "binary" | "ucs2" | a Python codec name."""

    value: int
    name: str
    alphabet: str
    meaning: str
    section: str


class FindingRow(NamedTuple):
    """One kind of deviation.

    severity: "error" | "warning" | "note". message: a template. status: what answers it, "" where the field decides.
    """

    code: str
    severity: str
    layer: str
    status: str
    section: str
    message: str
    doc: str


class Element(NamedTuple):
    """One information element of the user data header (3GPP TS 23.040 §9.2.3.24). length: octets of its data, None if it varies."""

    id: int
    name: str
    length: int | None
    section: str
    doc: str
