"""Layer 8 of 9: flash notifications (system_type NSMS): an ordinary message becomes one that the screen shows at once (vendor 3.3)."""

from __future__ import annotations

from smpp_core import CommandStatus, Pdu, decode_text, gsm7

__all__ = ["FLASH_CODINGS", "to_flash"]

# data_coding -> its flash form (V29). 3 is 240 where GSM holds the text, else 24; whatever is not here has none.
FLASH_CODINGS = {0: 240, 1: 240, 8: 24, 4: 244, 240: 240, 24: 24, 245: 245}
_LATIN1 = 3
_GSM_FLASH = 240
_UCS2_FLASH = 24
_GSM_UNITS = 160
_OCTETS = 140
_UDHI = 0x40
_TOO_LONG = CommandStatus.ESME_RINVMSGLEN


def to_flash(pdu: Pdu) -> Pdu | CommandStatus:
    """The submit_sm as flash notification, or the status that refuses it: RINVMSGLEN for concatenation in any form, or over one segment;
    RINVDCS for a data_coding that has no flash form. The text's octets change only where Latin-1 has to become GSM 7-bit or UCS-2.
    """
    text = decode_text(pdu)
    if pdu.sar_msg_ref_num is not None or pdu.sar_total_segments is not None or text.udh is not None and text.udh.concat is not None:
        return _TOO_LONG
    coding = pdu.data_coding
    octets = text.octets
    head = b"" if text.udh is None else text.udh.octets
    if coding == _LATIN1:
        words = text.text or ""
        if gsm7.unencodable(words):
            coding, octets = _UCS2_FLASH, words.encode("utf-16-be")
        else:
            coding, octets = _GSM_FLASH, gsm7.encode(words)
    elif coding in FLASH_CODINGS:
        coding = FLASH_CODINGS[coding]
    else:
        return CommandStatus.ESME_RINVDCS
    room = _OCTETS - len(head)
    if len(octets) > (room * 8 // 7 if coding == _GSM_FLASH else room):
        return _TOO_LONG
    fields: dict[str, int | bytes] = {"data_coding": coding}
    if octets != text.octets and text.source == "short_message":
        fields["short_message"] = head + octets
    elif octets != text.octets:
        tlvs = [(tlv.tag, head + octets if tlv.tag == 0x0424 else tlv.raw) for tlv in pdu.tlvs]
        return pdu.replace(data_coding=coding, tlvs=tlvs)
    return pdu.replace(**fields)
