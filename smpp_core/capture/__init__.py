"""Layer 4 of 9: pcap and pcapng captures -> the SMPP PDUs in them, and what is missing between them.

In the order that octets travel: source (gzip, pipes), files (packet records), packets (link, IP, fragments, TCP), streams (octets in
order), search (recognition and framing), items (what comes out), reader (the iteration).
"""

import os
from collections.abc import Iterable
from typing import BinaryIO

from ..frame import DEFAULT_MAX_LENGTH
from ..profile import Profile
from .items import CapturedPdu, Gap, Item
from .reader import Reader

__all__ = ["CapturedPdu", "Gap", "Item", "Reader", "read"]


def read(
    source: "str | os.PathLike[str] | BinaryIO | bytes", *, ports: Iterable[int] | None = None, profile: Profile | None = None,
    max_length: int = DEFAULT_MAX_LENGTH,
) -> Reader:
    """Read the SMPP of a capture: an iterator of CapturedPdu and Gap, with counters and warnings.

    source: a path, a binary file object (pipes and short reads are fine) or bytes: pcap or pcapng, gzip-compressed or not. ports: TCP ports
    on which all is SMPP or told about as a Gap; None: connections are recognised by their octets, and others produce nothing. profile: what
    TLVs and statuses mean (default Profile.vendor()). max_length: the largest command_length to believe, in octets.
    Raises CaptureError if the source is no readable capture, here or, when all before the fault was given out, while iterating.
    """
    return Reader(source, ports=ports, profile=profile, max_length=max_length)
