"""Layer 5 of 9: another spelling of a text that the GSM 7-bit alphabet holds: proposed, never applied by itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from smpp_core import gsm7

__all__ = ["REPLACEMENTS", "Proposal", "propose", "replacement"]


class Proposal(Struct):
    """A spelling of a text in the GSM 7-bit alphabet.

    text: all of it. changes: (index in the former text, what stands there, what is proposed for it). segments: how many it takes; saved:
    how many less than the former text; both 0 until a split fills them in.
    """

    text: str
    changes: tuple[tuple[int, str, str], ...]
    segments: int = 0
    saved: int = 0


def _rows() -> Iterator[tuple[str, str]]:
    """What no decomposition of Unicode gives: characters, and what stands for each of them."""
    # Quotes, primes, accents that stand alone.
    yield "\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\u02b9\u02bb\u02bc\u02bd\u02c8\u00b4`", "'"
    yield "\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u02ba\u301d\u301e\u301f", '"'
    # Dashes and hyphens.
    yield "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63", "-"
    # Blanks; what has no width is left out.
    yield "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
    yield "\u00ad\u200b\u2060\ufeff\u200e\u200f", ""
    yield "\x0b\x85\u2028\u2029", "\n"
    # Points and marks.
    yield "\u2026", "..."
    yield "\u2022\u2023\u25cf\u25aa", "*"
    yield "\u00b7\u2027\u2219\u22c5", "."
    yield "\u2044\u2215", "/"
    yield "\u00d7\u2715\u2716", "x"
    yield "\u00a6\u2223", "|"
    yield "\u2217", "*"
    yield "\u223c\u02dc\u2248", "~"
    yield "\u02c6", "^"
    yield "\u2264", "<="
    yield "\u2265", ">="
    yield "\u2260", "!="
    yield "\u2192", "->"
    yield "\u2190", "<-"
    yield "\u21d2", "=>"
    yield "\u00b1", "+/-"
    yield "\u00a9", "(c)"
    yield "\u00ae", "(R)"
    yield "\u2122", "(TM)"
    yield "\u2116", "No."
    yield "\u20a4", "\u00a3"
    yield "\u00b5", "u"
    yield "\u00b9", "^1"
    yield "\u00b2", "^2"
    yield "\u00b3", "^3"
    yield "\u2070", "^0"
    yield "\u2074", "^4"
    yield "\u2075", "^5"
    yield "\u2076", "^6"
    yield "\u2077", "^7"
    yield "\u2078", "^8"
    yield "\u2079", "^9"
    # Latin letters that are no letter with an accent.
    for char, spelling in zip("\u0111\u0110\u0142\u0141\u0127\u0126\u0131\u0167\u0166\u00f0\u00d0\u0138", "dDlLhHitTdDk"):
        yield char, spelling
    yield "\u00fe", "th"
    yield "\u00de", "Th"
    yield "\u0153", "oe"
    yield "\u0152", "OE"
    yield "\u1e9e", "SS"
    yield "\u014b", "ng"
    yield "\u014a", "NG"
    # Greek letters that look Latin as capitals; the ten others are in the alphabet.
    for char, spelling in zip(
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7", "ABEZHIKMNOPTYX", strict=True,
    ):
        yield char, spelling
    # Cyrillic letters that look Latin: in Latin words they are slips of the keyboard, or worse.
    for char, spelling in zip(
        "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0405\u0406\u0408\u0430\u0435\u043e\u0440\u0441\u0445\u0455\u0456\u0458",
        "ABEKMHOPCTXSIJaeopcxsij", strict=True,
    ):
        yield char, spelling


REPLACEMENTS: Final[dict[str, str]] = {char: spelling for chars, spelling in _rows() for char in chars}


def replacement(piece: str) -> str | None:
    """What may stand for a character and the marks that follow it: "" to leave it out, None if there is nothing sensible.

    The accents of a letter are left out if the letter is in the alphabet, compatibility forms (ligatures, wide letters) are opened, small
    Greek letters become capitals, as Greek handsets write them.
    """
    composed = unicodedata.normalize("NFC", piece)
    if gsm7.count(composed) is not None:
        return composed
    found = []
    for char in composed:
        spelled = _spelled(char)
        if spelled is None:
            return None
        found.append(spelled)
    return "".join(found)


def propose(text: str) -> Proposal | None:
    """Spell text in the GSM 7-bit alphabet. None if a character has no sensible spelling, or nothing needs one."""
    out: list[str] = []
    changes: list[tuple[int, str, str]] = []
    for start, piece in _pieces(text):
        if gsm7.count(piece) is not None:
            out.append(piece)
            continue
        spelled = replacement(piece)
        if spelled is None:
            return None
        if "/" in spelled[1:] and spelled[:1].isdigit() and out and out[-1][-1:].isdigit():
            spelled = " " + spelled  # 1½ is not 11/2
        out.append(spelled)
        changes.append((start, piece, spelled))
    return Proposal("".join(out), tuple(changes)) if changes else None


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Each character with the marks that follow it, and its index."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not _is_mark(text[at]):
            yield start, text[start:at]
            start = at


def _is_mark(char: str) -> bool:
    return char > "\u02ff" and unicodedata.category(char) in ("Mn", "Me")


def _spelled(char: str) -> str | None:
    if char in REPLACEMENTS:
        return REPLACEMENTS[char]
    if gsm7.count(char) is not None:
        return char
    if _is_mark(char):
        return ""
    if "\u0370" <= char <= "\u03ff" or "\u1f00" <= char <= "\u1fff":
        upper = char.upper()
        if upper != char:
            found = [_spelled(part) for part in upper]
            return None if None in found else "".join(part or "" for part in found)
    if unicodedata.decomposition(char).startswith("<circle>"):
        return None  # a number in a circle is not that number
    opened = unicodedata.normalize("NFKD", char)
    if opened == char:
        return None
    found = [_spelled(part) for part in opened]
    return None if None in found else "".join(part or "" for part in found)
