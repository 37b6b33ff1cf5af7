"""The peers as programs: whether they are here, how they are started, what they report, and that none outlives its test."""

import asyncio
import functools
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pytest
from exchange import Script, write

HERE = Path(__file__).parent
LIMIT = 30.0  # seconds that a peer may take in all

# What Python's own switches for our tests would do to a peer is none of its business.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("PYTHONSAFEPATH", "PYTHONWARNINGS", "PYTHONPATH")}


class Peer(NamedTuple):
    """name: of its file, peer_NAME.*. title: as people call it. get: how to install it. package: its name where Python looks for it."""

    name: str
    title: str
    get: str
    package: str = ""


SMPPLIB = Peer("smpplib", "smpplib", "pip install smpplib", "smpplib")
AIOSMPPLIB = Peer("aiosmpplib", "aiosmpplib", "pip install aiosmpplib", "aiosmpplib")
NAZ = Peer("naz", "naz", "pip install naz", "naz")
TWISTED = Peer("twisted", "smpp.twisted3", "pip install smpp.twisted3", "smpp.twisted3")
NODE = Peer("node", "node-smpp", "npm install smpp, and NODE_PATH to its node_modules")
NET_SMPP = Peer("net_smpp", "Net::SMPP", "apt install libnet-smpp-perl")
LIBSMPP34 = Peer("libsmpp34", "libsmpp34", "apt install gcc libsmpp34-dev")
KANNEL = Peer("kannel", "Kannel", "apt install kannel")
PEERS = (SMPPLIB, AIOSMPPLIB, NAZ, TWISTED, NODE, NET_SMPP, LIBSMPP34, KANNEL)


def _missing(peer: Peer) -> str:
    return f"{peer.title} is not installed: {peer.get}"


def _runs(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, env=ENVIRONMENT, timeout=LIMIT).returncode == 0


@functools.cache
def _compiled(folder: Path) -> list[str]:
    program, source = str(folder / "peer_libsmpp34"), str(HERE / "peer_libsmpp34.c")
    compiler = os.environ.get("CC", "cc").split()
    if shutil.which(compiler[0]) is None:
        return []
    there = subprocess.run([*compiler, "-E", "-include", "libsmpp34/smpp34.h", "-xc", os.devnull], capture_output=True, timeout=LIMIT)
    if there.returncode:
        return []
    subprocess.run([*compiler, "-O1", "-Wall", "-Werror", "-o", program, source, "-lsmpp34"], check=True, timeout=LIMIT)
    return [program]


@functools.cache
def command_of(peer: Peer, folder: Path) -> list[str]:
    """The words that start a peer, [] if it is not installed. folder: where what must be compiled is put."""
    if peer.package:
        try:
            importlib.metadata.version(peer.package)
        except importlib.metadata.PackageNotFoundError:
            return []
        return [sys.executable, str(HERE / f"peer_{peer.name}.py")]
    if peer is NODE:
        return ["node", str(HERE / "peer_node.js")] if _runs("node", "-e", "require('smpp')") else []
    if peer is NET_SMPP:
        return ["perl", str(HERE / "peer_net_smpp.pl")] if _runs("perl", "-MNet::SMPP", "-MJSON::PP", "-e", "1") else []
    return _compiled(folder)


def command_or_skip(peer: Peer, folder: Path) -> list[str]:
    """As `command_of`; a missing peer skips the test by its name."""
    return command_of(peer, folder) or pytest.skip(_missing(peer))


def kannel_or_skip() -> tuple[str, str]:
    """The programs bearerbox and smsbox."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
    found = shutil.which("bearerbox", path=path), shutil.which("smsbox", path=path)
    if found[0] is None or found[1] is None:
        pytest.skip(_missing(KANNEL))
    return found[0], found[1]


class Program:
    """A running peer. Its reports are kept in order; leaving the block kills it and all that it started."""

    def __init__(self, words: list[str], folder: Path, name: str = "peer") -> None:
        self.words = words
        self.reports: list[dict[str, Any]] = []
        self._errors = folder / f"{name}.stderr"
        self._changed = asyncio.Condition()

    @classmethod
    def of(cls, command: list[str], role: str, script: Script, folder: Path) -> Self:
        """The peer of `command_of` in a role of its script."""
        return cls([*command, role, str(write(script, folder / "script.tsv"))], folder)

    async def __aenter__(self) -> Self:
        with self._errors.open("wb") as errors:
            self.process = await asyncio.create_subprocess_exec(
                *self.words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=errors, env=ENVIRONMENT,
                start_new_session=True,
            )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        await self._reader
        if error is not None:
            error.add_note(f"{' '.join(self.words)}, its last reports: {self.reports[-3:]}, its errors:\n{self.errors[-3000:]}")

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            if not line.startswith(b"{"):
                continue
            async with self._changed:
                self.reports.append(json.loads(line))
                self._changed.notify_all()

    @property
    def errors(self) -> str:
        """What it wrote to its standard error."""
        return self._errors.read_text("utf-8", "replace")

    def told(self, event: str) -> list[dict[str, Any]]:
        """Its reports of one event."""
        return [report for report in self.reports if report["event"] == event]

    async def report(self, event: str, count: int = 1) -> dict[str, Any]:
        """Wait for the count-th report of an event."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.told(event)) >= count)
        return self.told(event)[count - 1]

    async def end(self) -> int:
        """Wait until it ends by itself; its exit code."""
        code = await self.process.wait()
        await self._reader
        return code
