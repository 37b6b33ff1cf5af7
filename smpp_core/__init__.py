"""Layers 0 to 4 of 9: SMPP 3.4 octets to PDUs and back, texts, receipts and captures; compiled, standard library only.

    import smpp_core as smpp
    pdu = smpp.decode(frame)
"""

from . import commands, errors
from .commands import *  # noqa: F403
from .errors import *  # noqa: F403
from .frame import DEFAULT_MAX_LENGTH, Framer, find_frame, is_plausible_header
from .pdu import Pdu, decode, decode_many
from .profile import Profile
from .spec.findings import Finding
from .spec.values import CommandStatus, DistributionList, MessageState, SmeAddress, UnsuccessSme
from .tlv import Tlv

__all__ = [
    "DEFAULT_MAX_LENGTH", "CommandStatus", "DistributionList", "Finding", "Framer", "MessageState", "Pdu", "Profile", "SmeAddress", "Tlv",
    "UnsuccessSme", "decode", "decode_many", "find_frame", "is_plausible_header", *commands.__all__, *errors.__all__,
]
