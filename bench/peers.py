"""The codecs measured beside smpp_core, each behind the same four loops, and what must be said beside their figures.

A loop runs over the whole corpus, so that no adapter call stands between the clock and the library.
Peers that are not installed are left out.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import Any

from corpus import GSM, LATIN1, UCS2, Submit
from measure import clocked

import smpp_core
from smpp_core import gsm7

Loop = Callable[[], Any]
ALPHABETS = {GSM: None, LATIN1: "latin_1", UCS2: "ucs2"}


@dataclass
class Peer:
    """One codec.

    one: decodes one frame. decode, read4, build, write: each takes its input and returns a loop over it, without arguments, that the
    clock stands around.
    read4 reads source_addr, destination_addr, data_coding and short_message. build is given encoded octets; write is given a str, by the
    library's usual way, None where the library has no GSM 7-bit alphabet. rows, octets: the values of read4 and the octets of build, for
    the test that all adapters do the same work. note: what must stand beside its figures.
    """

    name: str
    version: str
    one: Callable[[bytes], Any]
    decode: Callable[[Sequence[bytes]], Loop]
    read4: Callable[[Sequence[bytes]], Loop]
    build: Callable[[Sequence[Submit]], Loop]
    rows: Callable[[Sequence[bytes]], list[tuple[Any, ...]]]
    octets: Callable[[Sequence[Submit]], list[bytes]]
    write: Callable[[Sequence[Submit]], Loop] | None = None
    note: str = ""
    seconds: Callable[[Loop], float] | None = None    # for a peer that keeps its own clock
    close: Callable[[], None] = lambda: None


def version_of(distribution: str) -> str:
    """The installed version of a distribution, "" without one."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _values(submits: Sequence[Submit], as_text: bool = False) -> list[tuple[Any, ...]]:
    """The eleven values of each in the order of `Submit.fields`; the loops name the keywords, as a caller's source does."""
    if as_text:
        return [tuple({**submit.fields, "short_message": submit.text}.values()) for submit in submits]
    return [tuple(submit.fields.values()) for submit in submits]


def smswire() -> Peer:
    """smpp_core itself, by the calls that a user makes."""

    def decode(frames: Sequence[bytes]) -> Loop:
        def loop(call: Callable[[bytes], Any] = smpp_core.decode) -> None:
            for frame in frames:
                call(frame)
        return loop

    def read4(frames: Sequence[bytes]) -> Loop:
        def loop(call: Callable[[bytes], Any] = smpp_core.decode) -> None:
            for frame in frames:
                pdu = call(frame)
                pdu.source_addr
                pdu.destination_addr
                pdu.data_coding
                pdu.short_message
        return loop

    def build(submits: Sequence[Submit]) -> Loop:
        def loop(make: Any = smpp_core.SubmitSm, given: list[tuple[Any, ...]] = _values(submits)) -> None:
            for ton, npi, source, to_ton, to_npi, to, esm, wanted, coding, text, sequence in given:
                bytes(make(
                    source_addr_ton=ton, source_addr_npi=npi, source_addr=source, dest_addr_ton=to_ton, dest_addr_npi=to_npi,
                    destination_addr=to, esm_class=esm, registered_delivery=wanted, data_coding=coding, short_message=text,
                    sequence_number=sequence))
        return loop

    def write(submits: Sequence[Submit]) -> Loop:
        def loop(make: Any = smpp_core.SubmitSm, encode: Any = gsm7.encode, given: Any = _values(submits, as_text=True)) -> None:
            for ton, npi, source, to_ton, to_npi, to, esm, wanted, coding, text, sequence in given:
                bytes(make(
                    source_addr_ton=ton, source_addr_npi=npi, source_addr=source, dest_addr_ton=to_ton, dest_addr_npi=to_npi,
                    destination_addr=to, esm_class=esm, registered_delivery=wanted, data_coding=coding, short_message=encode(text),
                    sequence_number=sequence))
        return loop

    def rows(frames: Sequence[bytes]) -> list[tuple[Any, ...]]:
        pdus = [smpp_core.decode(frame) for frame in frames]
        return [(pdu.source_addr, pdu.destination_addr, pdu.data_coding, pdu.short_message) for pdu in pdus]

    return Peer("smswire", version_of("smswire") or "source tree", smpp_core.decode, decode, read4, build, rows,
                lambda submits: [bytes(smpp_core.SubmitSm(**submit.fields)) for submit in submits], write)


