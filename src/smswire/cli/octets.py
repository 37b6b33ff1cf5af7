"""Commands, above layer 9: hex as people paste it -> octets; and what a file is by its first octets.

Analysts paste what their tools print: bare digits, `0x` lists, `\\x` strings, C arrays, dumps of Wireshark, tcpdump, xxd, hexdump
and od with offsets and a column of characters, and lines of logs. Each form is read to the same octets.
"""

import re
from typing import NamedTuple

PCAP_MAGICS = frozenset((b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a"))
GZIP_MAGIC = b"\x1f\x8b"
# A dump may squeeze equal lines into "*"; a forged offset behind it must not fill the memory.
MAX_SQUEEZED = 16 * 1024 * 1024
# The shortest run of hex in a line of prose that is taken for a PDU: its header.
HEADER = 16

_HEX = "0123456789abcdefABCDEF"
_TEXT_OCTETS = bytes(range(0x20, 0x7F)) + b"\t\n\r\f\v"
_SEPARATORS = re.compile(r"[\s,;:\-_.|\"'<>()\[\]{}]+")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_BRACES = re.compile(r"\{([^{}]*)\}")
_WORD = re.compile(r"(?:0[xX]|\\x)?([0-9a-fA-F]+)")
_OFFSET = re.compile(r"[ \t]*(?:0x)?([0-9a-fA-F]{4,16})(:|(?=\s|$))")
_WIDE = re.compile(r"[ \t]*(?:0x)?[0-9a-fA-F]{4,16}(?:  |\t)")
_GROUP = re.compile(r"[ \t]{0,3}([0-9a-fA-F]{2}(?:[0-9a-fA-F]{2})*)(?![0-9A-Za-z])")
_ESCAPE = re.compile(r"""\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))|(.)""", re.S)
_QUOTED = re.compile(r"""b?(["'])((?:\\.|(?!\1)[^\\])*)\1""", re.S)
_ESCAPED = {"n": 10, "r": 13, "t": 9, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27}
_TOKEN = r"(?:[0-9a-fA-F]{2})+"
_RUNS = re.compile(
    rf"(?<![0-9A-Za-z])(?:"
    rf"0[xX][0-9a-fA-F]{{1,2}}(?:[ ,]{{1,3}}0[xX][0-9a-fA-F]{{1,2}}(?![0-9A-Za-z]))+"
    rf"|(?:\\x[0-9a-fA-F]{{2}})+"
    rf"|[0-9a-fA-F]{{2}}(?:(?P<mark>:|-|, ?)[0-9a-fA-F]{{2}})(?:(?P=mark)[0-9a-fA-F]{{2}})*"
    rf"|(?:0[xX])?{_TOKEN}(?:[ \t]{{1,3}}{_TOKEN}(?![0-9A-Za-z]))*"
    rf")(?![0-9A-Za-z])"
)


class NotHex(ValueError):
    """The text is no hex in any known form; its sentence says what is in the way."""


class Octets(NamedTuple):
    """Octets read from text. starts: offsets at which a line or block of the text began, where a PDU may begin anew."""

    octets: bytes
    starts: tuple[int, ...] = (0,)


def kind(head: bytes) -> str:
    """What an input is by its first octets: "empty", "gzip", "capture", "hex" (text of any sort) or "octets"."""
    if not head:
        return "empty"
    if head[:2] == GZIP_MAGIC:
        return "gzip"
    if head[:4] in PCAP_MAGICS:
        return "capture"
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or not _printable(head[:65536]).translate(None, _TEXT_OCTETS):
        return "hex"
    return "octets"


def _printable(head: bytes) -> bytes:
    """The octets left to judge when those of well-formed UTF-8 letters are set aside; log lines hold names of people."""
    if head.isascii():
        return head
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return head
    return bytes(octet for octet in head if octet < 0x80)


def text_of(octets: bytes) -> str:
    """Read a text file's octets: UTF-8, or UTF-16 with its byte order mark (a Windows shell writes it); nothing raises."""
    encoding = "utf-16" if octets[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return octets.decode(encoding, "replace")


def read_hex(text: str) -> Octets:
    """Read hex in any common form.

    text: one or many PDUs; forms may not be mixed but for log lines around them. Returns the octets and where its lines began.
    Raises NotHex with one sentence.
    """
    if not text.strip():
        raise NotHex("there is no hex in it")
    if "\\x" in text:
        found = _escaped(text)
        if found is not None:
            return found
    found = _dump(text)
    if found is None:
        found = _plain(text)
    if found is None:
        found = _lines(text)
    if found is None:
        raise NotHex(_complaint(text))
    return found


def _join(parts: list[bytes]) -> Octets:
    starts, at = [], 0
    for part in parts:
        if part:
            starts.append(at)
            at += len(part)
    return Octets(b"".join(parts), tuple(starts) or (0,))


def _plain(text: str) -> Octets | None:
    """Digits with separators only, `0x` before a list or before each octet, a C array."""
    try:
        return _join([bytes.fromhex(line) for line in text.splitlines()])
    except ValueError:
        pass
    text = _COMMENT.sub(" ", text)
    braces = _BRACES.search(text)
    if braces is not None:
        text = braces[1]
    parts = []
    for line in text.splitlines():
        words = []
        for word in _SEPARATORS.split(line):
            if not word:
                continue
            digits = _WORD.fullmatch(word)
            if digits is None:
                return None
            prefixed = len(digits[1]) != len(word)
            # A C array writes 0x0 for one octet; without the prefix one digit is a slip.
            words.append("0" + digits[1] if prefixed and len(digits[1]) % 2 else digits[1])
        parts.append("".join(words))
    try:
        return _join([bytes.fromhex(part) for part in parts]) if any(parts) else None
    except ValueError:
        whole = "".join(parts)  # a line may end inside an octet
        return Octets(bytes.fromhex(whole)) if len(whole) % 2 == 0 else None


def _escaped(text: str) -> Octets | None:
    """`\\x00\\x00` alone, or quoted as Python and C print it, with letters between the escapes."""
    bare = re.sub(r"\\x[0-9a-fA-F]{2}", "", text)
    if not re.sub(r"[\s,;\"'+]|\bb(?=[\"'])", "", bare):
        return _join([bytes.fromhex("".join(re.findall(r"\\x([0-9a-fA-F]{2})", line))) for line in text.splitlines()])
    parts = []
    for quoted in _QUOTED.finditer(text):
        if "\\" in quoted[2]:
            parts.append(_unescape(quoted[2]))
    return _join(parts) if parts else None


def _unescape(text: str) -> bytes:
    out = bytearray()
    for digits, octal, letter, plain in _ESCAPE.findall(text):
        if digits:
            out.append(int(digits, 16))
        elif octal:
            out.append(int(octal, 8) & 0xFF)
        elif letter:
            out.append(_ESCAPED[letter]) if letter in _ESCAPED else out.extend(letter.encode("latin-1", "replace"))
        else:
            out += plain.encode("latin-1", "replace")
    return bytes(out)


class _DumpLine(NamedTuple):
    """One line of a dump: where its octets say they stand, the groups of hex behind, and where each group ends in the line."""

    offset: int
    groups: tuple[str, ...]
    ends: tuple[int, ...]
    line: str
    colon: bool

    @property
    def octets(self) -> bytes:
        return bytes.fromhex("".join(self.groups))

    @property
    def counted(self) -> int:
        """How many octets the line has. Its column of characters may look like hex, but says the same octets again."""
        whole = self.octets
        count = len(whole)
        for group, end in zip(reversed(self.groups), reversed(self.ends)):
            if self.line[end : end + 2].isspace() and _shows(self.line[end:].strip(), whole[:count]):
                return count
            count -= len(group) // 2
        return len(whole)


_Block = list["_DumpLine | None"]  # None stands for "*", lines left out because they equal the one before


def _dump(text: str) -> Octets | None:
    """Lines of an offset, octets, and mostly the characters again. A new block begins where the offset falls back."""
    blocks: list[_Block] = []
    expected = -1
    for text_line in text.splitlines():
        if text_line.strip() == "*" and blocks:
            blocks[-1].append(None)
        elif (line := _dump_line(text_line)) is not None:
            squeezed = bool(blocks) and blocks[-1][-1] is None
            if not blocks or line.offset < expected - len(line.groups) or (line.offset == 0 and expected > 0):
                blocks.append([])
            elif line.offset > expected and not squeezed and not line.colon:
                return None
            blocks[-1].append(line)
            expected = line.offset + line.counted
    if not blocks or not _is_dump(blocks):
        return None
    return _join([_block(block) for block in blocks])


def _dump_line(text: str) -> _DumpLine | None:
    head = _OFFSET.match(text)
    if head is None:
        return None
    groups: list[str] = []
    ends: list[int] = []
    at = head.end()
    while len(groups) < 64 and (group := _GROUP.match(text, at)) is not None:
        groups.append(group[1])
        at = group.end()
        ends.append(at)
    if not groups and (text[at:].strip() or int(head[1], 16) == 0):
        return None
    return _DumpLine(int(head[1], 16), tuple(groups), tuple(ends), text, head[2] == ":")


def _shows(rest: str, octets: bytes) -> bool:
    """True if rest is the column of characters of these octets: '.' for what cannot be printed, maybe between bars."""
    if rest[:1] == "|" and rest[-1:] == "|" or rest[:1] == ">" and rest[-1:] == "<":
        rest = rest[1:-1]
    shown = "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in octets)
    return rest.replace(" ", "") == shown.replace(" ", "")


def _is_dump(blocks: list[_Block]) -> bool:
    """An offset without its colon looks like the first octets of bare hex: its neighbours or its characters must prove it."""
    lines = [line for block in blocks for line in block if line is not None]
    if not any(line.groups for line in lines):
        return False
    if all(line.colon for line in lines):
        return True
    if not all(len(group) == 2 for line in lines for group in line.groups[: line.counted]):
        return False
    if any(line is None for block in blocks for line in block):
        return True
    joined = any(a and b and a.offset + a.counted == b.offset for block in blocks for a, b in zip(block, block[1:]))
    spaced = all(line.offset == 0 and len(line.groups) <= 33 and _WIDE.match(line.line) for line in lines)
    return joined or spaced


def _block(block: _Block) -> bytes:
    out = bytearray()
    base, last, squeezed = -1, b"", False
    for line, following in zip(block, [*block[1:], None]):
        if line is None:
            squeezed = True
            continue
        if base < 0:
            base = line.offset
        missing = line.offset - base - len(out)
        if squeezed and last and missing > 0:
            if missing > MAX_SQUEEZED:
                raise NotHex(f"the dump's offset {line.offset:x} behind '*' is {missing} octets ahead")
            out += (last * (missing // len(last) + 1))[:missing]
        squeezed = False
        count = following.offset - line.offset if following is not None else 0
        last = line.octets
        last = last[: count if 0 < count <= len(last) else line.counted]
        out += last
    return bytes(out)


def _plausible(octets: bytes) -> int:
    """The command_length of octets that begin like a PDU, else 0."""
    if len(octets) < HEADER or octets[0] or octets[4] & 0x7F or octets[5] or octets[6] > 1:
        return 0
    length = int.from_bytes(octets[:4], "big")
    return length if HEADER <= length <= 70_000 else 0


def _lines(text: str) -> Octets | None:
    """Hex inside lines of a log: the run that begins like a PDU; lines that go on with it have their octets in the same column."""
    parts: list[bytes] = []
    column, wanted = -1, 0
    for line in text.splitlines():
        best, begin = b"", -1
        for run in _RUNS.finditer(line):
            octets, start = _run(line, run)
            if _plausible(octets):
                best, begin = octets, start
                break
            if len(octets) >= HEADER and len(octets) > len(best):
                best, begin = octets, start
        length = _plausible(best)
        following = _RUNS.match(line, column) if wanted > 0 and not length else None
        if following is not None:
            octets, _ = _run(line, following)
            parts[-1] += octets
            wanted -= len(octets)
        elif best:
            parts.append(best)
            column, wanted = begin, length - len(best)
    return _join(parts) if parts else None


def _run(line: str, run: "re.Match[str]") -> tuple[bytes, int]:
    """Octets of one run of hex and its column, from the first of its groups that begins like a PDU, without a column of characters."""
    groups = [(m[1] if len(m[1]) % 2 == 0 else "0" + m[1], m.start(), m.end()) for m in _WORD.finditer(line, run.start(), run.end())]
    for index in range(len(groups)):
        if _plausible(bytes.fromhex("".join(group[0] for group in groups[index : index + HEADER]))):
            groups = groups[index:]
            break
    whole = bytes.fromhex("".join(group[0] for group in groups))
    count = len(whole)
    for digits, _, end in reversed(groups):
        if line[end : end + 2].isspace() and _shows(line[end:].strip(), whole[:count]):
            return whole[:count], groups[0][1]
        count -= len(digits) // 2
    return whole, groups[0][1]


def _complaint(text: str) -> str:
    digits = _SEPARATORS.sub("", text)
    if digits and all(letter in _HEX for letter in digits):
        return f"the hex has an odd number of digits ({len(digits)})"
    for at, letter in enumerate(text):
        if letter not in _HEX and not _SEPARATORS.match(letter):
            if letter in "xX" and at and text[at - 1] == "0":
                continue
            return f"{ascii(letter)} at position {at + 1} is no hex digit"
    return "there is no hex in it"
