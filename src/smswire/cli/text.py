"""Commands, above layer 9: `smswire text`: how a text would be sent, and what each of its characters costs."""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import click

from smpp_core import EncodeError

from ..message.address import Address
from ..message.alphabet import Alphabet
from ..message.compose import Composition, compose
from ..message.message import Message
from ..message.split import MOST_SEGMENTS
from ..message.transliterate import Proposal, propose, replacement
from .options import Failure, profile_named
from .output import Output, encode
from .shown import quoted, safe

# No message holds a hundredth of it; more is a wrong file.
MAX_INPUT = 16 * 1024 * 1024
# Rows of a list, and indexes of a row; JSON has them all.
MAX_ROWS, MAX_PLACES = 20, 6
LABEL = 14
# The option that stands before what is wrong with a field.
OPTIONS = {
    "to": "--to: ", "sender": "--from: ", "national": "--national: ", "reference": "--reference: ",
    "campaign_id": "--campaign-id: ",
}


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("words", nargs=-1, metavar="[TEXT... | -]")
@click.option("--from-file", "path", type=click.Path(dir_okay=False), metavar="FILE", help="Read the text from a file in UTF-8.")
@click.option(
    "--national", multiple=True, metavar="LANG",
    help="Allow the GSM tables of a language, as tr, es, pt, hi or a number of 3GPP 23.038; commas between several.",
)
@click.option("--latin1", is_flag=True, help="Allow Latin-1 where it saves a segment.")
@click.option(
    "--encoding", type=click.Choice(["auto", "gsm7", "latin1", "ucs2"]), default="auto", show_default=True,
    help="The encoding to use, or the smallest.",
)
@click.option(
    "--concatenation", type=click.Choice(["udh8", "udh16", "sar", "payload"]), default="udh8", show_default=True,
    help="How parts name each other: by a header with a number of 8 or 16 bits, by SAR TLVs, or not: one PDU with message_payload.",
)
@click.option("--flash", is_flag=True, help="A message that is shown at once and not stored.")
@click.option("--transliterate", is_flag=True, help="Explain the proposed spelling instead of the text.")
@click.option(
    "--profile", default="vendor", show_default=True, metavar="NAME|FILE", help="Whose data codings: vendor, standard or a TOML file.",
)
@click.option("--pdus", is_flag=True, help="Print the submit_sm PDUs in hex, one a line; needs --to.")
@click.option("--from", "sender", metavar="ADDRESS", help="Sender of the PDUs: a number, or up to 11 characters.")
@click.option("--to", metavar="NUMBER", help="Receiver of the PDUs, with its country code.")
@click.option("--reference", type=click.IntRange(0, 0xFFFF), default=1, show_default=True, metavar="N", help="Number that the parts share.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Text to read, or one JSON object.",
)
def text(
    words: tuple[str, ...], path: str | None, national: tuple[str, ...], latin1: bool, encoding: str, concatenation: str, flash: bool,
    transliterate: bool, profile: str, pdus: bool, sender: str | None, to: str | None, reference: int, form: str,
) -> None:
    """Explain how a text would be sent.

    Which encoding and why, octets, segments and what is left in the last one, the characters that force UCS-2 or cost two units, and a
    spelling that would be cheaper. TEXT is joined by blanks; - reads standard input. Of what is read, a byte order mark and the last line
    end are not part of the text.

    \b
    Examples:
      smswire text 'Meet me at the café [corner]'
      smswire text --national tr 'Işık açık mı?'
      smswire text --from-file letter.txt --concatenation udh16 --format json
      smswire text --pdus --from Infobip --to 385951111111 'Hello' | smswire decode -

    \b
    Exit code: 0 done, 2 wrong usage, or a text that cannot be sent.
    """
    if pdus and to is None:
        raise click.UsageError("--pdus needs --to")
    if not pdus and (to is not None or sender is not None):
        raise click.UsageError("--from and --to are for --pdus")
    given = _read(words, path)
    languages = tuple(name for names in national for name in names.split(",") if name.strip())
    try:
        message = Message(
            to=Address("") if to is None else Address.destination(to), sender=None if sender is None else Address.sender(sender),
            text=given, encoding=encoding, concatenation=concatenation, flash=flash, reference=reference,  # type: ignore[arg-type]
        )
        applied = propose(given) if transliterate else None
        if applied is not None:
            message.text = applied.text
        made = compose(message, profile=profile_named(profile), national=languages, latin1=latin1)
        octets = [bytes(pdu.with_sequence(number)) for number, pdu in enumerate(made.pdus(), 1)] if pdus else []
    except EncodeError as error:
        raise Failure(OPTIONS.get(error.field, "") + str(error)) from None
    output = Output()
    if form == "json":
        record = _record(made, given, applied)
        if pdus:
            record["pdus"] = [pdu.hex() for pdu in octets]
        output.write(json.dumps(record, ensure_ascii=sys.stdout.isatty(), separators=(",", ":")).encode() + b"\n")
    elif pdus:
        output.write(b"".join(pdu.hex().encode() + b"\n" for pdu in octets))
    else:
        output.write(encode("".join(f"{line}\n" for line in _page(made, transliterate, applied))))
    output.flush()


