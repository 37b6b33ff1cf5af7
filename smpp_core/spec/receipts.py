"""Layer 0 of 9: what delivery-receipt texts are made of: keys and their spellings, state words, widths of dates, forms that are written."""

from typing import NamedTuple

from .rows import SMPP34, VENDOR

APPENDIX_B = f"{SMPP34} Appendix B"


class ReceiptKey(NamedTuple):
    """One known key. spellings: in lower case, as they stand before the colon. one_word: the value ends at the first white space."""

    field: str
    spellings: tuple[str, ...]
    one_word: bool
    doc: str


class StateWord(NamedTuple):
    """One word that `stat` may hold. state: name of a MessageState. written: what we write for the state."""

    word: str
    state: str
    written: bool = False


class DateWidth(NamedTuple):
    """One width of a date. year: its digits (two mean 20YY). seconds: whether two digits of seconds end it."""

    digits: int
    year: int
    seconds: bool


class ContextKey(NamedTuple):
    """One Number Context key behind `err`. always: written in a failed lookup too, though empty."""

    key: str
    always: bool
    doc: str


class ReceiptForm(NamedTuple):
    """One form of text that is written: (field, spelling) in order. context: the Number Context keys follow."""

    name: str
    keys: tuple[tuple[str, str], ...]
    context: bool
    section: str


KEYS = (
    ReceiptKey("id", ("id",), True, "The message's name at the SMSC."),
    ReceiptKey("sub", ("sub",), True, "Messages submitted."),
    ReceiptKey("dlvrd", ("dlvrd", "dlvr"), True, "Messages delivered; the vendor writes dlvr."),
    ReceiptKey("submit_date", ("submit date", "submitdate", "submit_date"), False, "When the message was submitted."),
    ReceiptKey("done_date", ("done date", "donedate", "done_date"), False, "When the message came to its final state."),
    ReceiptKey("stat", ("stat",), False, "The state, a word."),
    ReceiptKey("err", ("err",), True, "The network's or the SMSC's error code."),
    ReceiptKey("text", ("text",), False, "The beginning of the message's text: everything behind the first text:."),
)

# ACKED: taken by the network (mBlox). BUFFERD: read by Kannel. DEIIVRD and such are one letter off and are repaired with a finding.
STATE_WORDS = (
    StateWord("DELIVRD", "DELIVERED", True),
    StateWord("DELIVERED", "DELIVERED"),
    StateWord("EXPIRED", "EXPIRED", True),
    StateWord("DELETED", "DELETED", True),
    StateWord("UNDELIV", "UNDELIVERABLE", True),
    StateWord("UNDELIVERABLE", "UNDELIVERABLE"),
    StateWord("FAILED", "UNDELIVERABLE"),
    StateWord("ACCEPTD", "ACCEPTED", True),
    StateWord("ACCEPTED", "ACCEPTED"),
    StateWord("ACKED", "ACCEPTED"),
    StateWord("REJECTD", "REJECTED", True),
    StateWord("REJECTED", "REJECTED"),
    StateWord("UNKNOWN", "UNKNOWN", True),
    StateWord("DELIVERY UNKNOWN", "UNKNOWN"),
    StateWord("ENROUTE", "ENROUTE", True),
    StateWord("BUFFRED", "ENROUTE"),
    StateWord("BUFFERD", "ENROUTE"),
    StateWord("BUFFERED", "ENROUTE"),
    StateWord("SCHEDLD", "SCHEDULED", True),
    StateWord("SCHEDULED", "SCHEDULED"),
    StateWord("SKIPPED", "SKIPPED", True),
)

REPAIR_FROM = 5  # letters that a word needs before one wrong letter is overlooked

DATE_WIDTHS = (
    DateWidth(10, 2, False),
    DateWidth(12, 2, True),
    DateWidth(14, 4, True),
)

CONTEXT_KEYS = (
    ContextKey("IMSI", True, "The subscriber's identity."),
    ContextKey("MSC", True, "The serving MSC."),
    ContextKey("HLR", False, "The serving HLR."),
    ContextKey("ORN", False, "Name of the original network."),
    ContextKey("PON", False, "Name of the network ported to."),
    ContextKey("RON", False, "Name of the network roamed in."),
    ContextKey("ROC", False, "Country code roamed in."),
    ContextKey("MCCMNC", True, "Country and network code."),
)

_VENDOR_KEYS = (
    ("id", "id"), ("sub", "sub"), ("dlvrd", "dlvr"), ("submit_date", "submit date"), ("done_date", "done date"), ("stat", "stat"),
    ("err", "err"),
)

FORMS = {
    form.name: form
    for form in (
        ReceiptForm("standard", tuple((key.field, key.spellings[0]) for key in KEYS), False, APPENDIX_B),
        ReceiptForm("vendor", _VENDOR_KEYS, False, f"{VENDOR} 3.1"),
        ReceiptForm("context", _VENDOR_KEYS, True, f"{VENDOR} 3.2"),
    )
}