def smpp34() -> Peer:
    """smpp34: Rust under Python."""
    import smpp34 as library

    def decode(frames: Sequence[bytes]) -> Loop:
        def loop(call: Callable[[bytes], Any] = library.decode) -> None:
            for frame in frames:
                call(frame)
        return loop

    def read4(frames: Sequence[bytes]) -> Loop:
        def loop(call: Callable[[bytes], Any] = library.decode) -> None:
            for frame in frames:
                pdu = call(frame)
                pdu.source_addr
                pdu.destination_addr
                pdu.data_coding
                pdu.short_message
        return loop

    def build(submits: Sequence[Submit]) -> Loop:
        def loop(make: Any = library.SubmitSm, given: list[tuple[Any, ...]] = _values(submits)) -> None:
            for ton, npi, source, to_ton, to_npi, to, esm, wanted, coding, text, sequence in given:
                make(
                    source_addr_ton=ton, source_addr_npi=npi, source_addr=source, dest_addr_ton=to_ton, dest_addr_npi=to_npi,
                    destination_addr=to, esm_class=esm, registered_delivery=wanted, data_coding=coding, short_message=text,
                    sequence_number=sequence).encode()
        return loop

    def rows(frames: Sequence[bytes]) -> list[tuple[Any, ...]]:
        pdus = [library.decode(frame) for frame in frames]
        return [(pdu.source_addr, pdu.destination_addr, pdu.data_coding, pdu.short_message) for pdu in pdus]

    return Peer(
        "smpp34", version_of("smpp34"), library.decode, decode, read4, build, rows,
        lambda submits: [library.SubmitSm(**submit.fields).encode() for submit in submits], None,
        "makes typed objects of submit_sm and deliver_sm only (the rest is a header and raw octets), drops broken TLVs in silence "
        "and changes Latin-1 addresses")


def smpplib() -> Peer:
    """smpplib: pure Python, one Python attribute a field."""
    import smpplib.smpp as library
    from smpplib.gsm import gsm_encode

    class Client:
        sequence = 0

        def next_sequence(self) -> int:
            self.sequence += 1
            return self.sequence

    def decode(frames: Sequence[bytes]) -> Loop:
        def loop(call: Any = library.parse_pdu, client: Any = Client()) -> None:
            for frame in frames:
                call(frame, client=client)
        return loop

    def read4(frames: Sequence[bytes]) -> Loop:
        def loop(call: Any = library.parse_pdu, client: Any = Client()) -> None:
            for frame in frames:
                pdu = call(frame, client=client)
                pdu.source_addr
                pdu.destination_addr
                pdu.data_coding
                pdu.short_message
        return loop

    def build(submits: Sequence[Submit]) -> Loop:
        def loop(make: Any = library.make_pdu, client: Any = Client(), given: list[tuple[Any, ...]] = _values(submits)) -> None:
            for ton, npi, source, to_ton, to_npi, to, esm, wanted, coding, text, sequence in given:
                make(
                    "submit_sm", client=client, source_addr_ton=ton, source_addr_npi=npi, source_addr=source,
                    dest_addr_ton=to_ton, dest_addr_npi=to_npi, destination_addr=to, esm_class=esm, registered_delivery=wanted,
                    data_coding=coding, short_message=text, sequence_number=sequence).generate()
        return loop

    def write(submits: Sequence[Submit]) -> Loop:
        def loop(make: Any = library.make_pdu, client: Any = Client(), given: Any = _values(submits, as_text=True)) -> None:
            for ton, npi, source, to_ton, to_npi, to, esm, wanted, coding, text, sequence in given:
                make(
                    "submit_sm", client=client, source_addr_ton=ton, source_addr_npi=npi, source_addr=source,
                    dest_addr_ton=to_ton, dest_addr_npi=to_npi, destination_addr=to, esm_class=esm, registered_delivery=wanted,
                    data_coding=coding, short_message=gsm_encode(text), sequence_number=sequence).generate()
        return loop

    def rows(frames: Sequence[bytes]) -> list[tuple[Any, ...]]:
        pdus = [library.parse_pdu(frame, client=Client()) for frame in frames]
        return [(pdu.source_addr.decode(), pdu.destination_addr.decode(), pdu.data_coding, pdu.short_message) for pdu in pdus]

    return Peer("smpplib", version_of("smpplib"), lambda frame: library.parse_pdu(frame, client=Client()), decode, read4, build, rows,
                lambda submits: [library.make_pdu("submit_sm", client=Client(), **submit.fields).generate() for submit in submits], write,
                "gives C-octet strings as bytes; sequence numbers come from its client object")


