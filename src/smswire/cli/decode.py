"""Commands, above layer 9: `smswire decode`: hex, raw octets or a capture -> annotated PDUs."""

import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

import click

from smpp_core import CaptureError, Profile

from .frames import read_items
from .inputs import Input, open_input
from .item import Item, gap_kind, missing_of
from .options import Failure, predicate, profile_named
from .output import Output, colours_wanted, encode

# A progress bar is for what takes longer than a glance.
LONG = 32 * 1024 * 1024


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("arguments", nargs=-1, metavar="[HEX... | FILE | -]")
@click.option("--strict", is_flag=True, help="Exit 1 if a PDU has an error, or octets are no whole PDU.")
@click.option(
    "--profile", default="vendor", show_default=True, metavar="NAME|FILE",
    help="What the peer means by its codes: vendor, standard or a TOML file.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="Text to read, or one JSON object a line.",
)
@click.option("--where", metavar="EXPR", help="Show only what the expression holds for, as 'command == submit_sm and text ~ \"code\"'.")
@click.option(
    "--port", "ports", type=click.IntRange(1, 65535), multiple=True, metavar="N",
    help="Of a capture: what is on this port is SMPP, or reported; may be repeated.",
)
@click.option("--hex", "force_hex", is_flag=True, help="The arguments, or what is read, are hex whatever they look like.")
@click.option("--color", "colour", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours in the text form.")
@click.pass_context
def decode(
    ctx: click.Context, arguments: tuple[str, ...], strict: bool, profile: str, form: str, where: str | None, ports: tuple[int, ...],
    force_hex: bool, colour: str,
) -> None:
    """Explain every octet of SMPP PDUs.

    The input is hex as it stands in a log (spaces, 0x, colons, \\x, dumps of Wireshark, xxd, hexdump or tcpdump), a file of raw octets, or
    a pcap or pcapng capture, gzip-compressed or not; its content tells which. In a capture SMPP is recognised on any port.

    \b
    Examples:
      smswire decode 00000010 80000004 00000014 00000005
      smswire decode traffic.pcapng --format json | jq .destination_addr
      smswire decode traffic.pcap --where 'receipt.state != DELIVERED or severity == error'
      tcpdump -i any -U -w - port 2775 | smswire decode -
      grep deliver_sm smsc.log | smswire decode -

    \b
    Exit code: 0 done, 1 with --strict and something at fault, 2 wrong usage or unreadable input.
    """
    meaning = profile_named(profile)
    wanted = predicate(where, meaning)
    source = open_input(arguments, force_hex)
    ctx.call_on_close(source.close)
    output = Output()
    if source.stream is not None:
        source.stream.on_wait = output.flush
    write = _writer(form, meaning, colour)
    found, faults = False, 0
    try:
        for item in _watched(source, items_of(source, meaning, ports)):
            if not found:
                found = not gap_kind(item)
            if wanted is not None and not wanted(item):
                continue
            output.write(write(item))
            if strict and is_fault(item):
                faults += 1
    except CaptureError as error:
        output.flush()
        raise Failure(f"{source.name}: {error}") from None
    except BaseException:
        # Ctrl-C, or a fault: what is decoded is handed over first.
        output.flush()
        raise
    output.flush()
    if not found:
        _say_nothing_found(source, ports)
    if faults:
        click.echo(f"smswire decode: {faults} of the PDUs and gaps shown {'is' if faults == 1 else 'are'} at fault", err=True)
        ctx.exit(1)


def _writer(form: str, profile: Profile, colour: str) -> Callable[[Item], bytes]:
    if form == "json":
        from .record import Record  # msgspec, for JSON alone

        return Record(ascii=sys.stdout.isatty()).item
    from .annotate import Page

    page = Page(profile, colours_wanted(colour))
    return lambda item: encode(page.item(item))


def items_of(source: Input, profile: Profile, ports: tuple[int, ...] = ()) -> Iterator[Item]:
    """The PDUs and gaps of an input, in order. ports: of a capture, where all is SMPP. Raises CaptureError."""
    if source.form != "capture":
        yield from read_items(source.chunks(), profile, source.starts)
        return
    from smpp_core.capture import read  # not needed for hex

    with read(cast(BinaryIO, source.stream), ports=ports or None, profile=profile) as reader:
        yield from reader
        for warning in reader.warnings:
            click.echo(f"smswire decode: {source.name}: {warning}", err=True)


def is_fault(item: Item) -> bool:
    """Whether --strict objects: a finding of severity error, or octets that are no whole PDU."""
    return item.pdu is None or bool(gap_kind(item) or missing_of(item)) or any(finding.severity == "error" for finding in item.pdu.findings)


def _say_nothing_found(source: Input, ports: tuple[int, ...]) -> None:
    hint = "" if ports or source.form != "capture" else "; --port N takes all on a port for SMPP"
    click.echo(f"smswire decode: no SMPP PDU in {source.name}{hint}", err=True)


def _watched(source: Input, items: Iterator[Item]) -> Iterator[Item]:
    """The same items, with a progress bar on standard error where somebody may wait for it and it does not disturb."""
    stream = source.stream
    if stream is None or stream.size < LONG or not sys.stderr.isatty() or sys.stdout.isatty():
        return items
    from .progress import watched

    return watched(stream, items)