# -- what is given ----------------------------------------------------------------------------------------------------------


def joined(words: Sequence[str]) -> str:
    """The words of a command line as one text, with blanks between them. Raises Failure."""
    given = " ".join(words)
    for index, char in enumerate(given):
        if "\udc80" <= char <= "\udcff":  # how Python hands on an argument's octets that it cannot read
            raise Failure(f"the text has the octet 0x{ord(char) - 0xDC00:02X} at index {index}, which is no UTF-8")
    return given


def _read(words: tuple[str, ...], path: str | None) -> str:
    """The text of the arguments, a file or standard input. Raises Failure or click.UsageError."""
    if path is not None:
        if words:
            raise click.UsageError("give TEXT or --from-file, not both")
        with open(path, "rb") as file:
            return _decoded(file.read(MAX_INPUT + 1), path)
    if words and words != ("-",):
        return joined(words)
    if sys.stdin is None:
        raise Failure("standard input is closed")
    if not words and sys.stdin.isatty():
        raise click.UsageError("give a text, --from-file, or - for standard input")
    return _decoded(sys.stdin.buffer.read(MAX_INPUT + 1), "standard input")


def _decoded(octets: bytes, name: str) -> str:
    if len(octets) > MAX_INPUT:
        raise Failure(f"{name} has more than {MAX_INPUT // 1024 // 1024} MiB, which no message holds")
    try:
        given = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The position is counted behind a byte order mark.
        mark = 3 if octets.startswith(b"\xef\xbb\xbf") else 0
        raise Failure(f"{name} is no UTF-8: octet 0x{error.object[error.start]:02X} at {error.start + mark}") from None
    return given.removesuffix("\n").removesuffix("\r") if given.endswith("\n") else given


# -- a page to read ---------------------------------------------------------------------------------------------------------


def _page(made: Composition, transliterate: bool, applied: Proposal | None) -> Iterator[str]:
    split = made.split
    assert split is not None
    alphabet = split.alphabet
    unit = alphabet.unit
    if applied is not None:
        yield _line("spelling", f"another one is explained: {_count(len(applied.changes), 'change')}")
    elif transliterate:
        yield _line("spelling", "there is no other one to propose")
    yield _line("encoding", f"{alphabet.title}, data_coding {made.data_coding}")
    yield _line("because", made.reason)
    units = sum(part.units for part in made.parts)
    octets = sum(len(part.octets) for part in made.parts)
    yield _line("length", f"{_count(len(split.text), 'character')}, {_count(units, unit)}, {_count(octets, 'octet')}")
    left = f"{_count(made.units_left, unit)} left" + (" in the last" if made.segments > 1 else "")
    peer = ", made by the peer" if made.message.concatenation == "payload" and made.segments > 1 else ""
    yield _line("segments", f"{made.segments}{peer}, of at most {_count(made.capacity, unit)}; {left}")
    if made.parts[0].header:
        yield _line("header", f"{made.parts[0].header} octets" + (" in each" if len(made.parts) > 1 else ""))
    width = len(str(len(made.parts)))
    for part in made.parts:
        yield _line(f"{part.number:>{width}}", f"{part.units:>4}  {quoted(part.text or '')}")
    if alphabet.encoding != "gsm7":
        yield from _rows(f"forces {alphabet.title}", split.forced_by, _spelling)
    yield from _rows("costs two", split.doubled, lambda char: "")
    found = made.proposal
    if found is not None:
        saved = f"and saves {_count(found.saved, 'segment')}" if found.saved > 0 else "which saves none"
        yield _line("proposal", f"{quoted(found.text)}")
        yield _line("", f"takes {_count(found.segments, 'segment')} in GSM 7-bit, {saved}; --transliterate explains it")
    elif split.forced_by and not split.asked:
        yield _line("proposal", "none: not every character has another spelling")


