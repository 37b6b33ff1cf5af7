"""Differential test against Wireshark's dissector: the same octets and the same value for each field, TLV and entry, PDU by PDU.

What tshark must show is told from our own walk; where it is known to differ, a reason of DISAGREEMENTS says so and foretells what it
shows instead. Whatever else differs fails. docs/tshark.md explains each reason; its examples are checked here.
"""

import functools
import os
import random
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import strategies as ours
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import smpp_core as smpp
from smpp_core.errors import EncodeError
from smpp_core.spec.commands import BY_NAME, COMMANDS
from smpp_core.spec.rows import Command, Tlv
from smpp_core.spec.tlvs import TLVS
from smpp_core.spec.walk import Step, is_time, walk
from smpp_core.times import SmppTime

DOCUMENT = Path(__file__).parents[2] / "docs" / "tshark.md"
PORT = 2775
CLIENTS = 50000  # the first client's port; no protocol is known by those from here on
EACH = 66  # sound PDUs of each command
EACH_TLV = 6  # of each TLV, besides
FAULTY = 24  # PDUs of each fault
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)

pytestmark = [pytest.mark.slow, pytest.mark.peer]

# The reasons of docs/tshark.md, where each is explained. Those of sound PDUs:
SOUND = (
    "request-status", "status-range", "failed-response", "no-tlvs", "tlv-size", "empty-string", "default-service-type", "empty-time",
    "multi-validity", "time-century", "time-relative", "time-impossible", "bad-time", "group-count", "dest-flag", "no-octets",
    "user-data-header",
)
# Those of PDUs with a fault, and of streams.
FAULTS = (
    "unknown-command", "length-mismatch", "missing-body", "body-is-tlvs", "dest-flag-value", "not-printable", "empty-payload", "no-rules",
)
STREAMS = ("short-segment",)
DISAGREEMENTS = (*SOUND, *FAULTS, *STREAMS)

# --- how tshark 4.0 reads

# Commands whose body it reads without TLVs.
WITHOUT_TLVS = frozenset((
    "bind_receiver", "bind_transmitter", "bind_transceiver", "outbind", "unbind", "unbind_resp", "enquire_link", "enquire_link_resp",
    "generic_nack", "query_sm", "query_sm_resp", "cancel_sm", "cancel_sm_resp", "replace_sm_resp", "cancel_broadcast_sm_resp",
))
# Commands whose addresses it shows when they are empty too.
WITH_EMPTY_ADDRESSES = frozenset(("submit_sm", "deliver_sm", "submit_multi", "data_sm", "replace_sm", "broadcast_sm"))
# Commands in which it reads a user data header if esm_class says that there is one.
WITH_HEADERS = frozenset(("submit_sm", "deliver_sm", "submit_multi", "data_sm"))
# TLVs that it reads by their length; any other by the size that it has in mind, or up to a NUL.
BY_LENGTH = frozenset((
    "source_subaddress", "dest_subaddress", "callback_num", "callback_num_atag", "message_payload", "broadcast_content_type_info",
    "broadcast_area_identifier", "broadcast_service_group", "billing_identification", "source_node_id", "dest_node_id",
    "dest_addr_np_information", "dest_addr_np_country",
))
OPAQUE = frozenset(("callback_num", "callback_num_atag"))
ONE_OCTET = frozenset(("source_telematics_id", "ms_validity", "broadcast_rep_num"))
TIMES = frozenset(("schedule_delivery_time", "validity_period", "final_date", "broadcast_end_time"))

