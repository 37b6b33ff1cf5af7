"""Measures sessions and writes docs/benchmarks-session.md: python bench/report_session.py [--quick] [--only awaited,bulk,varied].

The full run takes about six minutes. README.md says what a machine should have; what is not installed is left out by name.
"""

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import measure
import peers
from report import ROOT, commit, speed_table, table
from rows import Findings, Row
from session_pairs import LIBRARIES, Figure, Setting, alternating

PARTS = ("awaited", "bulk", "varied")
WINDOWS = (1, 64, 500)
PLACES = {1: "both ends in one process and one event loop", 2: "client and server in two processes"}
# (window, peer): how many times as fast our pair is to be
REACH = {(1, "smpp34"): 1.5, (64, "smpp34"): 12.0, (500, "smpp34"): 15.0, (500, "node-smpp"): 8.0}
BULK = 40.0
BULK_WINDOW = 500
BASE_WINDOW = 64

# What a profile said about rows that are short; printed only then.
REASONS = {
    "awaited submits": (
        "of some 7 µs a message for both ends, by the profiler about 0.4 construct it, 2.3 are the two session machines with their "
        "decoding and encoding, 2 the event loop with a future and a change of tasks, the rest what a client does beside: the line of "
        "those who wait, rate, slowing down, retries, the histogram of latencies. node-smpp does nothing of the last."),
    "bulk, submit_buffer": (
        "of some 2.2 µs a message, 1.6 are the server's, which makes an object of each request, calls a Python function and makes another "
        "of the answer; the client takes 0.6. Beside a server that is not the limit it would be faster."),
    "bulk, submit_many": "each message passes the client's line as an awaited one does; only the future and the change of tasks are saved.",
}

HEAD = """# Sessions: benchmarks

Written by `python bench/report_session.py`, from one run; `bench/README.md` says how to repeat it. Every figure is the median of
alternating runs, with the least and the most beside it. Ratios carry over to other machines, messages a second do not: these machines
change speed by two for minutes at a time, so what is compared was run in turns. A margin under 1.3 times cannot be seen on them.

"""

METHOD = """
## How it was measured

- A pair is a client and a server of one library over loopback TCP, plain unless said. A run is one session: connect, bind as transceiver,
  messages, unbind; the clock starts with the first request and ends with the last response. Runs of what stands in one table are taken in
  turns, after two that are thrown away. A run in which one message was not accepted would end the report.
- Awaited: as many tasks as the window is wide, each of which constructs a submit_sm from ten keyword arguments, sends it and waits for
  its response before it takes the next. `await client.submit(SubmitSm(…))` here, `await smsc.submit_sm(…)` with smpp34; with node-smpp,
  which has no window and no promises, the response's callback sends the next, so that as many are under way.
- Bulk: `async for result in client.submit_many(…)` over PDUs made on the way, and `await client.submit_buffer(…)` over octets of 20,000
  messages that were made before. node-smpp has no such call; beside it stands its own fastest, the callbacks.
- The servers answer each submit_sm with a message id of its own at once: ours by a plain function, smpp34's by `event.accept(…)` in one
  loop over `server.next()`, node-smpp's by `session.send(pdu.response(…))`.
- One process: both ends in one event loop. smpp34 moves the octets in two threads of its own even then, so that it has both processors.
- The messages come from a seed and are {bodies:,} different ones, as a busy account sends them (`bench/corpus.py`): names, short codes and
  numbers as senders; GSM, UCS-2, Latin-1 and segments; 150 octets on average.
- Everything in Python runs under one interpreter and, unless said, under {loop}, smpp34 too, which is slower under asyncio's own loop.
- Latency: `bench/delay_proxy.py` between the two, a process that hands on every octet 20 or 200 ms after it came, each way, and does
  not limit how many; it adds some 0.4 ms of its own a way. With a window of w and a round trip of t nobody can send more than w / t.
- Processor time is that of the whole process, threads and connecting included, over the messages of the run.
"""

LIMITS = """
## What these numbers do not show

- Loopback: no network card, no loss, no small segments. The machine has two processors, so a client and a server in two processes have one
  each, the delaying proxy and the kernel's share beside them.
- The handlers do nothing. A gateway that stores each message before it answers is slower by what the store takes.
- No receipts come back, nothing is encoded, split or retried; no rate limit, no throttled answer, one bind.
- smpp34 makes typed objects of submit_sm and deliver_sm only, drops broken TLVs in silence and changes Latin-1 addresses. Its window is
  kept in its engine; ours checks state, direction, window, time-outs and counters for each PDU.
- node-smpp decodes each text to a string as it reads a PDU, keeps no window, no time-outs and no session states.
- `submit_buffer` is given octets: what rendering them costs stands in the table of constructing (`docs/benchmarks.md`).
- The median says nothing of the slowest message. With awaited submits a message takes window / rate seconds on average.
"""


