"""The messages of the interop tests, the same for every peer."""

from exchange import SOURCE, Inbound, Message, Script

import smpp_core as smpp

LONG = "".join(f"{number:03}," for number in range(90))  # 360 characters
SEGMENT = 153  # septets of a segment beside its header of six octets
REFERENCE = 77
INBOUND_TO = "1234"


def gsm(text: str) -> bytes:
    """Unpacked septets of the default alphabet."""
    return smpp.gsm7.encode(text)


def _short(number: int) -> Message:
    text = f"Text {number} of 100: {{é}} 5 €"
    return Message(f"gsm-{number}", SOURCE, f"3859100{number:04}", 0, 0, gsm(text), 0, b"", text)


def _segments() -> list[Message]:
    parts = [LONG[at : at + SEGMENT] for at in range(0, len(LONG), SEGMENT)]
    return [
        Message(
            f"long-{number}", SOURCE, "38593000000", 0x40, 0, bytes((5, 0, 3, REFERENCE, len(parts), number)) + gsm(part), 0, b"", part,
        )
        for number, part in enumerate(parts, 1)
    ]


_UCS2 = "Здраво, 😀"

MESSAGES = [
    *(_short(number) for number in range(100)),
    Message("ucs2", SOURCE, "38592000000", 0, 8, _UCS2.encode("utf-16-be"), 0, b"", _UCS2),
    *_segments(),
    Message("campaign", SOURCE, "38594000000", 0, 0, b"With the vendor's TLV", 0x1456, b"spring\0", "With the vendor's TLV"),
    Message("reference", SOURCE, "38595000000", 0, 0, b"With a reference", 0x0204, b"\x12\x34", "With a reference"),
]

_BINARY = bytes(range(0, 250, 7))
_EXTENDED = "Euro € [brackets] {braces} ~^|\\"
_CEVAPI = "Ćevapi 🍢"

INBOUND = [
    Inbound("385951111111", INBOUND_TO, 0, 0, gsm(_EXTENDED), _EXTENDED),
    Inbound("385951111112", INBOUND_TO, 0, 8, _CEVAPI.encode("utf-16-be"), _CEVAPI),
    Inbound("385951111113", INBOUND_TO, 0, 4, _BINARY, ""),
]


def for_clients(port: int, ca: str = "") -> Script:
    """The script of a client peer. ca: file of the certificate to trust, "" for plain TCP."""
    return Script(port, 10, 0, len(MESSAGES) + len(INBOUND), MESSAGES, (SOURCE, "38593000000", LONG), INBOUND, ca=ca)


def for_servers(throttle: int, certificate: str = "", key: str = "") -> Script:
    """The script of a server peer. throttle: every n-th submit_sm is refused once. certificate, key: files, "" for plain TCP."""
    return Script(0, 0, throttle, 0, [], ("", "", ""), INBOUND, certificate=certificate, key=key)