# Our name -> its names without "smpp.": (name, first octet, octets or 0 for all, mask or 0). A name that is not here is the same.
Part = tuple[str, int, int, int]
PARTS: dict[str, tuple[Part, ...]] = {
    "esm_class": (("esm.submit.msg_mode", 0, 1, 0x03), ("esm.submit.msg_type", 0, 1, 0x3C), ("esm.submit.features", 0, 1, 0xC0)),
    "registered_delivery": (("regdel.receipt", 0, 1, 0x03), ("regdel.acks", 0, 1, 0x0C), ("regdel.notif", 0, 1, 0x10)),
    "replace_if_present_flag": (("replace_if_present_flag", 0, 1, 0x01),),
    "short_message": (("message", 0, 0, 0),),
    "number_of_dests": (("dlist", 0, 1, 0),),
    "no_unsuccess": (("dlist_resp", 0, 1, 0),),
    "tag": (("opt_param_tag", 0, 2, 0),),
    "length": (("opt_param_len", 0, 2, 0),),
    "sc_interface_version": (("SC_interface_version", 0, 1, 0),),
    "ms_msg_wait_facilities": (("msg_wait.ind", 0, 1, 0x80), ("msg_wait.type", 0, 1, 0x03)),
    "callback_num_pres_ind": (("callback_num.pres", 0, 1, 0x0C), ("callback_num.scrn", 0, 1, 0x03)),
    "network_error_code": (("network_error.type", 0, 1, 0), ("network_error.code", 1, 2, 0)),
    "broadcast_content_type": (("broadcast_content_type.nw", 0, 1, 0), ("broadcast_content_type.type", 1, 2, 0)),
    "broadcast_content_type_info": (("broadcast_content_type.info", 0, 0, 0),),
    "broadcast_frequency_interval": (("broadcast_frequency_interval.unit", 0, 1, 0), ("broadcast_frequency_interval.value", 1, 2, 0)),
    "broadcast_area_identifier": (("broadcast_area_identifier.format", 0, 1, 0), ("broadcast_area_identifier", 0, 0, 0)),
    "billing_identification": (("billing_id", 0, 0, 0),),
    "dest_addr_np_information": (("dest_addr_np_info", 0, 0, 0),),
    "its_session_info": (("its_session.number", 0, 1, 0), ("its_session.sequence", 1, 1, 0xFE), ("its_session.ind", 1, 1, 0x01)),
    "alert_on_message_delivery": (("alert_on_message_delivery_type", 0, 1, 0),),
}

# --- what tshark shows

# (offset in the PDU, octets, name) -> text
Shown = dict[tuple[int, int, str], str]


class Seen(NamedTuple):
    """tshark's view of a packet: the fields of each PDU, and whether it called one or a user data header malformed, or a text double."""

    pdus: list[Shown]
    malformed: bool
    header_malformed: bool
    two_texts: bool


def packet(port: int, sequence: int, octets: bytes) -> bytes:
    """A record of a pcap file: Ethernet, IPv4, TCP to PORT, the octets."""
    tcp = struct.pack(">HHIIBBHHH", port, PORT, sequence, 1, 0x50, 0x18, 1000, 0, 0) + octets
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
    frame = bytes(12) + b"\x08\0" + ip + tcp
    return struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame


