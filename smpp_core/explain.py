"""Layer 4 of 9: all that is odd about one PDU: its structure, its text and user data header, and the receipt that it carries."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from .pdu import Pdu
from .receipt import parse_receipt
from .spec.findings import Finding
from .text import decode_text

__all__ = ["explain"]

_offset = attrgetter("offset")


def explain(pdu: Pdu) -> tuple[Finding, ...]:
    """Find every deviation of a PDU.

    pdu: decoded, strictly or not; its profile says what alphabets mean and whether unflagged texts are receipts.
    Returns the findings of the structure (`pdu.findings`), then those of the text with its user data header, then those of the receipt;
    within each by offset, which always counts from the start of the PDU. Raises nothing for what a PDU holds.
    """
    receipt = parse_receipt(pdu)
    return (*_in_order(pdu.findings), *_in_order(decode_text(pdu).findings), *_in_order(() if receipt is None else receipt.findings))


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=_offset)
