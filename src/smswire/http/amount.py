"""Layer 7 of 9: amounts of credits and prices: decimal text to Decimal and back (decisions V36, V38)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from .errors import DocumentError

__all__ = ["format_amount", "parse_amount"]

# Eighteen digits on each side of the point are more than any account has; an exponent could ask for a gigabyte of zeros.
_AMOUNT: Final = re.compile(r"\s*([+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18}))\s*", re.ASCII)
_LONGEST: Final = 100


def parse_amount(text: str) -> Decimal | None:
    """Read an amount in plain notation, with blanks around it. Returns None for what is none: exponents, words, over 18 digits a side."""
    found = _AMOUNT.fullmatch(text) if len(text) <= _LONGEST else None
    return Decimal(found[1]) if found else None


def format_amount(amount: Decimal) -> str:
    """Write an amount in plain notation, with two decimals at least, never as 1E+3 (V38).

    Raises DocumentError (-23) for what is no number and for over 18 digits on a side of the point.
    """
    _, digits, exponent = amount.as_tuple()
    if not isinstance(exponent, int) or not -18 <= exponent <= 18 or (amount and len(digits) + exponent > 18):
        raise DocumentError("an amount is no number, or has over 18 digits on one side of the point", status=-23)
    whole, _, fraction = f"{abs(amount) if not amount else amount:f}".partition(".")
    return f"{whole}.{fraction:0<2}"