def _line(label: str, value: str) -> str:
    return f"{label:<{LABEL}}{value}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _rows(label: str, places: Iterable[tuple[int, str]], note: Callable[[str], str]) -> Iterator[str]:
    """One line for each character, with where it stands."""
    indexes: dict[str, list[int]] = {}
    for index, char in places:
        indexes.setdefault(char, []).append(index)
    for row, (char, found) in enumerate(indexes.items()):
        if row == MAX_ROWS:
            yield _line("", f"and {_count(len(indexes) - MAX_ROWS, 'other character')}; --format json lists all")
            return
        shown = ", ".join(str(index) for index in found[:MAX_PLACES])
        more = f" and {len(found) - MAX_PLACES} more" if len(found) > MAX_PLACES else ""
        yield _line("" if row else label, f"{_glyph(char)}  U+{ord(char):04X} {_name(char)}, at {shown}{more}{note(char)}")


def _glyph(char: str) -> str:
    # A mark would be drawn over the quote before it.
    return f'"\u25cc{char}"' if unicodedata.category(char) in ("Mn", "Me", "Mc") and char.isprintable() else f'"{safe(char)}"'


def _name(char: str) -> str:
    return unicodedata.name(char, "control character" if unicodedata.category(char) == "Cc" else "without a name")


def _spelling(char: str) -> str:
    spelled = replacement(char)
    if spelled is None:
        return ""
    return f"; {quoted(spelled)} could stand for it" if spelled else "; it could be left out"


# -- an object for programs -------------------------------------------------------------------------------------------------


def _record(made: Composition, given: str, applied: Proposal | None) -> dict[str, Any]:
    split = made.split
    assert split is not None
    alphabet: Alphabet = split.alphabet
    found = made.proposal
    record: dict[str, Any] = {"text": split.text}
    if applied is not None:
        record |= {"original": given, "changes": _changes(applied)}
    return record | {
        "characters": len(split.text), "encoding": made.encoding, "data_coding": made.data_coding, "locking": alphabet.locking,
        "single": alphabet.single, "reason": made.reason, "unit": alphabet.unit, "units": sum(part.units for part in made.parts),
        "octets": sum(len(part.octets) for part in made.parts), "segments": made.segments, "capacity": made.capacity,
        "units_left": made.units_left, "max_segments": MOST_SEGMENTS,
        "parts": [
            {"number": part.number, "text": part.text, "units": part.units, "octets": len(part.octets), "hex": part.octets.hex(),
             "udh": part.octets[:part.header].hex()}
            for part in made.parts
        ],
        "forced_by": [_character(index, char) | {"proposal": replacement(char)} for index, char in made.forced_by],
        "costs_two": [_character(index, char) for index, char in split.doubled],
        "proposal": found and {"text": found.text, "segments": found.segments, "saved": found.saved, "changes": _changes(found)},
    }


def _changes(proposal: Proposal) -> list[dict[str, Any]]:
    return [{"index": index, "from": old, "to": new} for index, old, new in proposal.changes]


def _character(index: int, char: str) -> dict[str, Any]:
    return {"index": index, "char": char, "code_point": f"U+{ord(char):04X}", "name": _name(char)}
