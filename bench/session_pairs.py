"""Pairs of a client and a server: in one process and one event loop, or in two; with the delaying proxy between them where asked for.

A pair stays up: a run is one session (connect, bind, messages, unbind) over it, so that pairs can be run in turns.
"""

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import session_end
from peers import node_modules

HERE = Path(__file__).parent
LIBRARIES = ("smswire", "smpp34", "node-smpp")


@dataclass
class Setting:
    """What a pair is and what is sent over it.

    processes: 1 puts both ends into one event loop. loop: of the ends in Python. handler: of our server. delay: seconds that the proxy
    adds in each direction, 0 for no proxy.
    """

    library: str
    window: int
    api: str = "awaited"
    processes: int = 2
    loop: str = "uvloop"
    tls: bool = False
    handler: str = "plain"
    delay: float = 0.0


@dataclass
class Sample:
    """One run: messages a second, and microseconds of processor time a message, of the client and of the server (0 if one process)."""

    rate: float
    client: float
    server: float


@dataclass
class Figure:
    """Several runs of one setting."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Messages a second of each run."""
        return [sample.rate for sample in self.samples]

    @property
    def median(self) -> float:
        """The median of the rates."""
        return statistics.median(self.rates)

    def cpu(self, end: str) -> float:
        """The median of the microseconds of processor time a message."""
        return statistics.median(sample.client if end == "client" else sample.server for sample in self.samples)


class Process:
    """A process that answers a JSON line with a JSON line."""

    def __init__(self, command: list[str], **environment: str) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; RuntimeError if the process ended instead."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """The next line that it writes."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended with {self.process.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        """End of input, which ends it."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def end(library: str, loop: str) -> Process:
    """Start one end; ImportError where node-smpp is not to be found."""
    if library != "node-smpp":
        # Named, because with safe paths a script's own folder is not searched.
        paths = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
        return Process([sys.executable, str(HERE / "session_end.py"), library, "--loop", loop], PYTHONPATH=paths)
    modules = node_modules()
    if not modules:
        raise ImportError("no node with node-smpp on NODE_PATH")
    process = Process(["node", str(HERE / "session_node.js")], NODE_PATH=modules)
    process.ask(do="fields", fields=[{**one, "short_message": one["short_message"].hex()} for one in session_end.fields()])
    return process


def start_proxy(port: int, delay: float) -> Process:
    """Start the delaying proxy before a port of loopback; its first answer names its own."""
    return Process([sys.executable, str(HERE / "delay_proxy.py"), str(port), "--delay", str(delay)])


class Pair:
    """A server and a client, started and ready."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.server = end(setting.library, setting.loop)
        self.client = self.server if setting.processes == 1 else end(setting.library, setting.loop)
        self.started = [self.server] if setting.processes == 1 else [self.server, self.client]
        self.port = self.server.ask(do="serve", tls=setting.tls, handler=setting.handler)["port"]
        if setting.delay:
            proxy = start_proxy(self.port, setting.delay)
            self.started.append(proxy)
            self.port = proxy.answer()["port"]

    def __enter__(self) -> "Pair":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        for process in reversed(self.started):
            process.close()

    def run(self, messages: int) -> Sample:
        """One session of that many messages; RuntimeError if one of them was not accepted."""
        ends = [self.client, self.server] if self.client is not self.server else [self.client]
        before = [process.ask(do="cpu")["cpu"] for process in ends]
        given = self.setting
        done = self.client.ask(do="load", port=self.port, messages=messages, window=given.window, api=given.api, tls=given.tls)
        cpu = [(process.ask(do="cpu")["cpu"] - was) / messages * 1e6 for process, was in zip(ends, before)]
        if done["failed"]:
            raise RuntimeError(f"{given}: {done['failed']} of {messages} messages were not accepted")
        return Sample(messages / done["seconds"], cpu[0], cpu[1] if len(cpu) == 2 else 0.0)

    def enough(self, seconds: float) -> int:
        """How many messages take about so long, found by running it warm."""
        # A compiler that works while the program runs needs some ten thousand of them; a slow link gets a few windows.
        given = self.setting
        start = 2 * given.window if given.delay else min(20_000, 2_000 * given.window)
        self.run(start)
        found = self.run(start).rate * seconds
        # Where the round trip rules, whole windows, and five of them at least: the first and the last are not like those between.
        return given.window * max(5, round(found / given.window)) if given.delay else max(given.window, int(found))


def alternating(settings: dict[str, Setting], rounds: int, seconds: float) -> dict[str, Figure]:
    """Each setting `rounds` times in turns, each time for about so many seconds."""
    pairs: dict[str, Pair] = {}
    try:
        for name, setting in settings.items():
            pairs[name] = Pair(setting)
        messages = {name: pair.enough(seconds) for name, pair in pairs.items()}
        found = {name: Figure() for name in pairs}
        for _ in range(rounds):
            for name, pair in pairs.items():
                found[name].samples.append(pair.run(messages[name]))
    finally:
        for pair in pairs.values():
            pair.close()
    return found
