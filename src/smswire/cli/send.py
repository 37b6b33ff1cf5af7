"""Commands, above layer 9: `smswire send`: one text to one or many receivers over SMPP, and what became of it."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import click
import msgspec

from smpp_core import CommandFailed, Pdu, Profile, SmppError

from ..message.compose import compose
from ..message.message import Message
from ..message.rollup import State
from ..session.client import Client
from ..session.send import Sent
from .connecting import connection_options, endpoint_of, run, sentence, tls_of
from .options import Failure, profile_named
from .progress import counted
from .shown import safe

_GOOD = frozenset((State.DELIVERED, State.SENT, State.SUBMITTED))
_SPAN = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FIELDS = ("flash", "encoding", "concatenation", "validity", "schedule", "campaign_id")
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
        return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


@click.command()
@connection_options
@click.option("--from", "sender", required=True, metavar="ADDRESS", help="Sender: a number, or up to 11 characters.")
@click.option("--to", multiple=True, metavar="NUMBER", help="Receiver, with its country code; give it more than once for several.")
@click.option("--to-file", type=click.File(encoding="utf-8"), metavar="FILE", help="Receivers, one a line; - reads standard input.")
@click.option("--wait", is_flag=True, help="Wait for the receipts.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True, help="Seconds for each message.")
@click.option("--flash", is_flag=True, help="A message that is shown at once and not stored.")
@click.option("--encoding", type=click.Choice(["auto", "gsm7", "latin1", "ucs2"]), default="auto", show_default=True, help="Of the text.")
@click.option("--national", multiple=True, metavar="LANG", help="Allow the GSM tables of a language, as tr, es, pt, hi.")
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
    ctx: click.Context, /, url: str, password_file: str | None, cafile: str | None, insecure: bool, profile: str, **options: Any
) -> None:
    """Send TEXT (its words are joined by blanks) to each receiver over SMPP.

    Prints a line for each message: receiver, state, message ids. Without --wait the state is SENT once the peer has accepted all
    parts. `smswire text` explains beforehand how a text is encoded and cut.

    \b
    Examples:
      smswire send --smpp smpp://test:test@localhost:2775 --from Infobip --to 385951111111 Hello
      smswire send --smpp smpps://test@smsc.example --password-file pw --from 38591000001 --to-file numbers.txt --wait 'See you at 8'

    Exit code: 0 all accepted (with --wait: delivered), 1 one was not, 2 wrong usage or no connection, 130 Ctrl-C.
    """
    endpoint = endpoint_of(url, password_file)
    context = tls_of(endpoint, cafile, insecure)
    dialect = profile_named(profile)
    receivers = [*options["to"], *_lines(options["to_file"])]
    if not receivers:
        raise click.UsageError("give a receiver with --to or --to-file")
    messages = [_message(to, options) for to in receivers]
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


def _lines(file: Iterable[str] | None) -> list[str]:
    return [line.strip() for line in file if line.strip()] if file is not None else []


def _message(to: str, options: dict[str, Any]) -> Message:
    try:
        message = Message.make(
            to, " ".join(options["text"]), sender=options["sender"], receipt="final" if options["wait"] else "none",
            **{name: options[name] for name in _FIELDS},
        )
        compose(message, national=options["national"])
        return message
    except SmppError as error:
        raise Failure(str(error)) from None


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
                except* SmppError as errors:
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
            self.done += 1
            self.good += sent.state in ({State.DELIVERED} if self.options["wait"] else _GOOD)
            self._print(sent, late)

    def _print(self, sent: Sent, late: str) -> None:
        to = sent.composition.message.to.value
        ids = [message_id or "" for message_id in sent.message_ids]
        reason = late or next((self._words(error) for error in sent.errors if error is not None), "") or sent.reason
        if self.options["form"] == "json":
            record = {
                "to": to, "state": str(sent.state), "message_ids": ids, "segments": sent.parts, "encoding": sent.composition.encoding,
                "reason": reason,
            }
            sys.stdout.write(msgspec.json.encode(record).decode() + "\n")
        else:
            sys.stdout.write(safe("  ".join(filter(None, (to, str(sent.state), " ".join(ids), reason)))) + "\n")
        sys.stdout.flush()

    def _words(self, error: SmppError) -> str:
        if isinstance(error, CommandFailed):
            row = self.profile.status(error.status)
            return f"{row.name} (0x{row.value:X}): {row.meaning}"
        return str(error)
