"""Commands, above layer 9: `smswire http`: the vendor's HTTP API as a client: reports, lookups, credits, the inbox."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import click

from smpp_core import SmppError

from ..http.client import HttpClient
from ..http.errors import ConnectFailed
from ..http.inbound import InboundMessage
from ..http.lookup import NumberContext
from ..http.report import Report
from .connecting import Amount, F, need_output, one_line, run, secret
from .http_access import client_of, refused
from .options import Failure
from .progress import counted, over_bar
from .shown import quoted, safe

T = TypeVar("T")

_AT_ONCE = 20  # lookups on their way at the same time


def access_options(function: F) -> F:
    """URL, and the options that every call has."""
    for option in reversed((
        click.argument("url"),
        click.option("--user", metavar="NAME", help="Instead of the URL's."),
        click.option("--password-file", type=click.Path(exists=True, dir_okay=False), help="A file whose first line is the password."),
        click.option("--post", is_flag=True, help="POST instead of GET: the password is not part of the address."),
        click.option("--timeout", type=Amount(), default=30.0, show_default=True, metavar="SECONDS", help="For each answer."),
        click.option("--cafile", type=click.Path(exists=True, dir_okay=False), help="Certificates to trust instead of the system's."),
        click.option("--insecure", is_flag=True, help="Do not verify the server's certificate."),
        click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Lines or JSON."),
    )):
        function = option(function)
    return function


@click.group()
def http() -> None:
    """Use the vendor's HTTP API as a client.

    URL is http://user:password@host:port or https://…, or several hosts with commas between; the password may come from --password-file or
    SMSWIRE_PASSWORD instead. `smswire send --http URL` sends messages.

    \b
    Examples:
      smswire http credits http://test:test@localhost:8080
      smswire http pull http://test:test@localhost:8080 --id 1000,1002
      smswire http lookup http://test:test@localhost:8080 385951111111 --format json
      smswire http inbox http://test:test@localhost:8080 --limit 10

    Exit code: 0 done, 1 a lookup found no number, 2 wrong usage, no answer or a refusal, 130 Ctrl-C.
    """


@http.command()
@access_options
@click.pass_context
def credits(ctx: click.Context, /, form: str, **access: Any) -> None:
    """Print the account's credits.

    \b
    Example:
      smswire http credits http://test:test@localhost:8080
    """
    amount = _asked(access, lambda client: client.credits())
    _print(form, {"credits": f"{amount:f}"}, f"{amount:f}")


@http.command()
@access_options
@click.option("--id", "ids", multiple=True, metavar="ID", help="Only reports of this message; give it more than once, or commas between.")
@click.option("--appid", default="", metavar="TEXT", help="Only reports of messages that were sent with this appid.")
@click.pass_context
def pull(ctx: click.Context, /, form: str, ids: tuple[str, ...], appid: str, **access: Any) -> None:
    """Pull delivery reports, until there are no more. A report comes once: keep what this prints.

    Prints a line for each: id, status, GSM error, when it was accepted and when its fate was known.

    \b
    Examples:
      smswire http pull http://test:test@localhost:8080
      smswire http pull http://test:test@localhost:8080 --id 1000,1002 --format json
    """
    wanted = [id.strip() for given in ids for id in given.split(",") if id.strip()]
    if ids and not wanted:
        raise click.UsageError("--id has no id; without --id all reports are pulled")

    async def work(client: HttpClient) -> int:
        if wanted:
            return _print_all(form, await client.reports(wanted, appid), _report)
        count = 0
        async for found in client.reports_all(appid):
            count += _print_all(form, found, _report)  # at once: the service has forgotten them
        return count

    if not _asked(access, work):
        click.echo("no reports", err=True)


@http.command()
@access_options
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@click.option("--no-wait", is_flag=True, help="Only ask: print a ticket for each number; the results are pushed to your server.")
@click.pass_context
def lookup(ctx: click.Context, /, form: str, numbers: tuple[str, ...], no_wait: bool, **access: Any) -> None:
    """Look numbers up (Number Context): network, country, ported, roaming. Each lookup is charged.

    \b
    Examples:
      smswire http lookup http://test:test@localhost:8080 385951111111
      smswire http lookup http://test:test@localhost:8080 385951111111 385952222222 --no-wait

    Exit code 1 if one number was not found.
    """
    good = _asked(access, lambda client: _tickets(client, numbers, form) if no_wait else _lookups(client, numbers, form))
    ctx.exit(0 if good else 1)


async def _tickets(client: HttpClient, numbers: tuple[str, ...], form: str) -> bool:
    good = True
    for ticket in await client.lookups(numbers):
        good &= ticket.ok
        _print(form, {"destination": ticket.destination, "ok": ticket.ok, "id": ticket.id}, ticket.destination, ticket.id or "FAILED")
    return good


async def _lookups(client: HttpClient, numbers: tuple[str, ...], form: str) -> bool:
    """Some at a time, printed in the order that was given."""
    room = asyncio.Semaphore(_AT_ONCE)
    done = 0

    async def one(number: str) -> NumberContext | SmppError:
        nonlocal done
        async with room:
            try:
                return await client.lookup(number)
            except SmppError as error:
                return error
            finally:
                done += 1

    good = True
    unsent: list[SmppError] = []
    with counted("looking up", len(numbers), lambda: (done, "")):
        tasks = [asyncio.ensure_future(one(number)) for number in numbers]
        try:
            for number, task in zip(numbers, tasks):
                found = await task
                if isinstance(found, SmppError):
                    good = False
                    unsent += [found] if isinstance(found, ConnectFailed) else []
                    _print(form, {"destination": number, "error": str(found)}, number, str(found))
                else:
                    good &= found.found
                    _print(form, _record(found, "destination"), *_context(found))
        finally:
            for task in tasks:
                task.cancel()
    if len(unsent) == len(numbers):
        raise unsent[0]
    return good


@http.command()
@access_options
@click.option("--limit", type=click.IntRange(min=0), default=0, show_default=True, metavar="N", help="Messages at most, 0 for all.")
@click.pass_context
def inbox(ctx: click.Context, /, form: str, limit: int, **access: Any) -> None:
    """Take messages that came in out of the inbox. A message comes once: keep what this prints.

    Prints a line for each: time, sender, receiver, text or octets.

    \b
    Example:
      smswire http inbox http://test:test@localhost:8080 --limit 10
    """
    found = _asked(access, lambda client: client.inbox(limit))
    if not _print_all(form, found, _inbound):
        click.echo("no messages", err=True)


# -- asking and printing ----------------------------------------------------------------------------------------------------------


def _asked(access: dict[str, Any], work: Callable[[HttpClient], Awaitable[T]]) -> T:
    """Do the work with a client of these options. Raises Failure for whatever keeps it from an answer."""
    need_output()
    client = client_of(
        access["url"], access["user"], secret(access["password_file"]), cafile=access["cafile"], insecure=access["insecure"],
        method="POST" if access["post"] else "GET", timeout=access["timeout"],
    )

    async def go() -> T:
        async with client:
            return await work(client)

    try:
        return run(go())
    except SmppError as error:
        raise Failure(refused(error)) from None


def _print(form: str, record: dict[str, Any], *words: str) -> None:
    sys.stdout.write(over_bar() + (one_line(record) if form == "json" else "  ".join(words) + "\n"))
    sys.stdout.flush()


def _print_all(form: str, found: Iterable[T], columns: Callable[[T], list[str]]) -> int:
    count = 0
    for one in found:
        _print(form, _record(one), *columns(one))
        count += 1
    return count


def _record(one: Any, *always: str) -> dict[str, Any]:
    """The fields as JSON has them; what is not known is left out."""
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    return {name: _plain(value) for name, value in fields.items() if value is not None or name in always}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.hex().upper() if isinstance(value, bytes) else value


def _when(when: datetime | None) -> str:
    return "-" if when is None else f"{when:%Y-%m-%d %H:%M:%S}"


def _report(report: Report) -> list[str]:
    error = report.error
    code = f"{error.value} {error.name}" if report.gsm_error else "0"
    return [safe(report.id), safe(report.status), code, _when(report.sentdate), _when(report.donedate)]


def _context(context: NumberContext) -> list[str]:
    shown = (
        ("mccmnc", context.mccmnc), ("original", context.original_network_name), ("ported", context.is_number_ported),
        ("ported to", context.ported_network_name), ("roaming", context.is_roaming), ("roaming in", context.roaming_country_name),
        ("imsi", context.imsi), ("msc", context.msc), ("error", context.err or None),
    )
    words = [f"{name} {_said(value)}" for name, value in shown if value is not None and value != ""]
    return [safe(context.destination), safe(context.stat), ", ".join(words)]


def _said(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else safe(str(value))


def _inbound(message: InboundMessage) -> list[str]:
    body = quoted(message.text) if message.text is not None else (message.binary or b"").hex().upper()
    return [_when(message.received), safe(message.sender or "-"), safe(message.receiver or "-"), body]
