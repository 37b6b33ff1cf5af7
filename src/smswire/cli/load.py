"""Commands, above layer 9: `smswire load`: a load client that says what a server carries, and how late it answers."""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec

from smpp_core import SmppError

from ..session.pool import Pool
from .compare import compared
from .connecting import connection_options, endpoint_of, run, sentence, tls_of
from .course import Course
from .options import Failure, profile_named
from .results import show
from .traffic import MIXES, Kind, Traffic


@click.command()
@connection_options
@click.option("--messages", type=click.IntRange(1), default=10_000, show_default=True, help="How many messages to send.")
@click.option("--binds", type=click.IntRange(1, 1_000), default=1, show_default=True, help="Connections to share them.")
@click.option("--window", type=click.IntRange(1, 100_000), help="Requests in flight on each bind; default the URL's or 64.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Segments a second that arrive, whatever the server does.")
@click.option("--mix", type=click.Choice(sorted(MIXES)), default="realistic", show_default=True, help="Kinds of messages.")
@click.option("--text", help="Send this text instead of a mix.")
@click.option("--from", "sender", default="smswire", show_default=True, metavar="ADDRESS", help="Sender.")
@click.option("--to", multiple=True, default=["38591#######"], show_default=True, help="Receivers; # are digits of the message's number.")
@click.option("--receipts/--no-receipts", default=False, show_default=True, help="Ask for final receipts and wait for them.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True, help="Seconds to wait for a response.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the mix.")
@click.option("--fail-below", type=float, metavar="RATE", help="Exit code 1 if fewer segments a second are accepted.")
@click.option("--compare", "against", type=click.Path(exists=True, dir_okay=False), help="Results of an earlier run to set these beside.")
@click.option("--tolerance", type=float, default=10.0, show_default=True, help="With --compare: per cent of loss that is no failure.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the results.")
@click.pass_context
def load(
    ctx: click.Context, /, url: str, password_file: str | None, cafile: str | None, insecure: bool, profile: str, **options: Any
) -> None:
    """Load an SMPP server and measure it.

    Without --rate as many requests as the windows hold are always in flight (closed loop). With --rate messages arrive at that rate, and
    a latency counts from when its message was to leave: a server that stalls cannot hide it (no coordinated omission).

    Exit code 1: a message was refused or has no response or receipt, or the rate is below --fail-below or worse than --compare.

    \b
    Examples:
      smswire load --smpp smpp://test:test@localhost:2775 --messages 100000 --binds 2 --window 100
      smswire load --smpp smpp://test:test@localhost:2775 --rate 500 --messages 10000 --format json > today.json
      smswire load --smpp smpp://test:test@localhost:2775 --compare yesterday.json --tolerance 5
    """
    endpoint = endpoint_of(url, password_file)
    context = tls_of(endpoint, cafile, insecure)
    dialect = profile_named(profile)
    kinds = MIXES[options["mix"]] if options["text"] is None else (Kind("text", options["text"], 1),)
    try:
        traffic = Traffic(
            kinds, sender=options["sender"], to=options["to"], receipts=options["receipts"], seed=options["seed"], profile=dialect
        )
    except SmppError as error:
        raise Failure(str(error)) from None
    earlier = compared(options["against"]) if options["against"] else None
    endpoint = msgspec.structs.replace(endpoint, timeout=options["timeout"])
    pool = Pool(endpoint, options["binds"], window=options["window"], tls=context, profile=dialect)
    course = Course(pool, traffic, options["messages"], options["rate"], options["receipts"])
    try:
        run(course.go())
    except KeyboardInterrupt:
        course.interrupted = True
    except SmppError as error:
        raise Failure(sentence(error, endpoint)) from None
    results = course.results()
    if options["form"] == "json":
        sys.stdout.write(msgspec.json.encode(results.as_dict()).decode() + "\n")
    else:
        show(results)
    if course.interrupted:
        ctx.exit(130)
    slow = options["fail_below"] is not None and results.figures["accepted_per_second"] < options["fail_below"]
    if slow:
        click.echo(f"{results.figures['accepted_per_second']:,.1f} segments a second are below {options['fail_below']:g}", err=True)
    worse = earlier is not None and earlier.against(results, options["tolerance"])
    ctx.exit(1 if slow or worse or results.failed else 0)
