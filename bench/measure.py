"""The clocks: interleaved minima, alternating whole commands with their peak memory, instructions under callgrind, objects held.

These machines change speed by two for minutes at a time: what is compared is run in turns, never one after the other.
"""

import gc
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

# A parent's own memory would count as its child's; so commands are started by a bare interpreter, which is smaller than any of them.
_LAUNCHER = """
import json, os, sys, time
start = time.perf_counter()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)])
_, status, usage = os.wait4(pid, 0)
print(json.dumps([time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)]))
"""


@dataclass
class Run:
    """One whole command: seconds on the clock, seconds of processor time, peak resident memory in MiB."""

    seconds: float
    cpu: float
    memory: float


def clocked(loop: Callable[[], Any]) -> Callable[[], float]:
    """The loop with the clock around it: seconds that the processor spent in this thread, so that other processes do not count."""
    def run() -> float:
        start = time.thread_time()
        loop()
        return time.thread_time() - start
    return run


def interleaved(loops: dict[str, tuple[Callable[[], float], int]], budget: float = 4.0, least: int = 7) -> dict[str, float]:
    """The least nanoseconds an item of each loop, run in turns for about `budget` seconds, each at least `least` times.

    loops: what runs once and returns its seconds, and over how many items it runs; keep a run to some milliseconds, or no run fits
    between two interruptions. Cyclic garbage is collected between runs, never within.
    """
    for loop, _ in loops.values():
        loop()
    best = dict.fromkeys(loops, float("inf"))
    enabled = gc.isenabled()
    gc.disable()
    try:
        end, turn = time.perf_counter() + budget, 0
        while turn < least or time.perf_counter() < end:
            for name, (loop, items) in loops.items():
                best[name] = min(best[name], loop() / items * 1e9)
            gc.collect(1)
            turn += 1
    finally:
        if enabled:
            gc.enable()
    return best


def smswire_command() -> list[str]:
    """How to start `smswire`: the script beside this interpreter, or the module where none is installed."""
    script = Path(sys.executable).parent / "smswire"
    return [str(script)] if script.is_file() else [sys.executable, "-c", "from smswire.cli.main import run; run()"]


def tshark_version() -> str:
    """The version of tshark, "" without it."""
    if not shutil.which("tshark"):
        return ""
    lines = subprocess.run(["tshark", "--version"], capture_output=True, text=True).stdout.splitlines()
    match = re.search(r"\d+\.\d+\.\d+", lines[0]) if lines else None
    return match[0] if match else "of an unknown version"


def run(command: Sequence[str]) -> Run:
    """Run a command with its output thrown away; RuntimeError if it fails."""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", _LAUNCHER, *command], capture_output=True, text=True, check=True)
    seconds, cpu, memory, code = json.loads(done.stdout)
    if code:
        raise RuntimeError(f"{' '.join(command)} ended with {code}")
    return Run(seconds, cpu, memory / 1024)


def alternating(commands: dict[str, Sequence[str]], rounds: int = 5) -> dict[str, Run]:
    """Medians of each command, run in turns."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run(command))
    return {
        name: Run(*(statistics.median(getattr(one, kind) for one in found) for kind in ("seconds", "cpu", "memory")))
        for name, found in runs.items()
    }


def instructions(name: str, work: str, rounds: int = 4) -> float | None:
    """Instructions an item of one codec's loop (see counted.py): those of 2N rounds less those of N, None without valgrind."""
    if not shutil.which("valgrind"):
        return None
    totals = []
    for count in (rounds, 2 * rounds):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", sys.executable, str(HERE / "counted.py"), name, work,
                 str(count)],
                capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "0"})
        match = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode or not match:
            return None
        totals.append((int(match[1]), int(done.stdout)))
    return (totals[1][0] - totals[0][0]) / (totals[1][1] - totals[0][1])


def blocks(make: Callable[[], list[Any]]) -> float:
    """Python objects that each item of a list costs while it is held (blocks of the interpreter's allocator)."""
    first = make()                # held all the while: what free lists had is in it
    gc.collect()
    before = sys.getallocatedblocks()
    held = make()
    return (sys.getallocatedblocks() - before - 1) / min(len(first), len(held))


def machine() -> str:
    """One line about the machine."""
    model = _told("/proc/cpuinfo", r"model name\s*:\s*(.*)") or platform.processor() or platform.machine()
    kilobytes = _told("/proc/meminfo", r"MemTotal:\s*(\d+)")
    memory = f", {int(kilobytes) / 2**20:.0f} GiB" if kilobytes else ""
    return f"{model}, {os.cpu_count()} processors{memory}; {platform.system()} {platform.release()}; CPython {platform.python_version()}"


def _told(path: str, pattern: str) -> str:
    try:
        match = re.search(pattern, Path(path).read_text())
    except OSError:
        return ""
    return match[1] if match else ""
