"""Commands, above layer 9: `smswire demo`: what `make demo` shows: PDUs explained, and what the captures of the tests hold."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from smpp_core import CaptureError, Profile
from smpp_core.capture import Gap, read
from smpp_core.explain import explain
from smpp_core.receipt import parse_receipt

from .annotate import Page
from .frames import read_items
from .item import Item
from .octets import read_hex
from .options import Failure
from .output import Output, colours_wanted, encode
from .record import Record

# The answer to a Number Context request as the vendor's document prints it in 3.2, laid out as a deliver_sm.
NUMBER_CONTEXT = (
    "000001d700000005000000000000002a0000003338353931303030303030310000003030303030303030303000040000000000000000ce69643a343030373239"
    "3130343931343237363238207375623a30303120646c76723a303031207375626d697420646174653a3130303732393130343920646f6e6520646174653a3130"
    "303732393130343920737461743a44454c49565244206572723a3030300a494d53493a323139313031313030393335383530204d53433a333835393130313620"
    "484c523a333835393130303030303031204f524e3a5669704e657420504f4e3a5669704e657420524f4e3a5669704e657420524f433a4852204d43434d4e433a"
    "3231393130042300030300000427000102001e00123430303732393130343931343237363238001409000d33383539313030303030303100141200075669704e"
    "657400141300075669704e657400141400075669704e6574001415000843726f6174696100141700034852001416000632313931300014180004000000011419"
    "0003393100142000043338350014210004000000011422000843726f617469610014230003485200142400043338350014250004000000011403000f32313931"
    "3031313030393335383530140600083338353931303136"
)
# Long enough that a rate can be read, short enough that nobody waits for it.
_MEASURED = 0.4


@click.command()
@click.option(
    "--captures", type=click.Path(path_type=Path), default="tests/data/captures", show_default=True, help="A directory of captures."
)
@click.option("--color", "colour", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours.")
@click.pass_context
def demo(ctx: click.Context, captures: Path, colour: str) -> None:
    """Decode the captures of the project's tests and show what is in them.

    Shows a broken PDU, a receipt and the answer to a Number Context request, octet by octet; then what each capture holds, and how many
    PDUs are read in a second. Exit code 0 only if every capture was read to its end.

    \b
    Example, in the project's directory:
      smswire demo
    """
    files = sorted(path for path in captures.glob("*.pcap*") if path.is_file())
    if not files:
        raise Failure(f"there are no captures in {captures}; run it in the project's directory, or name a place with --captures")
    colours = colours_wanted(colour)
    width = None if sys.stdout.isatty() else 120
    console = Console(force_terminal=colours or None, no_color=not colours, highlight=False, width=width)
    page, output = Page(Profile.vendor(), colours), Output()
    for title, item in _shown(files):
        output.write(encode(f"{title}\n\n{page.item(item)}\n"))
    output.flush()
    failed = _table(console, files)
    _rates(console, files)
    ctx.exit(1 if failed else 0)


def _shown(files: list[Path]) -> Iterator[tuple[str, Item]]:
    """A broken PDU and a receipt of the captures, and a Number Context answer from hex."""
    broken = _first(files, lambda item: any(finding.severity == "error" for finding in item.pdu.findings))
    receipt = _first(files, lambda item: parse_receipt(item.pdu) is not None)
    if broken is not None:
        yield f"A PDU that breaks the protocol ({broken[0].name})", broken[1]
    if receipt is not None:
        yield f"A delivery receipt ({receipt[0].name})", receipt[1]
    found = read_hex(NUMBER_CONTEXT)
    for item in read_items([found.octets], Profile.vendor(), found.starts):
        yield "The answer to a Number Context request, from hex", item


def _first(files: list[Path], wanted: Callable[[Any], bool]) -> tuple[Path, Item] | None:
    for path in files:
        try:
            for item in read(path.read_bytes()):
                if not isinstance(item, Gap) and wanted(item):
                    return path, item
        except CaptureError:
            continue
    return None


def _table(console: Console, files: list[Path]) -> int:
    """What each capture holds. Returns how many could not be read to their end."""
    failed = 0
    table = Table(title="The captures")
    for name, justify in (("capture", "left"), ("PDUs", "right"), ("requests; responses", "left"), ("findings", "left"), ("gaps", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for path in files:
        commands: Counter[str] = Counter()
        responses = 0
        findings: Counter[str] = Counter()
        gaps: Counter[str] = Counter()
        try:
            for item in read(path.read_bytes()):
                if isinstance(item, Gap):
                    gaps[item.kind] += 1
                else:
                    commands[item.pdu.command] += not item.pdu.is_response
                    responses += item.pdu.is_response
                    findings.update(finding.code for finding in explain(item.pdu))
        except CaptureError as error:
            failed += 1
            gaps[str(error)] += 1
        shown = f"{_counts(commands, 3)}; responses {responses}"
        table.add_row(path.name, str(commands.total() + responses), shown, _counts(findings), _counts(gaps))
    console.print(table)
    return failed


def _counts(counter: Counter[str], most: int | None = None) -> str:
    """The most frequent names with their counts, and how many the others are together."""
    shown = [f"{name} {count}" for name, count in counter.most_common(most) if count]
    rest = sum(count for _, count in counter.most_common()[most:]) if most is not None else 0
    return ", ".join(shown + [f"others {rest}"] * (rest > 0))


def _rates(console: Console, files: list[Path]) -> None:
    captures = [path.read_bytes() for path in files]
    table = Table(title="PDUs in a second of one core")
    table.add_column("work")
    table.add_column("PDUs/s", justify="right")
    record = Record().item
    works: tuple[tuple[str, Callable[[Any], object]], ...] = (
        ("capture to PDUs, destination_addr read", lambda item: getattr(item.pdu, "destination_addr", None)),
        ("with text, receipt and all findings", lambda item: explain(item.pdu)),
        ("as JSON", record),
    )
    for name, work in works:
        count, begin = 0, time.process_time()
        while time.process_time() - begin < _MEASURED:
            for octets in captures:
                for item in read(octets):
                    if not isinstance(item, Gap):
                        work(item)
                        count += 1
        table.add_row(name, f"{count / (time.process_time() - begin):,.0f}")
    console.print(table)
