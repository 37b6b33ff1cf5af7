"""Commands, above layer 9: `smswire simulate`: a simulated SMSC on a port, until a signal or a time ends it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import sys
from contextlib import suppress
from typing import Any

import click

from smpp_core import EncodeError

from ..session.tls import server_context
from ..simulator.replay import Side
from ..simulator.scenario import Scenario, ScenarioError, load, shipped
from ..simulator.smsc import Simulator
from .connecting import Amount, fill_streams
from .options import Failure
from .replaying import replay

_EVERY = 0.5  # seconds between two status lines
_MOST_PORT = 65_535


@click.command()
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:2775", show_default=True, help="Where; port 0 picks a free one.")
@click.option("--account", "accounts", metavar="NAME:PASSWORD", multiple=True, help="Who may bind besides the scenario's accounts.")
@click.option("--scenario", "source", metavar="NAME|FILE.toml", default="default", show_default=True, help="What the SMSC is like.")
@click.option("--seed", type=int, metavar="N", help="Chance; default the scenario's seed.")
@click.option("--tls-certificate", type=click.Path(dir_okay=False), help="Speak TLS with this certificate chain (PEM).")
@click.option("--tls-key", type=click.Path(dir_okay=False), help="The certificate's private key (PEM), if it is not in the same file.")
@click.option("--duration", type=Amount(), metavar="SECONDS", help="Stop by itself after so long.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="json: the summary as an object on stdout.")
@click.option("--replay", "capture", type=click.Path(exists=True, dir_okay=False), help="Play the sessions of this capture instead.")
@click.option("--as", "side", type=click.Choice(["server", "client"]), default="server", help="Whose part in them; default the server's.")
@click.option("--smpp", "url", metavar="URL", help="With --as client: the server; a system_id in it goes into the binds.")
@click.option("--speed", type=Amount(zero=True), default=1.0, show_default=True, metavar="X", help="Of a replay; 0 leaves out all pauses.")
@click.option("--list-scenarios", is_flag=True, help="Show the scenarios that come with smswire.")
def simulate(
    listen: str, accounts: tuple[str, ...], source: str, seed: int | None, tls_certificate: str | None, tls_key: str | None,
    duration: float | None, form: str, capture: str | None, side: Side, url: str | None, speed: float, list_scenarios: bool,
) -> None:
    """An SMSC with accounts, networks and handsets, for clients to be tried against.

    The scenarios that come with smswire have an account test with the password test; more by --account.

    Prints "smpp HOST:PORT" ("smpps" with TLS) once it accepts connections, and a summary on standard error at the end. SIGINT and SIGTERM
    end it: sessions are unbound, and the exit code is 0. A second signal drops connections that do not answer.

    \b
    Examples:
      smswire simulate --account demo:secret
      smswire simulate --listen 127.0.0.1:0 --scenario throttled --seed 7
      smswire simulate --scenario my.toml --duration 60 --format json
      smswire simulate --replay session.pcap --as client --smpp smpp://127.0.0.1:2775
    """
    if list_scenarios:
        for name, line in shipped().items():
            click.echo(json.dumps({"name": name, "description": line}) if form == "json" else f"{name:10} {line}")
        return
    fill_streams()
    host, port = _address(listen)
    if capture is not None:
        replay(capture, side, url, host, port, speed, duration, form, _loop_factory())
        return
    if side == "client" or url is not None:
        raise Failure("--as client and --smpp are for --replay")
    named = dict(_account(text) for text in accounts)
    scenario = _scenario(source)
    if not named and not scenario.accounts:
        raise Failure(f"{source}: the scenario has no accounts; give one with --account NAME:PASSWORD")
    try:
        smsc = Simulator(scenario, accounts=named, seed=seed, host=host, port=port, tls=_tls(tls_certificate, tls_key))
    except EncodeError as error:
        raise Failure(str(error)) from None
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(smsc, listen, duration, form))


def _scheme(smsc: Simulator) -> str:
    return smsc.url().partition(":")[0]


async def _serve(smsc: Simulator, listen: str, duration: float | None, form: str) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        if ended.is_set():  # a second signal: peers that do not answer are not waited for
            smsc.abort()
        ended.set()

    try:
        await smsc.start()
    except OSError as error:
        raise Failure(f"--listen: {listen}: {error.strerror or error}") from None
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # where a loop has no signals, KeyboardInterrupt ends the command
            loop.add_signal_handler(number, end)
    host = f"[{smsc.host}]" if ":" in smsc.host else smsc.host
    print(f"{_scheme(smsc)} {host}:{smsc.port}", flush=True)
    try:
        await _watch(smsc, ended, duration)
    finally:
        owed = smsc.receipts_owed
        await smsc.close()
        owed = min(owed, smsc.receipts_owed)
        _summarise(smsc, owed, form)


async def _watch(smsc: Simulator, ended: asyncio.Event, duration: float | None) -> None:
    """Wait for the end; on a terminal a line says what goes on."""
    terminal = sys.stderr is not None and sys.stderr.isatty()
    loop = asyncio.get_running_loop()
    until = None if duration is None else loop.time() + duration
    before = 0
    while not ended.is_set():
        left = None if until is None else until - loop.time()
        if left is not None and left <= 0:
            break
        pause = min(_EVERY, left) if terminal and left is not None else _EVERY if terminal else left
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), pause)
        if terminal:
            counts = smsc.statistics
            rate = (counts.messages - before) / _EVERY
            words = (
                f"{len(smsc.server.sessions)} sessions, {counts.messages:,} messages ({rate:,.0f}/s), "
                f"{counts.receipts_acknowledged:,} receipts acknowledged, {smsc.receipts_owed:,} owed"
            )
            columns = os.get_terminal_size(sys.stderr.fileno()).columns or 80  # a line that wraps could not be written over
            print(f"\r\x1b[K{words[:columns - 1]}", end="", file=sys.stderr, flush=True)
            before = counts.messages
    if terminal:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _summarise(smsc: Simulator, owed: int, form: str) -> None:
    counts = smsc.statistics.as_dict() | {"receipts_owed": owed}
    if form == "json":
        print(json.dumps({"summary": counts}), flush=True)
    if sys.stderr is None:
        return
    receipts = f"{counts['receipts_sent']:,} sent, {counts['receipts_acknowledged']:,} acknowledged"
    more = [
        f"{counts[name]:,} {words}" for name, words in (
            ("receipts_resent", "sent again"), ("receipts_refused", "refused"), ("receipts_lost", "given up"), ("receipts_owed", "owed"),
        ) if counts[name]
    ]
    lines = [
        f"sessions: {counts['sessions']:,}", f"messages: {counts['messages']:,}{_listed(counts['states'])}",
        f"receipts: {', '.join([receipts, *more])}",
    ]
    if counts["refused"]:
        lines.append(f"refused: {sum(counts['refused'].values()):,}{_listed(counts['refused'])}")
    if counts["inbound_sent"] or counts["inbound_dropped"]:
        words = (f"{counts[f'inbound_{word}']:,} {word}" for word in ("sent", "acknowledged", "dropped"))
        lines.append(f"inbound: {', '.join(words)}")
    print("\n".join(lines), file=sys.stderr, flush=True)


def _listed(counts: dict[str, int]) -> str:
    shown = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return f" ({shown})" if shown else ""


# -- options --------------------------------------------------------------------------------------------------------------------


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > _MOST_PORT or ":" in host and not host.startswith("["):
        raise click.BadParameter(f"{text!r} is no HOST:PORT", param_hint="--listen")
    return host.strip("[]") or "127.0.0.1", int(port)


def _account(text: str) -> tuple[str, str]:
    name, colon, password = text.partition(":")
    if not colon or not 1 <= len(name) <= 15:  # SMPP 3.4 5.2.1
        raise click.BadParameter(f"{name!r}: NAME:PASSWORD with a name of 1 to 15 characters is wanted", param_hint="--account")
    return name, password


def _scenario(source: str) -> Scenario:
    try:
        return load(source)
    except ScenarioError as error:
        raise Failure(str(error)) from None


def _tls(certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    if certificate is None:
        if key is not None:
            raise click.BadParameter("is of no use without --tls-certificate", param_hint="--tls-key")
        return None
    try:
        return server_context(certificate, key)
    except EncodeError as error:
        words = str(error).removeprefix("TLS: ")
        for field, option in (("certfile", "--tls-certificate"), ("keyfile", "--tls-key")):
            words = f"{option}:{words.removeprefix(field)}" if words.startswith(field) else words
        raise Failure(words.replace("; give key_password", ", and only keys without a password can be used")) from None


def _loop_factory() -> Any:
    """uvloop's where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
