"""Commands, above layer 9: `smswire load`: a load client that says what a server carries, and how late it answers."""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec
from click.core import ParameterSource

from smpp_core import EncodeError, SmppError

from ..session.pool import Pool
from .compare import compared
from .connecting import Amount, connection_options, endpoint_of, hosts_of, need_output, one_line, run, sentence, tls_of
from .course import Course
from .options import Failure, profile_named
from .results import show
from .text import OPTIONS, joined
from .traffic import MIXES, Kind, Traffic


@click.command()
@connection_options
@click.option("--messages", type=click.IntRange(1), metavar="N", default=10_000, show_default=True, help="How many messages to send.")
@click.option("--binds", type=click.IntRange(1, 1_000), metavar="N", default=1, show_default=True, help="Connections to share them.")
@click.option("--window", type=click.IntRange(1, 100_000), metavar="N", help="Requests in flight on each bind; default the URL's or 64.")
@click.option("--rate", type=Amount(), metavar="N", help="Segments a second that arrive, whatever the server does.")
@click.option("--mix", type=click.Choice(sorted(MIXES)), default="realistic", show_default=True, help="Kinds of messages.")
@click.option("--text", metavar="TEXT", help="Send this text instead of a mix.")
@click.option("--from", "sender", default="smswire", show_default=True, metavar="ADDRESS", help="Sender.")
@click.option(
    "--to", multiple=True, default=["38591#######"], show_default=True, metavar="NUMBER",
    help="Receivers, taken in turn; # are digits of the message's number.",
)
@click.option("--receipts/--no-receipts", default=False, show_default=True, help="Ask for final receipts and wait for them.")
@click.option(
    "--timeout", type=Amount(), default=30.0, show_default=True, metavar="SECONDS",
    help="How long to wait for a response, and for a connection when all have fallen.",
)
@click.option("--seed", type=int, metavar="N", default=1, show_default=True, help="Of the mix.")
@click.option("--fail-below", type=Amount(zero=True), metavar="RATE", help="Exit code 1 if fewer segments a second are accepted.")
@click.option("--compare", "against", type=click.Path(exists=True, dir_okay=False), help="Results of an earlier run to set these beside.")
@click.option(
    "--results", type=click.Path(exists=True, dir_okay=False), help="With --compare: set these results beside those, and send nothing."
)
@click.option(
    "--tolerance", type=Amount(zero=True), default=10.0, show_default=True, metavar="PERCENT",
    help="With --compare: how far the rate may fall.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the results.")
@click.pass_context
def load(
    ctx: click.Context, /, url: str | None, password_file: str | None, cafile: str | None, insecure: bool, profile: str, **options: Any
) -> None:
    """Load an SMPP server and measure it.

    Without --rate as many requests as the windows hold are always in flight (closed loop). With --rate messages arrive at that rate, and
    a latency counts from when its message was to leave: a server that stalls cannot hide it (no coordinated omission).

    Exit code: 0 every segment was accepted (and has its receipt), 1 one was not, or the rate is below --fail-below or worse than
    --compare, 2 wrong usage or no connection, 130 Ctrl-C or SIGTERM.

    \b
    Examples:
      smswire load --smpp smpp://test:test@localhost:2775 --messages 100000 --binds 2 --window 100
      smswire load --smpp smpp://test:test@localhost:2775 --rate 500 --messages 10000 --format json > today.json
      smswire load --smpp smpp://test:test@localhost:2775 --compare yesterday.json --tolerance 5
      smswire load --compare yesterday.json --results today.json
    """
    need_output()
    _check_together(ctx)
    earlier = compared(options["against"]) if options["against"] else None
    if options["results"] and earlier is not None:
        ctx.exit(1 if earlier.against(compared(options["results"]).figures, options["tolerance"]) else 0)
    endpoint = endpoint_of(url, password_file, "--receipts" if options["receipts"] else None)
    context = tls_of(endpoint, cafile, insecure)
    dialect = profile_named(profile)
    kinds = MIXES[options["mix"]] if options["text"] is None else (Kind("text", joined([options["text"]]), 1),)
    try:
        traffic = Traffic(
            kinds, sender=options["sender"], to=options["to"], receipts=options["receipts"], seed=options["seed"], profile=dialect
        )
    except EncodeError as error:
        raise Failure(OPTIONS.get(error.field, "") + str(error)) from None
    endpoint = msgspec.structs.replace(endpoint, timeout=options["timeout"])
    pool = Pool(endpoint, options["binds"], window=options["window"], tls=context, profile=dialect)
    course = Course(pool, traffic, options["messages"], options["rate"], options["receipts"], options["timeout"])
    try:
        run(course.go())
    except KeyboardInterrupt:
        course.interrupted = True
    except SmppError as error:
        raise Failure(sentence(error, endpoint)) from None
    results = course.results()
    if options["form"] == "json":
        sys.stdout.write(one_line(results.as_dict()))
    else:
        show(results)
    if course.interrupted:
        found = results.figures
        words = f"{found['messages']:,} of {options['messages']:,} messages were handed over"
        click.echo(f"interrupted: {words}, {found['in_flight']:,} segments have no response", err=True)
        ctx.exit(130)
    if course.gave_up:
        click.echo(f"given up: no connection to {hosts_of(endpoint)} for {options['timeout']:g} seconds", err=True)
    receipts = results.figures.get("receipts", {})
    if receipts.get("missing") and receipts.get("unexpected"):
        click.echo("receipts of others came and some are missing: is another program bound to the same account?", err=True)
    slow = options["fail_below"] is not None and results.figures["accepted_per_second"] < options["fail_below"]
    if slow:
        click.echo(f"{results.figures['accepted_per_second']:,.1f} segments a second are below {options['fail_below']:g}", err=True)
    worse = earlier is not None and earlier.against(results.as_dict(), options["tolerance"])
    ctx.exit(1 if slow or worse or results.failed or course.gave_up else 0)


def _check_together(ctx: click.Context) -> None:
    """Raise click.UsageError for options of which one makes the other useless."""
    given = {name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    if {"text", "mix"} <= given:
        raise click.UsageError("give --text or --mix, not both")
    if "tolerance" in given and "against" not in given:
        raise click.UsageError("--tolerance is for --compare")
    if "results" in given and "against" not in given:
        raise click.UsageError("--results is for --compare: give the earlier results, too")
    if {"results", "url"} <= given:
        raise click.UsageError("--results compares two files and sends nothing: leave --smpp out")
