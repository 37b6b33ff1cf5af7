"""Layer 0 of 9: data_coding, as the SMPP table and as the coding groups of GSM 03.38."""

from enum import IntEnum
from typing import NamedTuple

from .rows import SMPP34
from .rows import DataCoding as Row

GSM_GROUPS = "3GPP TS 23.038 4"


class DataCoding(IntEnum):
    """data_coding of the standard."""

    DEFAULT = 0
    IA5 = 1
    OCTETS = 2
    LATIN1 = 3
    BINARY = 4
    JIS = 5
    CYRILLIC = 6
    HEBREW = 7
    UCS2 = 8
    PICTOGRAM = 9
    ISO_2022_JP = 10
    EXTENDED_KANJI = 13
    KS_C_5601 = 14


def _row(value: DataCoding, alphabet: str, meaning: str) -> Row:
    return Row(int(value), value.name, alphabet, meaning, f"{SMPP34} 5.2.19")


_D = DataCoding

# The specification names character sets, not encodings; the Japanese and Korean codecs are those that gateways use for them.
_ROWS = (
    _row(_D.DEFAULT, "gsm7", "SMSC default alphabet"),
    _row(_D.IA5, "ascii", "IA5 (CCITT T.50), ASCII"),
    _row(_D.OCTETS, "binary", "octets (8-bit binary)"),
    _row(_D.LATIN1, "latin1", "Latin-1 (ISO 8859-1)"),
    _row(_D.BINARY, "binary", "octets (8-bit binary)"),
    _row(_D.JIS, "shift_jis", "JIS (X 0208-1990)"),
    _row(_D.CYRILLIC, "iso8859_5", "Cyrillic (ISO 8859-5)"),
    _row(_D.HEBREW, "iso8859_8", "Latin and Hebrew (ISO 8859-8)"),
    _row(_D.UCS2, "ucs2", "UCS-2 (ISO/IEC 10646)"),
    _row(_D.PICTOGRAM, "shift_jis", "pictograms"),
    _row(_D.ISO_2022_JP, "iso2022_jp", "ISO-2022-JP (music codes)"),
    _row(_D.EXTENDED_KANJI, "euc_jp", "extended Kanji JIS (X 0212-1990)"),
    _row(_D.KS_C_5601, "euc_kr", "KS C 5601"),
)

DATA_CODINGS: dict[int, Row] = {row.value: row for row in _ROWS}


class GsmGroup(NamedTuple):
    """One octet read as the data coding scheme of 3GPP TS 23.038 §4.

    alphabet: "gsm7" | "binary" | "ucs2" | "reserved". message_class: 0..3, None if the octet gives no class; flash: it is class 0
    (shown at once, not stored). auto_delete: the message is marked for deletion once read. indication: "" | "voicemail" | "fax"
    | "email" | "other", with indication_active (switched on or off) and store (the text is to be kept), both None where indication is "".
    """

    alphabet: str
    message_class: int | None = None
    flash: bool = False
    compressed: bool = False
    auto_delete: bool = False
    indication: str = ""
    indication_active: bool | None = None
    store: bool | None = None


_ALPHABETS = ("gsm7", "binary", "ucs2", "reserved")
_INDICATIONS = ("voicemail", "fax", "email", "other")


def _read_group(value: int) -> GsmGroup:
    group = value >> 4
    message_class = value & 0x03
    if group < 0x8:  # 00xx general, 01xx the same with automatic deletion
        has_class = bool(value & 0x10)
        return GsmGroup(
            _ALPHABETS[value >> 2 & 0x03], message_class if has_class else None, has_class and message_class == 0,
            compressed=bool(value & 0x20), auto_delete=bool(value & 0x40),
        )
    if group < 0xC:
        return GsmGroup("reserved")
    if group < 0xF:  # message waiting: 1100 discard, 1101 store, 1110 store with UCS-2
        return GsmGroup(
            "ucs2" if group == 0xE else "gsm7", indication=_INDICATIONS[value & 0x03], indication_active=bool(value & 0x08),
            store=group != 0xC,
        )
    return GsmGroup("binary" if value & 0x04 else "gsm7", message_class, message_class == 0)


GSM_GROUP_TABLE: tuple[GsmGroup, ...] = tuple(_read_group(value) for value in range(256))


def gsm_group(value: int) -> GsmGroup:
    """Read one octet (0..255; ValueError otherwise) as 3GPP TS 23.038 §4 does.

    SMPP gives 1..14 other meanings, so look into DATA_CODINGS or a profile first. Reserved bits inside a group are ignored.
    """
    if not 0 <= value <= 255:
        raise ValueError(f"data_coding {value} is no octet")
    return GSM_GROUP_TABLE[value]


_ALPHABET_WORDS = {"gsm7": "GSM 7-bit", "binary": "8-bit data", "ucs2": "UCS-2", "reserved": "reserved coding"}


def describe_group(value: int) -> str:
    """Say in words what the octet means by 3GPP TS 23.038 §4, as "GSM 7-bit, class 0 (flash)"; "" for no octet."""
    if not 0 <= value <= 255:
        return ""
    group = GSM_GROUP_TABLE[value]
    words = [_ALPHABET_WORDS[group.alphabet]]
    if group.compressed:
        words.append("compressed")
    if group.message_class is not None:
        words.append("class 0 (flash)" if group.flash else f"class {group.message_class}")
    if group.indication:
        words.append(f"{group.indication} waiting {'on' if group.indication_active else 'off'}, {'store' if group.store else 'discard'}")
    if group.auto_delete:
        words.append("delete when read")
    return ", ".join(words)