def aiosmpplib() -> Peer:
    """aiosmpplib: pure Python dataclasses."""
    from aiosmpplib.protocol import SmppMessage, SubmitSm
    from aiosmpplib.state import NPI, TON, PhoneNumber

    def read(frame: bytes) -> Any:
        return SubmitSm.from_pdu(frame, SmppMessage.parse_header(frame), "gsm0338")

    def decode(frames: Sequence[bytes]) -> Loop:
        def loop(header: Any = SmppMessage.parse_header, call: Any = SubmitSm.from_pdu) -> None:
            for frame in frames:
                call(frame, header(frame), "gsm0338")
        return loop

    def read4(frames: Sequence[bytes]) -> Loop:
        def loop(header: Any = SmppMessage.parse_header, call: Any = SubmitSm.from_pdu) -> None:
            for frame in frames:
                pdu = call(frame, header(frame), "gsm0338")
                pdu.source.number
                pdu.destination.number
                pdu.encoding
                pdu.short_message
        return loop

    def given(submits: Sequence[Submit]) -> list[tuple[Any, ...]]:
        return [
            (TON(ton), NPI(npi), source, TON(to_ton), NPI(to_npi), to, esm, wanted, ALPHABETS[coding], text, submit.text, sequence)
            for submit, (ton, npi, source, to_ton, to_npi, to, esm, wanted, coding, text, sequence) in zip(submits, _values(submits))]

    def make(ton: Any, npi: Any, source: str, to_ton: Any, to_npi: Any, to: str, esm: int, wanted: int, encoding: str | None, octets: bytes,
             _: str, sequence: int) -> bytes:
        pdu = SubmitSm(
            sequence_num=sequence, short_message="-", source=PhoneNumber(source, ton, npi), destination=PhoneNumber(to, to_ton, to_npi),
            esm_class=esm, registered_delivery=wanted, encoding=encoding)
        pdu.set_encoded_message(octets)
        return pdu.pdu()

    def build(submits: Sequence[Submit]) -> Loop:
        def loop(given: list[tuple[Any, ...]] = given(submits)) -> None:
            for values in given:
                make(*values)
        return loop

    def write(submits: Sequence[Submit]) -> Loop:
        def loop(given: list[tuple[Any, ...]] = given(submits)) -> None:
            for ton, npi, source, to_ton, to_npi, to, esm, wanted, encoding, _, text, sequence in given:
                SubmitSm(
                    sequence_num=sequence, short_message=text, source=PhoneNumber(source, ton, npi),
                    destination=PhoneNumber(to, to_ton, to_npi), esm_class=esm, registered_delivery=wanted, encoding=encoding).pdu()
        return loop

    def rows(frames: Sequence[bytes]) -> list[tuple[Any, ...]]:
        pdus = [read(frame) for frame in frames]
        codes = {alphabet: code for code, alphabet in ALPHABETS.items()}
        return [(pdu.source.number, pdu.destination.number, codes[pdu.encoding], pdu.short_message) for pdu in pdus]

    return Peer("aiosmpplib", version_of("aiosmpplib"), read, decode, read4, build, rows,
                lambda submits: [make(*values) for values in given(submits)], write,
                "decodes the text to str as it reads a PDU; octets can be given to it only by the call that it makes itself for segments")


def smpp_pdu3() -> Peer:
    """smpp.pdu3 (Jasmin's): pure Python, one encoder object a field."""
    from smpp.pdu import operations, pdu_types
    from smpp.pdu.pdu_encoding import DataCodingEncoder, EsmClassEncoder, PDUEncoder, RegisteredDeliveryEncoder

    ton = {1: pdu_types.AddrTon.INTERNATIONAL, 3: pdu_types.AddrTon.NETWORK_SPECIFIC, 5: pdu_types.AddrTon.ALPHANUMERIC}
    npi = {0: pdu_types.AddrNpi.UNKNOWN, 1: pdu_types.AddrNpi.ISDN}
    encoder = PDUEncoder()

    def decode(frames: Sequence[bytes]) -> Loop:
        def loop(call: Any = encoder.decode) -> None:
            for frame in frames:
                call(BytesIO(frame))
        return loop

    def read4(frames: Sequence[bytes]) -> Loop:
        def loop(call: Any = encoder.decode) -> None:
            for frame in frames:
                params = call(BytesIO(frame)).params
                params["source_addr"]
                params["destination_addr"]
                params["data_coding"]
                params["short_message"]
        return loop

    def given(submits: Sequence[Submit]) -> list[dict[str, Any]]:
        def one(kind: Any, number: int) -> Any:
            return kind().decode(BytesIO(bytes((number,))))

        return [
            {**fields, "seqNum": fields["sequence_number"], "source_addr_ton": ton[fields["source_addr_ton"]],
             "source_addr_npi": npi[fields["source_addr_npi"]], "dest_addr_ton": ton[fields["dest_addr_ton"]],
             "dest_addr_npi": npi[fields["dest_addr_npi"]], "source_addr": fields["source_addr"].encode(),
             "destination_addr": fields["destination_addr"].encode(), "esm_class": one(EsmClassEncoder, fields["esm_class"]),
             "registered_delivery": one(RegisteredDeliveryEncoder, fields["registered_delivery"]),
             "data_coding": one(DataCodingEncoder, fields["data_coding"])}
            for fields in (submit.fields for submit in submits)]

    def build(submits: Sequence[Submit]) -> Loop:
        def loop(make: Any = operations.SubmitSM, encode: Any = encoder.encode, given: list[dict[str, Any]] = given(submits)) -> None:
            for fields in given:
                encode(make(**fields))
        return loop

    def rows(frames: Sequence[bytes]) -> list[tuple[Any, ...]]:
        found = [encoder.decode(BytesIO(frame)).params for frame in frames]
        return [(params["source_addr"].decode(), params["destination_addr"].decode(), DataCodingEncoder().encode(params["data_coding"])[0],
                 params["short_message"] or b"") for params in found]

    return Peer("smpp.pdu3", version_of("smpp.pdu3"), lambda frame: encoder.decode(BytesIO(frame)), decode, read4, build, rows,
                lambda submits: [encoder.encode(operations.SubmitSM(**fields)) for fields in given(submits)], None,
                "its enumerations were made before the clock started")


