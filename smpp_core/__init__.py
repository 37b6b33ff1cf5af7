"""Layers 0 to 4 of 9: SMPP 3.4 octets to PDUs and back, texts, receipts and captures; compiled, standard library only.

    import smpp_core as smpp
    pdu = smpp.decode(frame)

The modules gsm7, text, udh, times, receipt and capture hold what is not needed by everyone.
"""

from . import commands, errors, gsm7
from .commands import *  # noqa: F403
from .errors import *  # noqa: F403
from .explain import explain
from .frame import DEFAULT_MAX_LENGTH, Framer, find_frame, is_plausible_header
from .pdu import Pdu, decode, decode_many
from .profile import Profile
from .receipt import Receipt, format_receipt, parse_receipt
from .spec.findings import Finding
from .spec.values import CommandId, CommandStatus, DataCoding, DistributionList, MessageState, Npi, SmeAddress, Ton, UnsuccessSme
from .text import Text, decode_text, encode_text
from .times import SmppTime
from .tlv import Tlv

__all__ = [
    "DEFAULT_MAX_LENGTH", "CommandId", "CommandStatus", "DataCoding", "DistributionList", "Finding", "Framer", "MessageState", "Npi", "Pdu",
    "Profile", "Receipt", "SmeAddress", "SmppTime", "Text", "Tlv", "Ton", "UnsuccessSme", "decode", "decode_many", "decode_text",
    "encode_text", "explain", "find_frame", "format_receipt", "gsm7", "is_plausible_header", "parse_receipt",
]
__all__ += commands.__all__
__all__ += errors.__all__