def tshark(packets: list[bytes], folder: Path) -> list[ElementTree.Element]:
    """What it shows of each packet, with none of the user's preferences."""
    path = folder / "pdus.pcap"
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1) + b"".join(packets))
    options = ("-T", "pdml", "-J", "smpp", "-d", f"tcp.port=={PORT},smpp", "-o", "tcp.desegment_tcp_streams:TRUE")
    clean = {**os.environ, "TZ": "UTC", "LC_ALL": "C", "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    done = subprocess.run(["tshark", "-r", str(path), *options], capture_output=True, check=True, env=clean)
    # It writes characters that XML forbids where a text holds them.
    text = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", done.stdout.decode("utf-8", "replace"))
    return list(ElementTree.fromstring(text.encode()).iter("packet"))


def seen(element: ElementTree.Element) -> Seen:
    protos = list(element.iter("proto"))
    malformed = {proto.get("showname", "") for proto in protos if proto.get("name") == "_ws.malformed"}
    pdus = []
    for proto in protos:
        if proto.get("name") == "smpp":
            start = int(proto.get("pos", "0"))
            fields = [(int(field.get("pos", "0")) - start, int(field.get("size", "0")), field) for field in proto.iter("field")]
            pdus.append({(offset, size, field.get("name", "")): field.get("show", "") for offset, size, field in fields if size})
    two_texts = any(field.get("name") == "smpp.message_payload.duplicate" for field in element.iter("field"))
    return Seen(pdus, "[Malformed Packet: SMPP]" in malformed, "[Malformed Packet: GSM SMS UD]" in malformed, two_texts)


def each_alone(frames: list[bytes], folder: Path) -> list[ElementTree.Element]:
    """Each frame in a connection of its own, so that none disturbs another."""
    return tshark([packet(CLIENTS + number, 1, frame) for number, frame in enumerate(frames)], folder)


# --- what we expect it to show


class Item(NamedTuple):
    """A stretch of a frame with its name and our value. kind: "header", "field", "entry" of a group, or "tlv"."""

    offset: int
    length: int
    name: str
    value: Any
    kind: str


class Expected(NamedTuple):
    """reason: of DISAGREEMENTS, or "". texts: what is shown, an int in any notation; `...` for what may be shown or not, as it likes."""

    reason: str
    texts: dict[tuple[int, int, str], Any]


def items(step: Step, frame: bytes) -> Iterator[Item]:
    if step.tag is not None:
        yield Item(step.offset, 2, "tag", step.tag, "tlv")
        overrun = any(finding.code == "tlv-overrun" for finding in step.findings)
        yield Item(step.offset + 2, 2, "length", declared(step, frame) if overrun else step.length - 4, "tlv")
        yield Item(step.offset + 4, step.length - 4, step.field, step.value, "tlv")
    elif step.length and step.field not in ("unread", "tail", "excess", "body"):
        group, _, name = step.field.rpartition(".")
        yield Item(step.offset, step.length, name, step.value, "entry" if group else "field" if step.row else "header")


def declared(step: Step, frame: bytes) -> int:
    return int.from_bytes(frame[step.offset + 2 : step.offset + 4], "big")


def size_in_mind(row: Tlv | None, frame: bytes, at: int, length: int) -> int:
    """How many octets tshark takes for a TLV's value."""
    if row is None or row.name in BY_LENGTH:
        return length
    if row.name in ONE_OCTET:
        return 1
    if row.kind == "flag":
        return min(length, 1)
    return frame.find(b"\0", at) + 1 - at if row.kind == "cstring" else row.max


class View:
    """What tshark will make of one frame: told from our walk of it and from the reasons."""

    def __init__(self, frame: bytes) -> None:
        self.frame = frame
        self.row: Command | None = COMMANDS.get(int.from_bytes(frame[4:8], "big"))
        self.status = int.from_bytes(frame[8:12], "big")
        self.steps = list(walk(frame, TLVS))
        self.codes = {finding.code: finding for step in self.steps for finding in step.findings}
        self.reasons: set[str] = set()
        # Behind this offset tshark is out of step, or has given up; nothing is compared there. malformed: None if it may be either.
        self.lost = len(frame)
        self.malformed: bool | None = False
        self.shown = not self._refused()
        if self.shown:
            self._foretell()

    @property
    def has_header(self) -> bool:
        """Whether it looks for a user data header in the text."""
        flags = next((step.value for step in self.steps if step.field == "esm_class"), 0)
        return self.row is not None and self.row.name in WITH_HEADERS and bool(flags & 0x40)

    def _refused(self) -> bool:
        """It does not begin with a PDU that it finds unlikely, or that is not there in whole."""
        length = int.from_bytes(self.frame[:4], "big")
        if self.row is None:
            self.reasons.add("unknown-command")
        elif 0x4A <= self.status <= 0x4F or 0x113 <= self.status <= 0x3FF:
            self.reasons.add("status-range")
        elif not 16 <= length <= len(self.frame):
            self.reasons.add("length-mismatch")
        return bool(self.reasons)

    def unread(self, step: Step) -> str:
        """The reason why it does not look at a step at all."""
        if step.offset >= 16 and self.row is not None and self.row.is_response and self.status:
            return "failed-response"
        in_tlvs = step.tag is not None or step.field == "tail"
        return "no-tlvs" if in_tlvs and self.row is not None and self.row.name in WITHOUT_TLVS else ""

    def _foretell(self) -> None:
        """Where it gets lost, and its verdict."""
        if "length-mismatch" in self.codes:
            self.reasons.add("length-mismatch")
            self.malformed = None
        for step in self.steps:
            wrong = {finding.code: finding.severity for finding in step.findings}
            if not wrong and step.tag is None:
                continue
            if unread := self.unread(step):
                self.reasons.add(unread)
                continue
            if {"missing-body", "missing-count"} & set(wrong):
                self._lose(step.offset, "missing-body", malformed=True)
            elif "body-is-tlvs" in wrong:
                self._lose(step.offset, "body-is-tlvs", malformed=None)
            elif "bad-dest-flag" in wrong:
                self._lose(step.offset, "dest-flag-value", malformed=None)
            elif step.tag is not None and self._wrong_size(step):
                self._lose(step.offset + 4, "tlv-size", malformed=None)
            elif "tlv-overrun" in wrong:
                opaque = step.field in OPAQUE
                self._lose(step.offset + 4, "no-octets" if opaque else "", malformed=not opaque)
            elif "error" in wrong.values() and "length-mismatch" not in wrong:
                self._lose(step.offset, "", malformed=True)
            elif set(wrong) - {"two-texts", "length-mismatch"}:
                self.reasons.add("no-rules")
                continue
            else:
                continue
            return

    def _lose(self, offset: int, reason: str, *, malformed: bool | None) -> None:
        self.lost = offset
        self.reasons |= {reason} - {""}
        self.malformed = None if self.malformed is None else malformed

    def _wrong_size(self, step: Step) -> bool:
        row = step.row if isinstance(step.row, Tlv) else None
        length = declared(step, self.frame)
        return size_in_mind(row, self.frame, step.offset + 4, length) != length

    def expected(self) -> Iterator[tuple[Item, Expected]]:
        for step in self.steps:
            unread = self.unread(step)
            for item in items(step, self.frame):
                if item.length and item.offset < self.lost:
                    yield item, Expected(unread, {}) if unread else self._of(item)

    def _of(self, item: Item) -> Expected:
        names = PARTS.get(item.name, ((item.name, 0, 0, 0),))
        if item.name.startswith("0x") and item.kind == "tlv":
            names = (("vendor_op" if 0x1400 <= int(item.name, 16) <= 0x3FFF else "reserved_op", 0, 0, 0),)
        plain: dict[tuple[int, int, str], Any] = {}
        for name, first, size, mask in names:
            size = size or item.length
            value = item.value
            if isinstance(value, bytes):
                value = value[first : first + size]
                value = value.hex(":") if size == item.length and not mask and len(names) == 1 else int.from_bytes(value, "big")
            if name == "broadcast_area_identifier":
                value = item.value.hex(":")
            plain[item.offset + first, size, f"smpp.{name}"] = (value & mask) // (mask & -mask) if mask else value
        assert self.row is not None
        if item.name == "command_status" and not self.row.is_response:
            return Expected("request-status", {})
        if item.name == "dest_flag":
            return Expected("dest-flag", {})
        if item.name in ("number_of_dests", "no_unsuccess"):
            return Expected("group-count", dict.fromkeys(plain, "") if item.value else {})
        if item.name in OPAQUE:
            return Expected("no-octets", dict.fromkeys(plain, ""))
        if item.name in TIMES:
            return self._time(item)
        if item.value == "" and item.kind != "tlv":
            return self._empty(item, plain)
        if isinstance(item.value, str) and not (item.value.isascii() and item.value.isprintable()):
            return Expected("not-printable", dict.fromkeys(plain, ...))
        return Expected("", plain)

    def _empty(self, item: Item, plain: dict[tuple[int, int, str], Any]) -> Expected:
        assert self.row is not None
        if item.name == "service_type":
            return Expected("default-service-type", dict.fromkeys(plain, "(Default)"))
        address = item.name in ("source_addr", "destination_addr") and item.kind == "field"
        return Expected("", plain) if address and self.row.name in WITH_EMPTY_ADDRESSES else Expected("empty-string", {})

    def _time(self, item: Item) -> Expected:
        """A moment or a span, under one of two names; ours is what SmppTime makes of the text."""
        assert self.row is not None
        absolute, relative = ((item.offset, item.length, f"smpp.{item.name}{end}") for end in ("", "_r"))
        if item.value == "":
            if item.name == "final_date":
                return Expected("empty-string", {})
            if self.row.name == "submit_multi" and item.name == "validity_period":
                return Expected("multi-validity", {(item.offset, 1, "smpp.schedule_delivery_time_r"): "0.000000000"})
            return Expected("empty-time", {relative: "0.000000000"})
        if not is_time(item.value):
            return Expected("bad-time", {absolute: ..., relative: ...})
        time = SmppTime.parse(item.value)
        if time.is_relative:
            span = timedelta(days=time.day, hours=time.hour, minutes=time.minute, seconds=time.second)
            exact = time.at(NOW) - NOW == span
            return Expected("" if exact else "time-relative", {relative: f"{span // timedelta(seconds=1)}.000000000"})
        try:
            moment = time.at(NOW).astimezone(UTC)
        except EncodeError:
            return Expected("time-impossible", {absolute: ...})
        late = time.year >= 38
        if late:
            moment = _a_century_before(time)
        text = f"{moment:%b} {moment.day:2}, {moment:%Y %H:%M:%S}.{moment.microsecond:06}000 UTC"
        return Expected("time-century" if late else "", {absolute: text})


def _a_century_before(time: SmppTime) -> datetime:
    """The moment with the year read as 19YY; 1900 is none of these, so the leap years are the same."""
    moment = time.at(NOW).astimezone(UTC)
    return moment.replace(year=moment.year - 100)


def same(text: str, expected: Any) -> bool:
    if isinstance(expected, int):
        return text != "" and int(text, 0) == expected
    return expected is ... or text == expected


class Result(NamedTuple):
    """reasons: why what differs differs. wrong: what nothing explains. compared: commands with their fields, and TLVs, found equal."""

    reasons: set[str]
    wrong: list[str]
    compared: set[str]


def compare(frame: bytes, theirs: Seen) -> Result:
    view = View(frame)
    reasons = set(view.reasons)
    if not view.shown:
        return Result(reasons, ["it is shown"] if theirs.pdus else [], set())
    if not theirs.pdus:
        return Result(reasons, ["it is not shown"], set())
    assert view.row is not None
    shown = dict(theirs.pdus[0])
    wrong = []
    compared = set()
    for item, (reason, texts) in view.expected():
        reasons |= {reason} - {""}
        for key, text in texts.items():
            got = shown.pop(key, None)
            if text is ...:
                continue
            compared.add(item.name if item.kind == "tlv" else f"{view.row.name} {item.name}")
            if got is None or not same(got, text):
                wrong.append(f"{view.row.name} {item.kind} {item.name} at {item.offset}: {got!r} for {key[2]}, not {text!r}")
    wrong += [f"{view.row.name} {key}: {text!r} is more than we know of" for key, text in shown.items() if not _second_reading(view, key)]
    if theirs.header_malformed and view.has_header:
        reasons.add("user-data-header")
    elif theirs.header_malformed:
        wrong.append("malformed user data without a user data header")
    double = next((step for step in view.steps if step.offset < view.lost and any(f.code == "two-texts" for f in step.findings)), None)
    if double is not None and double.length == 4:
        reasons.add("empty-payload")
        double = None
    if theirs.two_texts is not (double is not None):
        wrong.append(f"{view.row.name}: two texts are seen, {theirs.two_texts}")
    if view.malformed is not None and theirs.malformed is not view.malformed:
        wrong.append(f"{view.row.name} {sorted(view.codes)}: malformed is {theirs.malformed}")
    return Result(reasons, wrong, compared)


def _second_reading(view: View, key: tuple[int, int, str]) -> bool:
    """Whether tshark may show this beside the fields: a container, the text of a message, the bits of data_coding, what it is lost in."""
    offset, length, name = key
    if offset >= view.lost:
        return True
    for step in view.steps:
        starts, ends = offset == step.offset, offset + length == step.offset + step.length
        if name == "smpp.opt_params" and starts and step.tag is not None:
            return offset + length == len(view.frame) or "length-mismatch" in view.codes
        if name == "smpp.opt_param" and starts and step.tag is not None:
            return ends or step.offset + 4 == view.lost
        if name.startswith("smpp.dcs.") and step.field == "data_coding":
            return starts and ends
        if name == "smpp.message_text" and ends and step.field in ("short_message", "message_payload"):
            return True
    return False


HEADER = ((0, "command_length"), (4, "command_id"), (12, "sequence_number"))


def headed(frame: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(frame[at : at + 4], "big") for at, _ in HEADER)


# --- generated PDUs


def collect(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Values of a strategy, the same at every run. Nothing is shrunk: a batch goes through tshark in one run."""
    values: list[Any] = []

    @seed(20260131)
    @settings(max_examples=count, phases=[Phase.generate], deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def take(value: Any) -> None:
        values.append(value)

    take()
    return values


def _span(days: int, seconds: int, calendar: int, tenths: int) -> str:
    return f"{calendar:04}{days:02}{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}{tenths}00R"


MOMENTS = st.builds(
    lambda when, tenths, quarters, sign: f"{when:%y%m%d%H%M%S}{tenths}{quarters:02}{sign}",
    st.datetimes(datetime(2001, 1, 1), datetime(2098, 12, 31)), st.integers(0, 9), st.integers(0, 48), st.sampled_from("+-"),
)
SPANS = st.builds(_span, st.integers(0, 99), st.integers(0, 86399), st.sampled_from((0, 0, 0, 1, 100)), st.sampled_from((0, 0, 0, 5)))

STATUSES = (0, 0, 0, 0, 0x08, 0x4A, 0x4B, 0x112, 0x3FF, 0x400, 0xFFFFFFFF)


@st.composite
def sound(draw: st.DrawFn, row: Command) -> ours.Laid:
    """A clean PDU; more often than elsewhere its times are real, its response succeeds, and a TLV is unknown."""
    _, fields, tlvs, _, sequence = draw(ours.built((row,), clean=True))
    for field in row.fields:
        if field.form:
            fields[field.name] = draw(st.one_of(st.just(fields[field.name]), MOMENTS, SPANS))
    tlvs = [*draw(st.lists(ours.UNKNOWN_TLV, max_size=1)), *tlvs]
    return ours.lay(row, fields, tlvs, status=draw(st.sampled_from(STATUSES if row.is_response else (0,))), sequence=sequence)


@st.composite
def with_tlv(draw: st.DrawFn, row: Tlv) -> ours.Laid:
    """A short PDU that tshark reads up to this TLV."""
    command = BY_NAME[draw(st.sampled_from(("bind_receiver_resp", "submit_sm_resp", "deliver_sm_resp", "data_sm_resp")))]
    raw = draw(MOMENTS).encode() + b"\0" if row.name == "broadcast_end_time" else draw(ours.tlv_raws(row))
    return ours.lay(command, {field.name: "7" for field in command.fields}, [(row.tag, raw)])


@functools.cache
def sound_frames() -> list[bytes]:
    by_command = [frame.octets for row in ours.ROWS for frame in collect(sound(row), EACH)]
    return by_command + [frame.octets for row in TLVS.values() for frame in collect(with_tlv(row), EACH_TLV)]


# --- the tests


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where tshark may write; skips if it is not there, or not the one whose ways are written down here."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed (Debian: apt install tshark)")
    version = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True).stdout.partition("\n")[0]
    if "4.0." not in version:
        pytest.skip(f"the reasons are those of tshark 4.0, this is {version}")
    return tmp_path


def check(frames: list[bytes], folder: Path) -> tuple[Counter[str], set[str]]:
    """Compare each frame; how often each reason was met, and what was compared."""
    met: Counter[str] = Counter()
    compared: set[str] = set()
    wrong = []
    for frame, element in zip(frames, each_alone(frames, folder), strict=True):
        result = compare(frame, seen(element))
        met.update(result.reasons)
        compared |= result.compared
        wrong += [f"{line}\n    {frame.hex()}" for line in result.wrong]
    assert not wrong, f"{len(wrong)} unexplained differences\n" + "\n".join(wrong[:20])
    return met, compared


def test_tshark_finds_the_same_octets_and_values_in_sound_pdus_of_every_command(folder: Path) -> None:
    frames = sound_frames()
    assert len(frames) >= 2000
    met, compared = check(frames, folder)
    assert set(met) == set(SOUND), "a reason that explains nothing here, or one of faults"
    fields = {f"{row.name} {field.name}" for row in ours.ROWS for field in row.fields if field.kind not in ("dests", "unsuccess")}
    assert {*fields, *(row.name for row in TLVS.values())} - compared == {"broadcast_rep_num"}, "never compared"


def test_tshark_agrees_on_what_stands_before_a_fault_and_on_what_is_malformed(folder: Path) -> None:
    faults = [fault for faulty in ours.FAULTS.values() for fault in collect(faulty, FAULTY)]
    met, _ = check([fault.octets for fault in faults], folder)
    assert set(FAULTS) <= set(met) <= {*FAULTS, *SOUND}


def test_tshark_and_the_framer_cut_a_stream_at_the_same_places(folder: Path) -> None:
    dice = random.Random(20260131)
    views = [view for view in map(View, sound_frames()) if len(view.frame) < 1000 and view.shown]
    frames = [view.frame for view in views if not view.has_header]
    packets: list[bytes] = []
    wanted: list[tuple[list[bytes], bool]] = []
    for port in range(CLIENTS, CLIENTS + 150):
        octets = b"".join(dice.sample(frames, 6))
        framer = smpp.Framer()
        short = False
        # No segment of one octet: tshark may take it for a keep-alive of TCP.
        for start, end in pairwise((0, *sorted(dice.sample(range(2, len(octets) - 1, 2), 5)), len(octets))):
            packets.append(packet(port, 1 + start, octets[start:end]))
            wanted.append((framer.feed(octets[start:end]), short))
            short = short or 0 < framer.buffered < 16
    met: Counter[str] = Counter()
    for (whole, short), element in zip(wanted, tshark(packets, folder), strict=True):
        theirs = [tuple(int(pdu[at, 4, f"smpp.{name}"], 0) for at, name in HEADER) for pdu in seen(element).pdus]
        if theirs != [headed(frame) for frame in whole]:
            assert short, f"tshark finds {theirs} in a segment that ends {[frame.hex() for frame in whole]}"
            met["short-segment"] += 1
    assert set(met) == set(STREAMS)


# --- the document


class Example(NamedTuple):
    """What docs/tshark.md shows under the heading of a reason."""

    segments: list[bytes]
    tshark: list[str]
    smswire: list[str]


def examples() -> dict[str, Example]:
    found = {}
    for section in DOCUMENT.read_text("utf-8").split("\n### ")[1:]:
        name = re.match("`(.+)`\n", section)
        assert name is not None, section[:80]
        block = section.partition("```text\n")[2].partition("```")[0]
        lines = re.findall(r"^(octets|tshark|smswire) +(.*)$", block, re.MULTILINE)
        told: dict[str, list[str]] = {key: [text for kind, text in lines if kind == key] for key in ("octets", "tshark", "smswire")}
        found[name[1]] = Example([bytes.fromhex(text) for text in told["octets"]], told["tshark"], told["smswire"])
    return found


def lines_of(element: ElementTree.Element) -> list[str]:
    """The lines of tshark's tree that speak of SMPP, without the headings of PDUs."""
    named = [(node.get("name", ""), node.get("showname", "")) for node in element.iter()]
    return [text.strip() for name, text in named if name.startswith("smpp.") or (text and name in ("gsm_sms_ud", "_ws.malformed"))]


def follow(lines: list[str], all_lines: list[str]) -> bool:
    return any(all_lines[at : at + len(lines)] == lines for at in range(len(all_lines)))


def test_the_document_lists_and_explains_each_reason_once() -> None:
    table = re.findall(r"^\| `(.+?)` \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert sorted(table) == sorted(DISAGREEMENTS)
    assert list(examples()) == table


def test_the_examples_of_the_document_are_what_is_shown(folder: Path) -> None:
    packets = []
    for port, example in enumerate(examples().values(), CLIENTS):
        starts = accumulate(map(len, example.segments), initial=1)
        packets += [packet(port, start, segment) for start, segment in zip(starts, example.segments)]
    elements = iter(tshark(packets, folder))
    for name, example in examples().items():
        views = [next(elements) for _ in example.segments]
        if name in STREAMS:
            framer = smpp.Framer()
            frames = [frame for segment in example.segments for frame in framer.feed(segment)]
        else:
            frames = example.segments
            result = compare(frames[0], seen(views[0]))
            assert (name in result.reasons, result.wrong) == (True, []), name
        theirs = [line for view in views for line in lines_of(view)]
        assert follow(example.tshark, [*theirs, "(nothing more)"] if theirs else ["(nothing)"]), f"{name}: {theirs}"
        steps = [step for frame in frames for step in walk(frame, TLVS)]
        mine = [" ".join([f"{step.offset} {step.field} {step.value!r}", *(finding.code for finding in step.findings)]) for step in steps]
        assert follow(example.smswire, mine), f"{name}: {mine}"
