"""Commands, above layer 9: `smswire demo`: what `make demo` runs: a simulated SMSC, and tens of thousands of messages through it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import click

from smpp_core import Profile, SmppError

from ..session.pool import Pool
from ..session.url import Endpoint
from .connecting import interruptible, need_output, run, sentence
from .course import Course
from .options import Failure
from .results import show
from .traffic import REALISTIC, Traffic

# Numbers in the networks of the scenario "realistic"; one of them is not covered.
RECEIVERS = ("38591#######", "38598#######", "38595#######", "49151########", "33612######", "44771#######", "38599#######", "34612######")
_SCENARIO = "realistic"
_ACCOUNT = "demo"
_PATIENCE = 15.0  # seconds for the simulated SMSC to end: it unbinds first


@click.command()
@click.option("--messages", type=click.IntRange(1), default=50_000, show_default=True, help="How many to send.")
@click.option("--binds", type=click.IntRange(1, 4), default=3, show_default=True, help="Connections to share them.")
@click.option("--window", type=click.IntRange(1, 1_000), default=100, show_default=True, help="Requests in flight on each bind.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the messages and of their fates.")
@click.pass_context
def demo(ctx: click.Context, messages: int, binds: int, window: int, seed: int) -> None:
    """Send messages through a simulated SMSC and show what became of each.

    Starts `smswire simulate` in a process of its own, binds to it over real sockets, sends texts in GSM and UCS-2, long ones and flash, and
    waits for their receipts. Exit code 0 only if every message is accounted for.

    \b
    Example:
      smswire demo --messages 5000
    """
    need_output()
    profile = Profile.vendor()
    traffic = Traffic(REALISTIC, sender="smswire", to=RECEIVERS, receipts=True, seed=seed, profile=profile)
    with interruptible(), _smsc(seed) as (host, port):
        click.echo(f"an SMSC on {host}:{port}, {binds} binds, {messages:,} messages", err=True)
        endpoint = Endpoint(hosts=((host, port),), system_id=_ACCOUNT, password=_ACCOUNT)
        course = Course(Pool(endpoint, binds, window=window, profile=profile), traffic, messages, None, True)
        try:
            run(course.go())
        except KeyboardInterrupt:
            course.interrupted = True
        except SmppError as error:
            raise Failure(sentence(error, endpoint)) from None
    results = course.results()
    show(results, title="What became of the messages")
    if course.interrupted:
        ctx.exit(130)
    if course.gave_up:
        click.echo(f"given up: no connection to the simulated SMSC for {course.patience:g} seconds", err=True)
    unaccounted = results.tally.unaccounted + results.tally.unsent
    print(f"{unaccounted:,} segments are not accounted for" if unaccounted else "every message is accounted for")
    ctx.exit(1 if unaccounted or course.gave_up else 0)


@contextlib.contextmanager
def _smsc(seed: int) -> Iterator[tuple[str, int]]:
    """A simulated SMSC in a process of its own; where it listens."""
    command = [
        sys.executable, "-P", "-m", "smswire", "simulate", "--listen", "127.0.0.1:0", "--account", f"{_ACCOUNT}:{_ACCOUNT}",
        "--scenario", _SCENARIO, "--seed", str(seed),
    ]
    # A file, not a pipe, for what it says on standard error: nobody would read a pipe meanwhile, and a full one stops it.
    with tempfile.TemporaryFile("w+") as words:
        # A session of its own: Ctrl-C is for this process, which unbinds first.
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=words, text=True, start_new_session=True)
        try:
            assert process.stdout is not None
            word, _, address = process.stdout.readline().strip().partition(" ")
            if word != "smpp":
                process.wait(_PATIENCE)
                words.seek(0)
                raise Failure(f"the simulated SMSC did not start: {words.read().strip()}")
            host, _, port = address.rpartition(":")
            yield host.strip("[]"), int(port)
        finally:
            process.terminate()
            try:
                process.communicate(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