class Node:
    """node-smpp in a node process of its own, which keeps the time of its loops; it decodes texts to strings as it reads a PDU."""

    def __init__(self, modules: str) -> None:
        self.process = subprocess.Popen(
            ["node", str(Path(__file__).parent / "peer_node.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "NODE_PATH": modules})

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def load(self, frames: Sequence[bytes] = (), submits: Sequence[Submit] = ()) -> None:
        """Give it what its loops run over."""
        fields = [{**submit.fields, "short_message": submit.fields["short_message"].hex()} for submit in submits]
        self.ask(load=[frame.hex() for frame in frames], fields=fields, texts=[submit.text for submit in submits])

    def loop(self, run: str, **what: Any) -> Loop:
        """A loop that returns its own seconds."""
        loaded = False

        def loop() -> float:
            nonlocal loaded
            if not loaded:
                self.load(**what)
                loaded = True
            return self.ask(run=run)["ns"] / 1e9
        return loop

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def node_modules() -> str:
    """The directory that holds node-smpp: that of NODE_PATH, "" where node or the package is missing."""
    for directory in os.environ.get("NODE_PATH", "").split(os.pathsep):
        if directory and shutil.which("node") and (Path(directory) / "smpp" / "package.json").is_file():
            return directory
    return ""


def node_smpp() -> Peer:
    """node-smpp under node; ImportError where NODE_PATH does not lead to it."""
    modules = node_modules()
    if not modules:
        raise ImportError("no node with node-smpp on NODE_PATH")
    version = json.loads((Path(modules) / "smpp" / "package.json").read_text())["version"]
    nodes: list[Node] = []

    def loop(run: str, **what: Any) -> Loop:
        nodes.append(Node(modules))            # one process a loop: what node compiled for one does not help another
        return nodes[-1].loop(run, **what)

    def shown(kind: str, **what: Any) -> list[Any]:
        node = Node(modules)
        node.load(**what)
        try:
            return node.ask(show=kind)["rows"]
        finally:
            node.close()

    def close() -> None:
        while nodes:
            nodes.pop().close()

    node_version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return Peer(
        "node-smpp", f"{version} (node {node_version})", lambda frame: shown("read4", frames=[frame]),
        lambda frames: loop("decode", frames=frames), lambda frames: loop("read4", frames=frames),
        lambda submits: loop("build", submits=submits),
        lambda frames: [tuple(row) for row in shown("read4", frames=frames)],
        lambda submits: [bytes.fromhex(line) for line in shown("build", submits=submits)], lambda submits: loop("write", submits=submits),
        "another language and its just-in-time compiler; decodes the text to a string as it reads a PDU",
        lambda run: run(), close)


MAKERS: dict[str, Callable[[], Peer]] = {
    "smswire": smswire, "smpp34": smpp34, "smpplib": smpplib, "aiosmpplib": aiosmpplib, "smpp.pdu3": smpp_pdu3, "node-smpp": node_smpp,
}


def make(name: str) -> Peer:
    """The codec of that name; ImportError if it is not installed."""
    return MAKERS[name]()


def installed() -> dict[str, Peer]:
    """Every codec that this machine has, smswire first."""
    found = {}
    for name in MAKERS:
        try:
            found[name] = make(name)
        except ImportError:
            continue
    return found


def timed(peer: Peer, loop: Loop) -> float:
    """Seconds of one run of a loop, by the peer's own clock where it has one."""
    return peer.seconds(loop) if peer.seconds else clocked(loop)()