def _span(figure: Figure) -> str:
    return f"{figure.median:,.0f} ({min(figure.rates):,.0f}–{max(figure.rates):,.0f})"


def _times(ours: Figure, theirs: Figure) -> str:
    turns = [one / other for one, other in zip(ours.rates, theirs.rates)]
    return f"{ours.median / theirs.median:.2f} ({min(turns):.1f}–{max(turns):.1f})"


def _cpu(figure: Figure) -> str:
    client, server = figure.cpu("client"), figure.cpu("server")
    return f"{client:.1f} + {server:.1f}" if server else f"{client:.1f}"


def awaited(found: Findings, here: list[str], loop: str, rounds: int, seconds: float) -> None:
    """`await submit` in tasks, windows of 1, 64 and 500, in one process and in two."""
    for processes, place in PLACES.items():
        shown: dict[str, dict[str, str]] = {}
        spent: dict[str, dict[str, str]] = {}
        for window in WINDOWS:
            settings = {name: Setting(name, window, processes=processes, loop=loop) for name in here}
            figures = alternating(settings, rounds, seconds)
            ours = figures["smswire"]
            others = {name: figure for name, figure in figures.items() if name != "smswire"}
            shown[f"window {window}"] = {
                **{name: _span(figure) for name, figure in figures.items()},
                **{f"ours, times {name}": _times(ours, figure) for name, figure in others.items()},
            }
            spent[f"window {window}"] = {name: _cpu(figure) for name, figure in figures.items()}
            for (wide, name), reach in REACH.items():
                if wide == window:
                    measured = ours.median / figures[name].median if name in figures else None
                    where = "same loop" if name == "smpp34" else "same process"
                    against = f"{name} pair, {where if processes == 1 else 'two processes each'}"
                    found.rows.append(Row(f"awaited submits, window {window}", against, reach, measured))
        found.tables[f"awaited submits, {place}: messages a second"] = shown
        of = "" if processes == 1 else ", client + server"
        found.tables[f"awaited submits, {place}: processor microseconds a message{of}"] = spent


def bulk(found: Findings, here: list[str], loop: str, rounds: int, seconds: float) -> None:
    """submit_many and submit_buffer beside node-smpp's callbacks."""
    for processes, place in PLACES.items():
        settings = {
            f"smswire, {call}": Setting("smswire", BULK_WINDOW, api, processes, loop)
            for call, api in (("submit_buffer", "buffer"), ("submit_many", "many"), ("awaited submits", "awaited"))
        }
        if "node-smpp" in here:
            settings["node-smpp"] = Setting("node-smpp", BULK_WINDOW, processes=processes)
        figures = alternating(settings, rounds, seconds)
        theirs = figures.get("node-smpp")
        found.tables[f"bulk, window {BULK_WINDOW}, {place}"] = {
            name: {
                "messages a second": _span(figure), **({"times node-smpp": _times(figure, theirs)} if theirs else {}),
                "processor µs a message": _cpu(figure),
            }
            for name, figure in figures.items()
        }
        against = f"node-smpp pair, {'same process' if processes == 1 else 'two processes each'}"
        for call in ("submit_buffer", "submit_many"):
            measured = figures[f"smswire, {call}"].median / theirs.median if theirs else None
            found.rows.append(Row(f"bulk, {call}", against, BULK, measured))


