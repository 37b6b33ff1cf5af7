"""Commands, above layer 9: `smswire send`: one text to one or many receivers over SMPP or HTTP, and what became of it."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import click

from smpp_core import CommandFailed, EncodeError, Pdu, Profile, SmppError

from ..message.compose import Composition, compose
from ..message.message import Message
from ..message.rollup import State
from ..session.client import Client
from ..session.send import Sent
from .connecting import Amount, connection_options, endpoint_of, need_output, one_line, run, secret, sentence, tls_of
from .options import Failure, profile_named
from .progress import counted, over_bar
from .shown import safe
from .text import OPTIONS, joined

_GOOD = frozenset((State.DELIVERED, State.SENT, State.SUBMITTED))
_SPAN = re.compile(r"([0-9]+)([smhd])")
_LONGEST = timedelta(days=99, hours=23, minutes=59, seconds=59)  # what a relative time of SMPP holds, with its 99 days
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FIELDS = ("flash", "encoding", "concatenation", "validity", "schedule", "campaign_id")
_MOST = 64 * 1024 * 1024  # octets of a file of receivers: some four million
_AT_ONCE = 500  # messages that are on their way at the same time


class Span(click.ParamType[timedelta]):
    """A time as 90s, 30m, 48h, 3d or a row of these."""

    name = "SPAN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        parts = _SPAN.findall(value)
        if not parts or "".join(number + unit for number, unit in parts) != value:
            self.fail(f"{value!r} is no span of time as 90s, 30m, 48h, 3d or 1h30m", param, ctx)
        try:
            span = sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
        except (OverflowError, ValueError):  # ValueError: more digits than Python reads
            span = timedelta.max
        if not timedelta() < span <= _LONGEST:
            self.fail(f"{value!r} is not above 0 and below 100 days", param, ctx)
        return span


@click.command()
@connection_options
@click.option("--http", "http_url", metavar="URL", help="http://user:password@host:port instead of --smpp: the vendor's HTTP API.")
@click.option("--from", "sender", required=True, metavar="ADDRESS", help="Sender: a number, or up to 11 characters.")
@click.option("--to", multiple=True, metavar="NUMBER", help="Receiver, with its country code; give it more than once for several.")
@click.option(
    "--to-file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="FILE",
    help="Receivers, one a line; - reads standard input.",
)
@click.option("--wait", is_flag=True, help="Wait for the receipts.")
@click.option(
    "--timeout", type=Amount(), default=60.0, show_default=True, metavar="SECONDS",
    help="For each message, until it is accepted; with --wait as long again for its receipt.",
)
@click.option("--flash", is_flag=True, help="A message that is shown at once and not stored.")
@click.option("--encoding", type=click.Choice(["auto", "gsm7", "latin1", "ucs2"]), default="auto", show_default=True, help="Of the text.")
@click.option("--national", multiple=True, metavar="LANG", help="Allow the GSM tables of a language; see smswire text.")
@click.option(
    "--concatenation", type=click.Choice(["udh8", "udh16", "sar", "payload"]), default="udh8", show_default=True,
    help="How the parts of a long text name each other; see smswire text --help.",
)
@click.option("--validity", type=Span(), help="How long the peer tries: 90s, 30m, 48h, 3d.")
@click.option("--schedule", type=Span(), help="Deliver only after that time.")
@click.option("--campaign-id", metavar="TEXT", help="The vendor's TLV 0x1456.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Lines or JSON objects.")
@click.argument("text", nargs=-1, required=True)
@click.pass_context
def send(
    ctx: click.Context, /, url: str | None, http_url: str | None, password_file: str | None, cafile: str | None, insecure: bool,
    profile: str, **options: Any,
) -> None:
    """Send TEXT (its words are joined by blanks) to each receiver, over SMPP or by the vendor's HTTP API.

    Prints a line for each message as it ends: receiver, state, message ids. Without --wait the state is SENT once the peer has accepted
    all parts. `smswire text` explains beforehand how a text is encoded and cut. To try it, run `smswire simulate` in another terminal.

    \b
    Examples:
      smswire send --smpp smpp://test:test@localhost:2775 --from Infobip --to 385951111111 Hello
      smswire send --smpp smpps://test@smsc.example --password-file pw --from 38591000001 --to-file numbers.txt --wait 'See you at 8'
      smswire send --http http://test:test@localhost:8080 --from Infobip --to 385951111111 --wait Hello

    Exit code: 0 all accepted (with --wait: delivered), 1 one was not, 2 wrong usage or no connection, 130 Ctrl-C or SIGTERM.
    """
    need_output()
    if http_url is not None:
        _only_smpp(ctx, url)
    elif url is None:
        raise click.UsageError("give --smpp URL or --http URL")
    else:
        endpoint = endpoint_of(url, password_file, "--wait" if options["wait"] else None)
        context = tls_of(endpoint, cafile, insecure)
    dialect = profile_named(profile)
    options["national"] = tuple(name for names in options["national"] for name in names.split(",") if name.strip())
    receivers = [("--to", to) for to in options["to"]]
    if options["to_file"] is not None:
        receivers += _lines(options["to_file"])
    if not receivers:
        raise click.UsageError("give a receiver with --to or --to-file")
    messages, composition = _messages(receivers, options, dialect)
    if http_url is not None:
        from .send_http import send_over_http  # most calls are over SMPP, and it brings an HTTP client with it

        ctx.exit(send_over_http(http_url, secret(password_file), messages, composition, options | {"cafile": cafile, "insecure": insecure}))
    course = _Course(Client(endpoint, tls=context, profile=dialect), messages, dialect, options)
    try:
        run(course.go())
    except KeyboardInterrupt:
        words = f"{len(messages) - course.done} of {len(messages)} messages have no end yet, {len(course.left)} requests were in flight"
        click.echo(f"interrupted: {words}", err=True)
        ctx.exit(130)
    except SmppError as error:
        raise Failure(sentence(error, endpoint)) from None
    ctx.exit(0 if course.good == len(messages) else 1)


def _lines(path: str) -> list[tuple[str, str]]:
    """The receivers of a file, each with the place of its line. Raises Failure."""
    name = "standard input" if path == "-" else path
    if path == "-" and sys.stdin is None:
        raise Failure("standard input is closed")
    with nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb") as file:
        octets = file.read(_MOST + 1)
    if len(octets) > _MOST:
        raise Failure(f"--to-file: {name} has over {_MOST:,} octets; split it")
    try:
        lines = octets.decode().removeprefix("\ufeff").split("\n")
    except UnicodeDecodeError as error:
        raise Failure(f"--to-file: {name} is no text in UTF-8: octet 0x{octets[error.start]:02X} at {error.start}") from None
    found = [(f"line {number} of {name}", line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise Failure(f"--to-file: {name} has no receivers")
    return found


def _only_smpp(ctx: click.Context, url: str | None) -> None:
    """Refuse with --http what only SMPP has."""
    if url is not None:
        raise click.UsageError("give --smpp or --http, not both")
    for parameter in ctx.command.params:
        given = parameter.name and ctx.get_parameter_source(parameter.name) is click.core.ParameterSource.COMMANDLINE
        if given and parameter.name in ("national", "concatenation", "profile"):
            raise click.UsageError(f"--{parameter.name} is for --smpp: the HTTP API has no such thing")


def _messages(receivers: list[tuple[str, str]], options: dict[str, Any], profile: Profile) -> tuple[list[Message], Composition]:
    """One for each receiver, all checked before anything is sent, and how the text is cut. Raises Failure."""
    text = joined(options["text"])
    found = []
    try:
        for _, to in receivers:
            found.append(Message.make(
                to, text, sender=options["sender"], receipt="final" if options["wait"] else "none",
                **{name: options[name] for name in _FIELDS},
            ))
        composition = compose(found[0], profile=profile, national=options["national"])
    except EncodeError as error:
        before = f"{receivers[len(found)][0]}: " if error.field == "to" else OPTIONS.get(error.field, "")
        raise Failure(before + str(error)) from None
    return found, composition


class _Course:
    """The messages on their way."""

    def __init__(self, client: Client, messages: list[Message], profile: Profile, options: dict[str, Any]) -> None:
        self.client = client
        self.messages = messages
        self.profile = profile
        self.options = options
        self.done = self.good = 0
        self.left: list[Pdu] = []

    async def go(self) -> None:
        async with self.client:
            line = iter(self.messages)
            with counted("sending", len(self.messages), lambda: (self.done, "")):
                try:
                    async with asyncio.TaskGroup() as group:
                        for _ in range(min(_AT_ONCE, len(self.messages))):
                            group.create_task(self._work(line))
                except* Exception as errors:  # one is enough: all fail alike when the client has ended or nobody reads the output
                    raise errors.exceptions[0] from None
                finally:
                    self.left = self.client.in_flight

    async def _work(self, line: Iterable[Message]) -> None:
        for message in line:
            sent = await self.client.send(
                message.to, message.text, sender=message.sender, receipt=message.receipt, timeout=self.options["timeout"],
                national=self.options["national"], **{name: getattr(message, name) for name in _FIELDS},
            )
            late = ""
            if self.options["wait"] and sent.accepted:
                try:
                    await sent.outcome(self.options["timeout"])
                except SmppError as error:
                    late = str(error)
                except asyncio.CancelledError:
                    self._print(sent, "interrupted")  # its ids are all that is left to ask the peer by
                    raise
            self.done += 1
            self.good += sent.state in ({State.DELIVERED} if self.options["wait"] else _GOOD)
            self._print(sent, late)

    def _print(self, sent: Sent, late: str) -> None:
        to = sent.composition.message.to.value
        ids = [message_id or "" for message_id in sent.message_ids]
        reason = late or next((self._words(error) for error in sent.errors if error is not None), "") or sent.reason
        sys.stdout.write(over_bar())
        if self.options["form"] == "json":
            record = {
                "to": to, "state": str(sent.state), "message_ids": ids, "segments": sent.parts, "encoding": sent.composition.encoding,
                "reason": reason,
            }
            sys.stdout.write(one_line(record))
        else:
            sys.stdout.write(safe("  ".join(filter(None, (to, str(sent.state), " ".join(ids), reason)))) + "\n")
        sys.stdout.flush()

    def _words(self, error: SmppError) -> str:
        if isinstance(error, CommandFailed):
            row = self.profile.status(error.status)
            return f"{row.name} (0x{row.value:X}): {row.meaning}"
        return str(error)
