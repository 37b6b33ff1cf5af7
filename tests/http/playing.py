"""Both clients against scripted servers: what each call gives, or the error that it raises."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import clock
from rawhttp import RawHttp, Step, in_a_thread, unused_port

from smpp_core import SmppError
from smswire.http.client import HttpClient
from smswire.http.sync_client import SyncHttpClient
from smswire.session.backoff import Backoff

NAME, SECRET = "some body", "p%ss&w\u00f6rd"
KINDS = ("async", "sync")


class Played(NamedTuple):
    """What came of it. outcomes: of the calls, results and errors. servers: what each was asked. time: seconds on the client's clock."""

    outcomes: list[Any]
    servers: list[RawHttp]
    time: float

    @property
    def outcome(self) -> Any:
        """The only one; raised if it is an error."""
        [found] = self.outcomes
        if isinstance(found, BaseException):
            raise found
        return found

    @property
    def asked(self) -> list[int]:
        """Requests at each server."""
        return [len(server.asked) for server in self.servers]


def play(kind: str, scripts: list[list[Step] | None], *calls: tuple[Any, ...], base: str = "", **options: Any) -> Played:
    """Make the calls, (method, argument, …, {option: …}) each, one after the other.

    kind: "async" or "sync". scripts: of each access point; None for one where nobody listens. Time-outs of the asyncio client pass at once
    in real time; that of the other is 0.15 s where a script has a step that waits for it.
    """
    servers = [RawHttp(*script) for script in scripts if script is not None]
    options = {"user": NAME, "password": SECRET, "backoff": Backoff(base=5, jitter=0), **options}
    if kind == "sync":
        waits = any(step.then == "hang" for script in scripts if script for step in script)
        return _sync(servers, scripts, calls, base, {"timeout": 0.15 if waits else 10.0, **options})
    return clock.run(_async(servers, scripts, calls, base, options))


def _urls(servers: list[RawHttp], scripts: list[list[Step] | None], base: str) -> list[str]:
    listening = iter(servers)
    return [f"http://127.0.0.1:{unused_port() if script is None else next(listening).port}{base}" for script in scripts]


def _call(call: tuple[Any, ...]) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    name, *arguments = call
    named = arguments.pop() if arguments and isinstance(arguments[-1], dict) else {}
    return name, tuple(arguments), named


async def _async(servers: list[RawHttp], scripts: list[Any], calls: tuple[Any, ...], base: str, options: dict[str, Any]) -> Played:
    outcomes: list[Any] = []
    loop = asyncio.get_running_loop()
    for server in servers:
        await server.__aenter__()
    try:
        async with HttpClient(_urls(servers, scripts, base), **options) as client:
            start = loop.time()
            for call in calls:
                name, arguments, named = _call(call)
                try:
                    found = getattr(client, name)(*arguments, **named)
                    outcomes.append([one async for one in found] if isinstance(found, AsyncIterator) else await found)
                except (SmppError, RuntimeError) as error:
                    outcomes.append(error)
                await asyncio.sleep(0)
            lasted = loop.time() - start
    finally:
        for server in servers:
            await server.__aexit__()
    return Played(outcomes, servers, lasted)


def _sync(servers: list[RawHttp], scripts: list[Any], calls: tuple[Any, ...], base: str, options: dict[str, Any]) -> Played:
    outcomes: list[Any] = []
    with in_a_thread(servers), SyncHttpClient(_urls(servers, scripts, base), **options) as client:
        for call in calls:
            name, arguments, named = _call(call)
            try:
                found = getattr(client, name)(*arguments, **named)
                outcomes.append(list(found) if isinstance(found, Iterator) else found)
            except (SmppError, RuntimeError) as error:
                outcomes.append(error)
            while any(server.busy for server in servers):
                time.sleep(0.001)
    return Played(outcomes, servers, 0.0)