def varied(found: Findings, here: list[str], loop: str, rounds: int, seconds: float) -> None:
    """From one base case, one thing changed at a time."""
    base = Setting("smswire", BASE_WINDOW, loop=loop)

    def but(**changed: object) -> Setting:
        return Setting(**{**vars(base), **changed})

    settings = {f"base: {loop}, loopback, plain, window {BASE_WINDOW}, two processes": base}
    if loop != "asyncio":
        settings["asyncio's own loop"] = but(loop="asyncio")
    settings |= {
        "TLS": but(tls=True),
        "20 ms of latency each way": but(delay=0.02),
        "200 ms of latency each way": but(delay=0.2),
        "window 1": but(window=1),
        "window 500": but(window=500),
        "a handler that takes a task for each message": but(handler="coroutine"),
        "both ends in one event loop": but(processes=1),
        "submit_many": but(api="many"),
        "submit_buffer": but(api="buffer"),
    }
    figures = alternating(settings, rounds, seconds)
    reference = next(iter(figures.values()))
    found.tables["one thing changed at a time, smswire alone"] = {
        name: {
            "messages a second": f"{figure.median:,.0f}", "least": f"{min(figure.rates):,.0f}", "most": f"{max(figure.rates):,.0f}",
            "times the base": f"{figure.median / reference.median:.3g}",
            "most that the latency allows": f"{_ceiling(settings[name]):,.0f}" if settings[name].delay else "",
            "processor µs a message": _cpu(figure),
        }
        for name, figure in figures.items()
    }


def _ceiling(setting: Setting) -> float:
    return setting.window / (2 * setting.delay)


def installed() -> tuple[list[str], list[str]]:
    """The libraries that can be run here, and what is missing, in words."""
    here, missing = ["smswire"], []
    for name in LIBRARIES[1:]:
        if name == "node-smpp":
            there, how = bool(peers.node_modules()), "`node`, and NODE_PATH to a directory that holds the package `smpp`"
        else:
            there, how = find_spec(name) is not None, f"the package `{name}`"
        if there:
            here.append(name)
        else:
            missing.append(f"{name} ({how})")
    return here, missing


def versions(here: list[str], loop: str) -> str:
    """One line of versions of everything that was run."""
    found = {}
    for name in here:
        found[name] = peers.make(name).version
    for name in ("uvloop",) if loop == "uvloop" else ():
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "of an unknown version"
    return ", ".join(f"{name} {number}" for name, number in found.items()) + f"; {platform.python_compiler()}"


def write(found: Findings, path: Path, lines: list[str], loop: str) -> None:
    """Write the page."""
    import session_end

    parts = [HEAD, "".join(f"- {line}\n" for line in lines)]
    if found.rows:
        parts.append("\n## The speed table\n\n" + speed_table(found.rows) + "\n")
        short = [row.work for row in found.rows if row.verdict == "short"]
        reasons = [f"- **{work}**: {why}" for work, why in REASONS.items() if any(one.startswith(work) for one in short)]
        if reasons:
            parts.append("\nWhere a row is short:\n\n" + "\n".join(reasons) + "\n")
    for title, rows in found.tables.items():
        parts.append(f"\n## {title[0].upper()}{title[1:]}\n\n{table(rows)}\n")
    parts += [METHOD.format(bodies=session_end.BODIES, loop=loop), LIMITS]
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(parts), encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure sessions, and write docs/benchmarks-session.md.")
    parser.add_argument("--quick", action="store_true", help="short: 3 alternating runs of 0.3 s")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts to measure, of {','.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=0, help="alternating runs (7)")
    parser.add_argument("--seconds", type=float, default=0, help="of each run, about (0.8)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks-session.md")
    given = parser.parse_args()
    parts = given.only.split(",")
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}")
    rounds, seconds = given.rounds or (3 if given.quick else 7), given.seconds or (0.3 if given.quick else 0.8)
    here, missing = installed()
    loop = "uvloop" if find_spec("uvloop") else "asyncio"
    for name in missing:
        print(f"left out: {name} is not here", file=sys.stderr)
    works: dict[str, Callable[[Findings, list[str], str, int, float], None]] = {"awaited": awaited, "bulk": bulk, "varied": varied}
    found, load = Findings(), os.getloadavg()[0]
    for name in parts:
        print(f"{name} …", file=sys.stderr, flush=True)
        works[name](found, here, loop, rounds, seconds)
    lines = [
        f"Machine: {measure.machine()}", f"Versions: {versions(here, loop)}", f"Commit: {commit()}",
        f"Run: {'quick' if given.quick else 'full'}, {rounds} alternating runs of {seconds:g} s each; load average {load:.1f} before, "
        f"{os.getloadavg()[0]:.1f} behind",
    ]
    if missing:
        lines.append(f"Not measured here, because it is not installed: {', '.join(missing)}")
    write(found, given.out, lines, loop)
    width = min(shutil.get_terminal_size().columns, 140)
    for row in found.rows:
        shown = "" if row.measured is None else f"{row.measured:.2f}x"
        print(f"{row.verdict:18} {shown:>9}  ({row.reach:g}x)  {row.work} / {row.against}"[:width])


if __name__ == "__main__":
    main()
