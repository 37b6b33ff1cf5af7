"""What both sides of an interop test say to each other: the script that a peer program reads, and the reports that it prints.

A script is a text file of lines, fields divided by tabs, so that a program in C can read it too:

    host, port, system_id, password, wrong       whom to call, the second password being a wrong one
    window          requests in flight at most
    throttle        servers: every n-th submit_sm is answered ESME_RTHROTTLED once (0: none)
    ca, certificate, key    files of PEM: TLS with a certificate to trust (clients), or to show (servers); empty for plain TCP
    unknown         octets in hex of a PDU whose command nobody knows
    hangup          a submit_sm to this destination asks the server for an enquire_link and then an unbind
    expect          receipts and inbound messages that are due in the transceiver session
    message         key, source, destination, esm_class, data_coding, octets in hex, tag, octets of the TLV in hex, text
    long            source, destination, text: the text whose segments the messages long-1, long-2 … are
    inbound         source, destination, esm_class, data_coding, octets in hex, text

A report is a JSON object on a line of the standard output; `event` says what happened. Peers in Python use this module, so it imports
the standard library only.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple

LIFE = 60
SYSTEM_ID = "interop"
PASSWORD = "secret1"
WRONG = "secret2"
SOURCE = "Interop"
HANGUP = "385999999"
# No row of the standard has this command; its sequence number is one that no peer reaches by counting.
UNKNOWN = bytes.fromhex("00000014" "00010203" "00000000" "7ffffff0" "01020304")

RECEIPT = "id:{id} sub:001 dlvrd:001 submit date:2601311200 done date:2601311201 stat:DELIVRD err:000 text:"


class Message(NamedTuple):
    """A submit_sm of the script. tag 0: no TLV."""

    key: str
    source: str
    destination: str
    esm_class: int
    data_coding: int
    octets: bytes
    tag: int
    value: bytes
    text: str


class Inbound(NamedTuple):
    """A deliver_sm that a server sends by itself."""

    source: str
    destination: str
    esm_class: int
    data_coding: int
    octets: bytes
    text: str


class Script(NamedTuple):
    """See the head of this module."""

    port: int
    window: int
    throttle: int
    expect: int
    messages: list[Message]
    long: tuple[str, str, str]
    inbound: list[Inbound]
    host: str = "127.0.0.1"
    system_id: str = SYSTEM_ID
    password: str = PASSWORD
    wrong: str = WRONG
    unknown: bytes = UNKNOWN
    hangup: str = HANGUP
    ca: str = ""
    certificate: str = ""
    key: str = ""


def write(script: Script, path: Path) -> Path:
    """The script as a file."""
    names = ("host", "port", "system_id", "password", "wrong", "window", "throttle", "expect", "hangup", "ca", "certificate", "key")
    rows: list[tuple[Any, ...]] = [(name, getattr(script, name)) for name in names]
    rows += [("unknown", script.unknown), ("long", *script.long)]
    rows += [("message", *message) for message in script.messages]
    rows += [("inbound", *inbound) for inbound in script.inbound]
    lines = ["\t".join(field.hex() if isinstance(field, bytes) else str(field) for field in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def read(path: str) -> Script:
    """The script of a file that `write` wrote. A peer that reads it ends after LIFE seconds, whatever becomes of its test."""
    signal.alarm(LIFE)
    plain: dict[str, str] = {}
    messages, inbound, long = [], [], ("", "", "")
    for line in Path(path).read_text("utf-8").splitlines():
        name, *rest = line.split("\t")
        if name == "message":
            key, source, destination, esm_class, data_coding, octets, tag, value, text = rest
            octet_pair = (bytes.fromhex(octets), int(tag), bytes.fromhex(value))
            messages.append(Message(key, source, destination, int(esm_class), int(data_coding), *octet_pair, text))
        elif name == "inbound":
            inbound.append(Inbound(rest[0], rest[1], int(rest[2]), int(rest[3]), bytes.fromhex(rest[4]), rest[5]))
        elif name == "long":
            long = (rest[0], rest[1], rest[2])
        else:
            plain[name] = rest[0]
    numbers = (int(plain[name]) for name in ("port", "window", "throttle", "expect"))
    texts = (plain[name] for name in ("host", "system_id", "password", "wrong"))
    rest = (plain[name] for name in ("hangup", "ca", "certificate", "key"))
    return Script(*numbers, messages, long, inbound, *texts, bytes.fromhex(plain["unknown"]), *rest)


def report(event: str, **values: Any) -> None:
    """One line on the standard output, at once."""
    shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items() if value is not None}
    sys.stdout.write(json.dumps({"event": event, **shown}) + "\n")
    sys.stdout.flush()
