"""Layer 0 of 9: the information elements of the user data header (3GPP TS 23.040 §9.2.3.24), a row for each of the 256 identifiers."""

from .rows import Element

_HEADER = "3GPP TS 23.040 9.2.3.24"
_EMS = f"{_HEADER}.10.1"

CONCAT_8BIT = 0x00
MESSAGE_INDICATION = 0x01
PORTS_8BIT = 0x04
PORTS_16BIT = 0x05
CONCAT_16BIT = 0x08
SINGLE_SHIFT = 0x24
LOCKING_SHIFT = 0x25

_ROWS = (
    Element(CONCAT_8BIT, "concat_8bit", 3, f"{_HEADER}.1", "Part of a concatenated message: reference, how many parts, which part."),
    Element(MESSAGE_INDICATION, "message_indication", 2, f"{_HEADER}.2", "Messages of a kind wait: kind and store bit, count."),
    Element(0x03, "not_used", None, _HEADER, "Never used, so that it is not read as a line feed."),
    Element(PORTS_8BIT, "ports_8bit", 2, f"{_HEADER}.3", "Application ports: destination, source."),
    Element(PORTS_16BIT, "ports_16bit", 4, f"{_HEADER}.4", "Application ports: destination, source."),
    Element(0x06, "smsc_control", 1, f"{_HEADER}.5", "Which status reports the sender wants for each part, as bits."),
    Element(0x07, "udh_source", 1, f"{_HEADER}.6", "Who made the elements behind it: 1 sender, 2 receiver, 3 SMSC."),
    Element(CONCAT_16BIT, "concat_16bit", 4, f"{_HEADER}.8", "Part of a concatenated message: reference, how many parts, which part."),
    Element(0x09, "wcmp", None, f"{_HEADER}.9", "Wireless Control Message Protocol."),
    Element(0x0A, "text_formatting", None, f"{_EMS}.1", "EMS: start, length, style of a run of text; from Release 5 on its colours."),
    Element(0x0B, "predefined_sound", 2, f"{_EMS}.2", "EMS: position, number of the sound."),
    Element(0x0C, "user_sound", None, f"{_EMS}.3", "EMS: position, iMelody data of 128 octets at most."),
    Element(0x0D, "predefined_animation", 2, f"{_EMS}.4", "EMS: position, number of the animation."),
    Element(0x0E, "large_animation", 129, f"{_EMS}.5", "EMS: position, four pictures of 16 x 16 pixels."),
    Element(0x0F, "small_animation", 33, f"{_EMS}.6", "EMS: position, four pictures of 8 x 8 pixels."),
    Element(0x10, "large_picture", 129, f"{_EMS}.7", "EMS: position, a picture of 32 x 32 pixels."),
    Element(0x11, "small_picture", 33, f"{_EMS}.8", "EMS: position, a picture of 16 x 16 pixels."),
    Element(0x12, "variable_picture", None, f"{_EMS}.9", "EMS: position, width in octets, height in pixels, the picture."),
    Element(0x13, "user_prompt", 1, f"{_EMS}.10", "EMS: the number of objects behind it that belong together."),
    Element(0x14, "extended_object", None, f"{_EMS}.13", "EMS: reference, length, control, type, position, data of an object."),
    Element(0x15, "reused_extended_object", 3, _EMS, "EMS: reference of an object sent before, position."),
    Element(0x16, "compression_control", None, _EMS, "EMS: algorithm, length, compressed elements."),
    Element(0x17, "object_distribution", 2, f"{_EMS}.14", "EMS: the number of elements that it is about, whether they may be forwarded."),
    Element(0x18, "wvg_object", None, f"{_EMS}.11", "EMS: position, vector graphics."),
    Element(0x19, "character_wvg_object", None, f"{_EMS}.12", "EMS: position, vector graphics of the size of a character."),
    Element(0x1A, "extended_object_request", 0, _EMS, "EMS: asks which extended objects the receiver knows."),
    Element(0x20, "email_header", 1, f"{_HEADER}.11", "Octets of the RFC 5322 header at the start of the text."),
    Element(0x21, "hyperlink", 4, f"{_HEADER}.12", "Position, title length and URL length of a link in the text."),
    Element(0x22, "reply_address", None, f"{_EMS}.17", "The address that answers go to, in the form of TP-OA."),
    Element(0x23, "voice_mail", None, f"{_HEADER}.13", "Enhanced voice mail: a notification or the confirmation of a deletion."),
    Element(SINGLE_SHIFT, "single_shift", 1, f"{_HEADER}.15", "National language identifier of the single shift table."),
    Element(LOCKING_SHIFT, "locking_shift", 1, f"{_HEADER}.16", "National language identifier of the locking shift table."),
)

# first, last, name, section, meaning
_RANGES = (
    (0x1B, 0x1F, "reserved_ems", _HEADER, "Reserved for future EMS elements."),
    (0x70, 0x7F, "sim_toolkit_security", f"{_HEADER}.7", "(U)SIM toolkit security header."),
    (0x80, 0x9F, "sme_specific", _HEADER, "Agreed between two SMEs."),
    (0xC0, 0xDF, "smsc_specific", _HEADER, "Of one SMSC."),
)

ELEMENTS: dict[int, Element] = {number: Element(number, "reserved", None, _HEADER, "Reserved for future use.") for number in range(256)}
for _first, _last, _name, _section, _doc in _RANGES:
    for _number in range(_first, _last + 1):
        ELEMENTS[_number] = Element(_number, _name, None, _section, _doc)
ELEMENTS.update({row.id: row for row in _ROWS})
