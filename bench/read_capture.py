"""Reads a capture in Python as a user does: python bench/read_capture.py FILE. Prints how many PDUs it held."""

import sys
from os import PathLike

import smpp_core
from smpp_core import capture

WITH_DESTINATION = (smpp_core.SubmitSm, smpp_core.DeliverSm)


def read_two_fields(path: str | PathLike[str]) -> int:
    """Read sequence_number of every PDU, destination_addr of every one that has it; returns the number of PDUs."""
    count = 0
    for item in capture.read(path):
        pdu = item.pdu
        if pdu is not None:
            pdu.sequence_number
            if isinstance(pdu, WITH_DESTINATION):
                pdu.destination_addr
            count += 1
    return count


if __name__ == "__main__":
    print(read_two_fields(sys.argv[1]))
