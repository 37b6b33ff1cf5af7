"""Layer 8 of 9: the rows of the table of wire quirks that a server can send, as data: by name, the octets and where they go.

The rows, with those who sent them, are in the design's quirks page; tests/core/test_quirks.py shows how each is read.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from smpp_core import DeliverSm

__all__ = ["NOT_SENT", "QUIRKS", "Quirk"]


class Quirk(Struct, frozen=True, kw_only=True):
    """One row. what: it in words. pdus: octets, in order. instead: the response that the first of them takes the place of; its sequence
    number, and its command_id where it answers a bind, are kept. "": they go before the PDU that was chosen.

    keep: sequence numbers stay as they are; else requests get numbers that no session uses. single: one octet at a time.
    """

    what: str
    pdus: tuple[bytes, ...]
    instead: str = ""
    keep: bool = False
    single: bool = False


_SUBMIT: Final = "submit_sm_resp"
_BIND: Final = "bind_transceiver_resp"
_HEAD: Final = "00000005 00000000 00000001 000101310001013200"  # deliver_sm from 1 to 2, behind command_length and up to esm_class
_PLAIN: Final = "00000025" + _HEAD + "000000000000000000026869"


def _hex(what: str, *pdus: str, instead: str = "", keep: bool = False, single: bool = False) -> Quirk:
    return Quirk(what=what, pdus=tuple(bytes.fromhex(pdu) for pdu in pdus), instead=instead, keep=keep, single=single)


def _deliver(text: str | bytes, esm_class: int = 0x04, data_coding: int = 0, **more: Any) -> bytes:
    return bytes(DeliverSm(
        source_addr_ton=1, source_addr_npi=1, source_addr="1", dest_addr_ton=1, dest_addr_npi=1, destination_addr="2", esm_class=esm_class,
        data_coding=data_coding, short_message=text.encode() if isinstance(text, str) else text, sequence_number=1, **more,
    ))


def _texts(what: str, *texts: str, esm_class: int = 0x04) -> Quirk:
    return Quirk(what=what, pdus=tuple(_deliver(text, esm_class) for text in texts))


_IDS: Final = ("7F", "7f", "127", "0000000127", "0x7F", "3F2504E0-4F89-11D3-9A0C-0305E82C3301")
_STATES: Final = (
    "DELIVRD", "DEIIVRD", "DELIVERED", "UNDELIV", "UNDELIVERABLE", "ACKED", "BUFFRED", "BUFFERD", "ENROUTE", "REJECTD", "FAILED",
)
_DATES: Final = ("2601311200", "260131120059", "20260131120059", "", "0000000000")

QUIRKS: Final[dict[str, Quirk]] = {
    "Q1": _hex("an error response without body", "00000010 80000004 00000014 00000005", instead=_SUBMIT),
    "Q2": _hex("an error response with a message_id", "00000021 80000004 0000000B 00000002 3041303030303030413344333233413100",
               instead=_SUBMIT),
    "Q3": _hex("a good response without body", "00000010 80000004 00000000 00000006", instead=_SUBMIT),
    "Q4": _hex("a message_id without NUL", "00000014 80000004 00000000 00000007 41424344", instead=_SUBMIT),
    "Q5": _hex("a response with a TLV of SMPP 5.0", "00000018 80000004 00000000 00000008 3746000428000100", instead=_SUBMIT),
    "Q6": _hex("an error response of one TLV, without message_id", "00000015 80000004 00000045 00000009 0425000102", instead=_SUBMIT),
    "Q7": _hex("generic_nack with sequence number 0", "00000010 80000000 00000002 00000000", keep=True),
    "Q8": _hex("enquire_link_resp with a body", "00000011 80000015 00000000 0000000C 00", instead="enquire_link_resp"),
    "Q9": _hex("a status of the vendor's", "00000011 80000004 000004A1 0000000B 00", instead=_SUBMIT),
    "Q9b": _hex("a status of another vendor's", "00000010 80000004 00000022 0000000B", instead=_SUBMIT),
    "Q10": _hex("a sequence number above 0x7FFFFFFF", "00000010 00000015 00000000 9F88F124", keep=True),
    "Q11": _hex("sequence number 0 in a request", "00000010 00000015 00000000 00000000", keep=True),
    "Q12": _hex("a failed bind with a system_id", "00000016 80000009 0000000E 00000001 534D53433100", instead=_BIND),
    "Q13": _hex("a good bind response without body", "00000010 80000009 00000000 00000001", instead=_BIND),
    "Q14": _hex("a deliver_sm in one read with the bind response", "00000012 80000009 00000000 00000001 5300", _PLAIN, instead=_BIND),
    "Q14b": _hex("the same, octet by octet", "00000012 80000009 00000000 00000001 5300", _PLAIN, instead=_BIND, single=True),
    "Q15": _hex("an integer TLV of no length", "0000002D" + _HEAD + "04000000000000000000001E0002370004270000"),
    "Q16": _hex("a TLV longer than the PDU", "0000002C" + _HEAD + "04000000000000000000001E00413738393000"),
    "Q17": _hex("a NUL behind short_message", "00000026" + _HEAD + "00000000000000000002686900"),
    "Q18": _hex("three octets behind the last TLV", "0000002D" + _HEAD + "0000000000000000000268690427000102001E00"),
    "Q19": _hex("sm_length beyond the end", "0000002B" + _HEAD + "000000000000000000103132333435363738"),
    "Q20": _hex("message_state of four octets", "00000031" + _HEAD + "04000000000000000000001E000237000427000400000002"),
    "Q21": _hex("receipted_message_id without NUL", "0000002F" + _HEAD + "04000000000000000000001E00033738390427000102"),
    "Q22": _hex("network_error_code in ASCII", "0000002A" + _HEAD + "0400000000000000000004230003303237"),
    "Q23": _hex("a TLV twice, and two texts", "0000002E" + _HEAD + "000000000000000000016104240001620424000163"),
    "Q24": _hex("a receipt in message_payload",
                "0000003E" + _HEAD + "040000000000000000000424001769643A3720737461743A44454C49565244206572723A30"),
    "Q25": _hex("a receipt of TLVs only", "0000002E" + _HEAD + "04000000000000000000001E000237000427000102"),
    "Q26": _hex("a receipt's text without its flag",
                "0000003A" + _HEAD + "0000000000000000001769643A3720737461743A44454C49565244206572723A30"),
    "Q27": _hex("a user data header longer than the text", "00000026" + _HEAD + "40000000000000000003060003"),
    "Q28": _hex("a user data header in message_payload", "0000002F" + _HEAD + "4000000000000000000004240008050003CC02016869"),
    "Q29": _hex("two elements in a user data header", "0000002F" + _HEAD + "4000000000000000000C0A2401010804123402016869"),
    "Q30": _hex("deliver_sm with a validity_period",
                "00000035" + _HEAD + "00000000303030303031303030303030303030520000000000026869"),
    "Q32": _hex("a sender in Latin-1", "00000028 00000005 00000000 00000001 000500436166E90001013200000000000000000000026869"),
    "Q33": _hex("a sender of 25 characters", "0000003D 00000005 00000000 00000001"
                "0005004142434445464748494A4B4C4D4E4F505152535455565758590001013200000000000000000000026869"),
    "Q34": _hex("UCS-2 with a byte order mark", "00000027" + _HEAD + "00000000000000080004FEFF0161"),
    "Q35": _hex("UCS-2 of odd length", "00000026" + _HEAD + "00000000000000080003004100"),
    "Q36": _hex("an escape at the end", "00000026" + _HEAD + "0000000000000000000368691B"),
    "Q37": _hex("TON 7 and NPI 255", "00000025 00000005 00000000 00000001 0007FF310001013200000000000000000000026869"),
    "Q38": _hex("TLVs of the vendor's",
                "0000003E" + _HEAD + "0400000000000000000014180004000000641403000F323139313031313030393335383530"),
    "Q38b": _hex("another vendor's use of a TLV", "00000029" + _HEAD + "04000000000000000000140300020003"),
    "Q39": _hex("command_length 8", "00000008 00000015", keep=True),
    "Q40": _hex("another protocol", "48545450 2F312E31 20343030 20426164", keep=True),
    "Q40b": _hex("four octets lost", "80000009 00000000 00000001 5300", keep=True),
    "Q41": _hex("alert_notification with an octet too many", "00000019 00000102 00000000 00000001 010131000101320000"),
    "Q42": _hex("submit_multi_resp without no_unsuccess", "00000012 80000021 00000000 00000001 3700", instead="submit_multi_resp"),
    "Q44": _hex("a receipt in data_sm, of TLVs only", "00000027 00000103 00000000 00000001 000101310001013200040000001E000237000427000105"),
    "Q45": Quirk(what="a text and a TLV that disagree", pdus=(
        _deliver("id:7 stat:UNDELIV err:001", tlvs=[("receipted_message_id", "7"), ("message_state", 0)]),
    )),
    "Q46": _texts(
        "receipts of the vendor's forms",
        "id:7 sub:001 dlvr:001 submit date:2601311200 done date:2601311201 stat:DELIVRD err:000",
        "id:7 sub:001 dlvr:000 submit date:2601311200 done date:2601311201 stat:REJECTED err:1153",
        "id:7 sub:001 dlvr:000 submit date:2601311200 done date:2601311201 stat:DELIVERY UNKNOWN err:000",
        "id:7 stat:DELIVRD err:000 IMSI:219 MSC:385 HLR: ORN:T-Mobile D", "id:7 stat:DELIVRD err:000\nIMSI:219 MSC:385",
        "id:7 stat:UNDELIV err:001\nIMSI: MSC: ORN:VipNet MCCMNC:", "id:7 stat:DELIVRD",
    ),
    "Q47": _texts("a message in a receipt that looks like one", "id:7 stat:DELIVRD err:000 text:stat:ok id:9",
                  "id:7 stat:DELIVRD err:000 Text:Hello", "id:7 stat:DELIVRD err:000 text:id:1 stat:UNDELIV"),
    "Q48": _texts("dates of every width", *(f"id:7 submit date:{date} done date:2601311201 stat:DELIVRD err:000" for date in _DATES)),
    "Q49": _texts("errors that are no number", *(f"id:7 stat:UNDELIV err:{err} text:x" for err in ("21b", "", "0000", "2050"))),
    "Q50": _texts("states in every spelling", *(f"id:7 stat:{word} err:000" for word in _STATES)),
    "Q51": _texts("ids in every spelling", *(f"id:{name} stat:DELIVRD err:000" for name in _IDS)),
    "Q52": _texts("words before the id", "4790000000SMSAlert^id:7 stat:DELIVRD err:000", "Tele2 id:7 stat:DELIVRD err:000"),
    "Q53": Quirk(what="a notification, then the receipt twice", pdus=(
        _deliver("id:7 stat:ENROUTE err:000", 0x20), _deliver("id:7 stat:DELIVRD err:000"), _deliver("id:7 stat:DELIVRD err:000"),
    )),
    "Q54": Quirk(what="data codings that each peer reads otherwise", pdus=(
        _deliver(b"\0\x11", 0, 0), _deliver(b"\0\x11", 0, 1), _deliver(b"\xe9", 0, 3), _deliver(b"\1a", 0, 8),
        _deliver(bytes.fromhex("E8329BFD06"), 0, 0),
    )),
    "Q55": Quirk(what="data codings of binary and flash messages", pdus=tuple(
        _deliver(b"\0\x11", 0, coding) for coding in (4, 0xF5, 0x10, 0x11, 0x18)
    )),
    "Q56": _hex("garbage for a destination, the text in message_payload",
                "0000002E 00000005 00000000 00000001 0001013100 FFFF 1BFF8000 00000000000000000000 0424000568656C6C6F"),
}

# Rows that a server has no way to send, and why.
NOT_SENT: Final[dict[str, str]] = {
    "Q31": "submit_sm is a client's request",
    "Q43": "deliver_sm_resp is a client's response",
}
