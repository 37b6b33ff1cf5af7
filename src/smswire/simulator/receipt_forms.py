"""Layer 8 of 9: the forms of receipts that are seen in the field, by the letters of the corpus: texts to be filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from smpp_core.spec.receipts import STATE_WORDS

__all__ = ["FORMS", "LETTERS", "Form"]

WORDS: dict[str, str] = {row.state: row.word for row in STATE_WORDS if row.written}


class Form(NamedTuple):
    """One form. template: with {id} {hex} {dlvrd} {one} {submit} {done} {stat} {err} {text} {network} {mccmnc}, see receipts.py; "" where
    the core's format_receipt writes it, by the name `core`. words: of the states, where they differ. digits: of the dates. err: how the
    code is written. esm_class: of the PDU. payload: too long for a short_message.
    """

    letter: str
    doc: str
    template: str = ""
    core: str = ""
    digits: int = 10
    words: Mapping[str, str] = WORDS
    err: str = "03d"
    esm_class: int = 0x04
    payload: bool = False


_DATES = "submit date:{submit} done date:{done}"
_HEAD = "id:{id} sub:001 dlvrd:{dlvrd} " + _DATES
_FULL = _HEAD + " stat:{stat} err:{err} text:{text}"
_VENDOR = "id:{id} sub:001 dlvr:{dlvrd} " + _DATES + " stat:{stat} err:{err}"
_LONG_NAME = "Hrvatski Telekom dionicko drustvo Zagreb"

_LONG = {"DELIVERED": "DELIVERED", "UNDELIVERABLE": "UNDELIVERABLE", "ACCEPTED": "ACCEPTED", "REJECTED": "REJECTED"}
_OTHER = {"DELIVERED": "DELIVERED", "UNDELIVERABLE": "FAILED", "ACCEPTED": "ACKED", "ENROUTE": "BUFFRED"}
_WRONG = {
    "DELIVERED": "DEIIVRD", "UNDELIVERABLE": "UNDELV", "ACCEPTED": "accptd", "REJECTED": "REJECTTD", "EXPIRED": "EXPIRD",
    "DELETED": "DELETEED", "UNKNOWN": "UNKNWN", "ENROUTE": "ENROUT",
}
_FOREIGN = dict.fromkeys(WORDS, "DND_REJECTED") | {"DELIVERED": "0"}

_ROWS = (
    Form("A", "canonical: ten digits and `text:`", core="standard"),
    Form("B", "the vendor's document: `dlvr:`, no text", core="vendor"),
    Form("C", "err of four digits", _VENDOR, err="04d"),
    Form("D", "Number Context keys on the same line", _VENDOR + " IMSI: MSC: HLR: ORN:{network} PON: RON: ROC: MCCMNC:{mccmnc}"),
    Form("E", "long words, as `stat:REJECTED`", _HEAD + " stat:{stat} err:{err} text:", digits=12, words=WORDS | _LONG),
    Form("F", "`stat:DELIVERY UNKNOWN`", _VENDOR, words=WORDS | {"UNKNOWN": "DELIVERY UNKNOWN"}),
    Form("G", "no sub, no dlvrd, no text", "id:{id} " + _DATES + " stat:{stat} err:{err}"),
    Form("H", "dates of 12 digits", _FULL, digits=12),
    Form("I", "dates of 14 digits", "id:{id} " + _DATES + " stat:{stat} err:{err}", digits=14),
    Form("J", "err with letters: hexadecimal", _FULL, err="03x"),
    Form("K", "`Text:`, dates of 12 digits, counts of zero",
         "id:{id} sub:000 dlvrd:000 " + _DATES + " stat:{stat} err:{err} Text:{text}", digits=12),
    Form("L", "keys in another order",
         "sub:001 id:{id} dlvrd:{dlvrd} done date:{done} stat:{stat} submit date:{submit} err:{err} Text:{text}"),
    Form("M", "err empty", "id:{id} sub:001 dlvr:{dlvrd} " + _DATES + " stat:{stat} err:"),
    Form("O", "blank dates", "id:{id} sub:001 dlvr:{dlvrd} submit date: done date: stat:{stat} err:{err}"),
    Form("P", "Number Context of a number that was found, behind a new line",
         _VENDOR + "\nIMSI:{mccmnc}1009358501 MSC:38591016 HLR:38591017 ORN:{network} PON:{network} RON:{network} ROC:HR MCCMNC:{mccmnc}"),
    Form("Q", "Number Context of a failed lookup, empty values", _VENDOR + "\nIMSI: MSC: ORN:{network} MCCMNC:"),
    Form("R", "a prefix before the first key", "XMS=" + _FULL),
    Form("S", "dates of zeros", "id:{id} sub:001 dlvrd:{dlvrd} submit date:0000000000 done date:0000000000 stat:{stat} err:{err} text:"),
    Form("T", "the text holds keys and line ends", _HEAD + " stat:{stat} err:{err} text:stat:ok\nid:9 {text}"),
    Form("U", "esm_class without the receipt bits", _FULL, esm_class=0x00),
    Form("V", "esm_class with the reply path bit", _FULL, esm_class=0x84),
    Form("W", "few keys: id, stat, err, text", "id:{id} stat:{stat} err:{err} text:{text}"),
    Form("X", "other state words: FAILED, ACKED, BUFFRED", _FULL, words=WORDS | _OTHER),
    Form("Y", "states misspelled by one letter", _FULL, words=WORDS | _WRONG),
    Form("Z", "states outside every table", _FULL, words=_FOREIGN),
    Form("AA", "line ends between keys",
         "id:{id}\r\nsub:001\ndlvrd:{dlvrd}\tsubmit date:{submit}\r\ndone date:{done}\r\nstat:{stat}\r\nerr:{err}\r\ntext:{text}\r\n"),
    Form("AB", "`submitdate:`, `donedate:`",
         "id:{id} sub:001 dlvrd:{dlvrd} submitdate:{submit} donedate:{done} stat:{stat} err:{err} text:", digits=12),
    Form("AC", "keys in upper case",
         "ID:{id} SUB:001 DLVRD:{dlvrd} SUBMIT DATE:{submit} DONE DATE:{done} STAT:{stat} ERR:{err} TEXT:", digits=12),
    Form("AD", "counts of one digit", "id:{id} sub:0 dlvrd:{one} " + _DATES + " stat:{stat} err:{err} Text:{text}"),
    Form("AE", "the id in hexadecimal behind `0x`", "id:0x{hex} sub:001 dlvrd:{dlvrd} stat:{stat} err:{err} text:"),
    Form("AF", "dates with signs", _FULL, digits=19),
    Form("AG", "a NUL at the end", _FULL + "\0"),
    Form("AH", "keys of other gateways", "id:{id} mccmnc:{mccmnc} dlvrd:{one} vendorRef:xyz stat:{stat} err:{err} price:0.02"),
    Form("AI", "words without a key behind err", _HEAD + " stat:{stat} err:{err} the blue door"),
    Form("AJ", "a key twice", "id:{id} stat:{stat} id:28d2e377 sub:001 dlvrd:{dlvrd} " + _DATES + " err:{err} text:{text}"),
    Form("AK", "a blank behind the colons",
         "id: {id} sub: 001 dlvrd: {dlvrd} submit date: {submit} done date: {done} stat: {stat} err: {err} text:"),
    Form("AL", "no key at all", "ACK/"),
    Form("AM", "over 254 octets, in message_payload",
         f"{_VENDOR}\nIMSI:219019900000003 MSC:385980002 HLR:385980003 ORN:{_LONG_NAME} PON:{_LONG_NAME} RON:{_LONG_NAME} ROC:HR "
         "MCCMNC:{mccmnc}", payload=True),
)

FORMS: dict[str, Form] = {row.letter: row for row in _ROWS}
LETTERS: tuple[str, ...] = tuple(FORMS)
