"""Commands, above layer 9: `smswire simulate --replay`: captured sessions played again, and what was different."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import suppress
from typing import Any

from msgspec.structs import asdict

from smpp_core import CaptureError, EncodeError

from ..session.url import Endpoint, parse_url
from ..simulator.replay import ReplayServer, Report, Side, play_client
from ..simulator.script import Script, scripts
from .options import Failure

__all__ = ["replay"]

_SHOWN = 20  # divergences in the summary


def replay(
    capture: str, side: Side, url: str | None, host: str, port: int, speed: float, duration: float | None, form: str, loop_factory: Any
) -> None:
    """Play a capture's sessions, until they have ended, a time is over or a signal comes; exit code 1 if they went another way.

    The other arguments are the options of the command. Raises Failure.
    """
    endpoint = _endpoint(side, url)
    try:
        sessions = scripts(capture)
    except CaptureError as error:
        raise Failure(str(error)) from None
    if not sessions:
        raise Failure(f"{capture}: there is no SMPP in it")
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        try:
            report = runner.run(_play(sessions, endpoint, host, port, speed, duration))
        except OSError as error:
            raise Failure(f"{error.strerror or error}") from None
    _summarise(report, form)
    if not report.ok:
        sys.exit(1)


def _endpoint(side: Side, url: str | None) -> Endpoint | None:
    if (side == "client") is not (url is not None):
        raise Failure("--as client needs the server's URL: --smpp" if url is None else "--smpp is for --as client")
    if url is None:
        return None
    try:
        return parse_url(url)
    except EncodeError as error:
        raise Failure(f"--smpp: {error}") from None


async def _play(
    sessions: list[Script], endpoint: Endpoint | None, host: str, port: int, speed: float, duration: float | None
) -> Report:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
    if endpoint is not None:
        report = Report()
        await _until(play_client(sessions, endpoint, speed=speed, report=report), ended, duration)
        return report
    async with ReplayServer(sessions, host, port, speed=speed) as server:
        print(f"smpp {f'[{host}]' if ':' in host else host}:{server.port}", flush=True)
        await _until(server.played.wait(), ended, duration)
    return server.report


async def _until(work: Any, ended: asyncio.Event, duration: float | None) -> None:
    """Wait for the work, a signal or the time, whichever comes first."""
    tasks = [asyncio.ensure_future(work), asyncio.ensure_future(ended.wait())]
    try:
        await asyncio.wait(tasks, timeout=duration, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _summarise(report: Report, form: str) -> None:
    if form == "json":
        print(json.dumps({"summary": asdict(report) | {"divergences": [asdict(one) for one in report.divergences]}}), flush=True)
    lines = [
        f"sessions: {report.sessions:,}", f"PDUs: {report.sent:,} sent, {report.received:,} received", f"differences: {report.diverged:,}",
    ]
    for one in report.divergences[:_SHOWN]:
        step = f" at step {one.step}" if one.step >= 0 else ""
        fields = f" ({', '.join(one.fields)})" if one.fields else ""
        lines.append(f"  {one.at:9.3f} s  {one.kind}{step}: {one.command or 'octets that are no PDU'}{fields}")
    if report.diverged > _SHOWN:
        lines.append(f"  and {report.diverged - _SHOWN:,} more")
    if sys.stderr is not None:
        print("\n".join(lines), file=sys.stderr, flush=True)
