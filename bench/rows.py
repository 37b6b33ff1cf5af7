"""What is measured: every row of the speed table that this part of the project can be held to, and the tables behind them.

A row is a ratio in one interleaved run. `Findings` is what a run found; report.py writes it down.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import corpus
import measure
import million
import peer_texts
import peers
from measure import Run, clocked

import smpp_core

HERE = Path(__file__).parent
ITEMS = 1000
HEX = corpus.submits(1)[0].hex()

CONSTRUCT = "construct submit_sm from 11 keyword arguments and encode"
# work: {peer: how many times as fast we are to be}
TAKE_STR = ("aiosmpplib", "node-smpp")       # their documentation gives the text as a str, which they encode
DECODE = {"smpp34": 4.0, "smpplib": 350.0}
READ4 = {"smpp34": 2.0, "smpplib": 100.0, "aiosmpplib": 60.0, "node-smpp": 40.0}
BUILD = {"smpp34": 3.0, "smpplib": 90.0, "aiosmpplib": 30.0, "node-smpp": 40.0}


@dataclass
class Row:
    """One row of the speed table: what, against whom, what to reach, what was measured (None: nothing to compare with here)."""

    work: str
    against: str
    reach: float
    measured: float | None
    unit: str = "x"
    at_most: bool = False       # reach is a limit from above

    @property
    def verdict(self) -> str:
        """In one word or two."""
        if self.measured is None:
            return "not measured here"
        return "reached" if (self.measured <= self.reach if self.at_most else self.measured >= self.reach) else "short"


@dataclass
class Findings:
    """What a run found: rows, and tables as {title: {line: {column: text}}}."""

    rows: list[Row] = field(default_factory=list)
    tables: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)


def _compare(found: Findings, work: str, times: dict[str, float], reach: dict[str, float], title: str = "", unit: str = "a PDU") -> None:
    for name, wanted in reach.items():
        against = f"{name} (given a str)" if work == CONSTRUCT and name in TAKE_STR else name
        found.rows.append(Row(work, against, wanted, times[name] / times["smswire"] if name in times else None))
    found.tables[title or work] = {
        name: {f"ns {unit}": f"{ns:,.0f}", "times ours": f"{ns / times['smswire']:.1f}"} for name, ns in times.items()
    }


def codec(found: Findings, budget: float) -> None:
    """Decode, read, construct, against every codec that is installed."""
    here = peers.installed()
    frames, submits, written = corpus.submits(ITEMS), corpus.to_build(ITEMS), corpus.to_write(ITEMS)

    def times(make: Callable[[peers.Peer, int], peers.Loop | None]) -> dict[str, float]:
        loops = {}
        for name, peer in here.items():
            count = ITEMS if name in ("smswire", "smpp34") else ITEMS // 10
            loop = make(peer, count)
            if loop is not None:
                loops[name] = (partial(peers.timed, peer, loop), count)
        return measure.interleaved(loops, budget)

    def usual(peer: peers.Peer, count: int) -> peers.Loop | None:
        return peer.write(written[:count]) if peer.name in TAKE_STR and peer.write else peer.build(written[:count])

    try:
        _compare(
            found, "decode submit_sm (224 octets, 2 TLVs), nothing read", times(lambda peer, count: peer.decode(frames[:count])), DECODE)
        _compare(found, "the same and 4 fields read from Python", times(lambda peer, count: peer.read4(frames[:count])), READ4)
        _compare(found, CONSTRUCT, times(usual), BUILD)
        _compare(found, "", times(lambda peer, count: peer.build(submits[:count])), {}, "the same, encoded octets given to every library")
        _compare(
            found, "", times(lambda peer, count: peer.write(written[:count]) if peer.write else None), {},
            "the same, a str given to every library, its GSM encoding included")
    finally:
        for peer in here.values():
            peer.close()
    found.tables["beside these figures"] = {name: {"note": peer.note} for name, peer in here.items() if peer.note}
    mixed = corpus.mixed(ITEMS)
    pdus = smpp_core.decode_many(mixed)
    requests = [pdu for pdu in pdus if not pdu.is_response]
    stream = b"".join(mixed)
    loops: dict[str, tuple[Callable[[], Any], int]] = {
        "decode, one call a PDU": (lambda: [smpp_core.decode(frame) for frame in mixed], ITEMS),
        "decode_many": (lambda: smpp_core.decode_many(mixed), ITEMS),
        "Framer.feed, 64 KiB pieces": (lambda: _feed(stream), ITEMS),
        "pdu.reply()": (lambda: [pdu.reply() for pdu in requests], len(requests)),
        "pdu.with_sequence(n)": (lambda: [pdu.with_sequence(7) for pdu in pdus], ITEMS),
    }
    found.tables[f"a mixed session of {ITEMS:,} PDUs, smswire alone"] = {
        name: {"ns a PDU": f"{measure.interleaved({name: (clocked(loop), items)}, budget / 4)[name]:,.0f}"}
        for name, (loop, items) in loops.items()
    }


def _feed(stream: bytes) -> None:
    framer = smpp_core.Framer()
    for at in range(0, len(stream), 65536):
        framer.feed(stream[at:at + 65536])


def _with_callgrind(found: Findings) -> None:
    works = ("decode", "read4", "build")
    table: dict[str, dict[str, str]] = {}
    empty = measure.instructions("empty", "decode")
    for name in ("smswire", "smpp34"):
        try:
            peers.make(name)
        except ImportError:
            continue
        counts = [measure.instructions(name, work) for work in works]
        if empty is None or None in counts:
            return
        table[name] = {work: f"{count - empty:,.0f}" for work, count in zip(works, counts)}
    found.tables["instructions a submit_sm (callgrind; the empty loop taken off)"] = table
    decode = measure.instructions("smswire", "decode")
    kinds = {"sequence_number": "integer of the header", "data_coding": "integer", "source_addr": "C-octet string",
             "short_message": "octet string", "user_message_reference": "TLV by name", "tlvs": "all TLVs"}
    lines = {}
    for name, kind in kinds.items():
        count = measure.instructions("smswire", name)
        if count is not None and decode is not None:
            lines[f"{name} ({kind})"] = {"instructions": f"{count - decode:,.0f}"}
    found.tables["instructions of reading one attribute, on top of decode"] = lines


def objects(found: Findings, counted: bool) -> None:
    """What decoding makes: Python objects held, and instructions."""
    frames = corpus.submits(ITEMS)
    table = {}
    for name in ("smswire", "smpp34", "smpplib", "aiosmpplib", "smpp.pdu3"):
        try:
            one = peers.make(name).one
        except ImportError:
            continue
        table[name] = measure.blocks(lambda one=one: [one(frame) for frame in frames])
    table["smswire, 4 fields read and let go"] = measure.blocks(lambda: [_with_four(frame)[0] for frame in frames])
    table["smswire, 4 fields read and kept, with the tuple they are in"] = measure.blocks(lambda: [_with_four(frame) for frame in frames])
    found.tables["objects held for each decoded submit_sm (blocks of the interpreter's allocator; Rust's own memory is not seen)"] = {
        name: {"objects": f"{count:.2f}"} for name, count in table.items()}
    if counted:
        _with_callgrind(found)


def _with_four(frame: bytes) -> tuple[Any, ...]:
    pdu = smpp_core.decode(frame)
    return pdu, pdu.source_addr, pdu.destination_addr, pdu.data_coding, pdu.short_message


def text(found: Findings, budget: float) -> None:
    """GSM 7-bit and receipts."""
    texts = corpus.texts(200)
    codecs = peer_texts.gsm_codecs()
    encode = codecs["smswire"][0]
    octets = [encode(each) for each in texts]
    for title, which, items, reach in (("decode", 1, octets, 80.0), ("encode", 0, texts, 15.0)):
        times = measure.interleaved({
            name: (clocked(peer_texts.over(codec[which], items)), len(items)) for name, codec in codecs.items() if codec[which] is not None
        }, budget)
        others = {name: ns for name, ns in times.items() if name != "smswire"}
        best = min(others, key=lambda name: others[name]) if others else ""
        work = f"GSM 7-bit {title} of 160 characters"
        _compare(found, work, times, {}, unit="a text")
        against = f"best PyPI peer ({best})" if best else "best PyPI peer"
        found.rows.append(Row(work, against, reach, others[best] / times["smswire"] if best else None))
    kinds = {}
    for kind in corpus.KINDS:
        each = corpus.texts_of(kind)
        kinds[kind] = {
            "encode, ns a text": f"{_alone(encode, each, budget / 8):,.0f}",
            "decode, ns a text": f"{_alone(codecs['smswire'][1], [encode(text) for text in each], budget / 8):,.0f}",
        }
    found.tables["GSM 7-bit by the kind of text, smswire alone"] = kinds
    for title, shuffled, parsers in (
        ("any order of keys", True, {"smswire": peer_texts.parse_receipt, "regex, any order": peer_texts.parse_any}),
        ("order of the specification", False, {
            "smswire": peer_texts.parse_receipt, "regex, any order": peer_texts.parse_any, "regex, fixed order": peer_texts.parse_fixed}),
    ):
        items = corpus.receipts(300, shuffled=shuffled)
        times = measure.interleaved(
            {name: (clocked(peer_texts.over(call, items)), len(items)) for name, call in parsers.items()}, budget)
        work = f"receipt text, {title}"
        _compare(found, work, times, {}, unit="a receipt")
        peer = "regex, any order" if shuffled else "regex, fixed order"
        found.rows.append(Row(work, "one tolerant regular expression", 4.0, times[peer] / times["smswire"]))


def _alone(call: Callable[[Any], Any], items: Sequence[Any], budget: float) -> float:
    return measure.interleaved({"": (clocked(peer_texts.over(call, items)), len(items))}, budget)[""]


def captures(found: Findings, pdus: int, rounds: int) -> None:
    """pcap to Python and to JSON beside tshark, and the memory of both."""
    tshark = measure.tshark_version()
    python = [sys.executable, str(HERE / "read_capture.py")]
    smswire = measure.smswire_command()
    fields = ["-T", "fields", "-e", "smpp.sequence_number", "-e", "smpp.destination_addr"]
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for count in (pdus // 10, pdus):
            paths[count] = f"{folder}/{count}.pcap"
            with open(paths[count], "wb", buffering=1 << 20) as out:
                million.write_capture(out, count)
        counted = int(subprocess.run([*python, paths[pdus]], capture_output=True, text=True, check=True).stdout)
        if counted != pdus:
            raise RuntimeError(f"the capture holds {pdus} PDUs, {counted} were read")

        def tsharks(path: str, *arguments: str) -> dict[str, Sequence[str]]:
            return {f"tshark {' '.join(arguments[:2])}": ["tshark", "-n", "-r", path, *arguments]} if tshark else {}

        two = measure.alternating({"Python, two fields read": [*python, paths[pdus]], **tsharks(paths[pdus], *fields)}, rounds)
        _commands(found, f"{pdus:,} PDUs: two fields of each", two, pdus)
        _row(found, "pcap -> PDUs in Python, two fields read", "tshark -T fields", 8.0, two, "Python, two fields read")
        every: dict[str, Sequence[str]] = {
            "smswire decode --format json": [*smswire, "decode", "--format", "json", paths[pdus]],
            **tsharks(paths[pdus], "-T", "json"),
        }
        full = measure.alternating(every, rounds)
        _commands(found, f"{pdus:,} PDUs: everything", full, pdus)
        _row(found, "pcap -> full JSON", "tshark -T json", 4.0, full, "smswire decode --format json")
        tenth = paths[pdus // 10]
        others: dict[str, Sequence[str]] = {
            "Python, two fields read": [*python, tenth],
            "smswire decode --format json": [*smswire, "decode", "--format", "json", tenth],
            "smswire decode (text)": [*smswire, "decode", tenth],
            **tsharks(tenth, *fields),
        }
        if tshark:
            others["tshark -T json -J smpp (SMPP alone)"] = ["tshark", "-n", "-r", tenth, "-T", "json", "-J", "smpp"]
        small = measure.alternating(others, 3)
        _commands(found, f"{pdus // 10:,} PDUs: other forms", small, pdus // 10)
        large = {**two, "smswire decode --format json": full["smswire decode --format json"]}
    found.tables["peak resident memory, MiB"] = {
        name: {f"{pdus // 10:,} PDUs": f"{small[name].memory:.0f}", f"{pdus:,} PDUs": f"{large[name].memory:.0f}"} for name in large
    }
    theirs = two.get("tshark -T fields")
    worst = max(run.memory for name, run in large.items() if not name.startswith("tshark"))
    found.rows.append(Row(
        f"memory of a capture of {pdus:,} PDUs", "tshark", 0.25, worst / theirs.memory if theirs else None, at_most=True))
    grown = max(large[name].memory / small[name].memory for name in large if not name.startswith("tshark"))
    found.rows.append(Row("the same, ten times the capture", "ourselves: flat", 1.1, grown, at_most=True))


def _row(found: Findings, work: str, against: str, reach: float, runs: dict[str, Run], ours: str) -> None:
    theirs = runs.get(against)
    found.rows.append(Row(work, against, reach, theirs.seconds / runs[ours].seconds if theirs else None))


def _commands(found: Findings, title: str, runs: dict[str, Run], pdus: int) -> None:
    found.tables[title] = {
        name: {"seconds": f"{run.seconds:.2f}", "processor seconds": f"{run.cpu:.2f}", "PDUs a second": f"{pdus / run.seconds:,.0f}",
               "peak MiB": f"{run.memory:.0f}"}
        for name, run in runs.items()
    }


def start_up(found: Findings, rounds: int) -> None:
    """`smswire decode HEX` into a pipe, from nothing to its end."""
    runs = measure.alternating({
        "smswire decode HEX": [*measure.smswire_command(), "decode", HEX],
        "smswire decode HEX --format json": [*measure.smswire_command(), "decode", HEX, "--format", "json"],
        "python -c 'import smpp_core'": [sys.executable, "-c", "import smpp_core"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }, rounds)
    found.tables["start-up"] = {
        name: {"milliseconds": f"{run.seconds * 1000:.0f}", "of the processor": f"{run.cpu * 1000:.0f}", "peak MiB": f"{run.memory:.0f}"}
        for name, run in runs.items()
    }
    taken = runs["smswire decode HEX"].seconds * 1000
    found.rows.append(Row("start-up of `smswire decode HEX`", "the clock", 150.0, taken, "ms", at_most=True))
