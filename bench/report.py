"""Measures everything and writes docs/benchmarks.md: python bench/report.py [--quick] [--only codec,text].

The full run takes about a quarter of an hour, most of it tshark's. README.md says what a machine should have.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import measure
import peers
import rows
from peer_texts import gsm_codecs
from rows import Findings, Row

ROOT = Path(__file__).parent.parent
PARTS = ("codec", "objects", "text", "captures", "start")

# What a profile said about a row that is short; printed beside it only then.
_CONSTRUCT_WHY = (
    "callgrind: of 4,400 instructions 820 are `build`, 640 the matching of keywords, 300 the check of strings; the rest is the "
    "interpreter's: the loop, the call, integers, two objects, and the call of bytes().")
REASONS: dict[tuple[str, str], str] = {
    (rows.CONSTRUCT, "smpp34"): _CONSTRUCT_WHY,
    (rows.CONSTRUCT, "smpplib"): _CONSTRUCT_WHY,
    (rows.CONSTRUCT, "aiosmpplib"): _CONSTRUCT_WHY,
    (rows.CONSTRUCT, "node-smpp"): _CONSTRUCT_WHY,
    ("receipt text, order of the specification", "one tolerant regular expression"):
        "callgrind: of 4,800 instructions 1,500 look at every octet for the end of its value, 2,300 are the interpreter reading the four "
        "attributes. The expression knows the order of the keys; where it must not, the row above holds.",
    ("start-up of `smswire decode HEX`", "the clock"):
        "the clock of a loaded machine; the processor's time is in the start-up table. Most of it is `import click` (inspect, uuid, re).",
}

HEAD = """# Benchmarks

Written by `python bench/report.py` (`make bench`), from one run; `bench/README.md` says how to repeat it. Ratios carry over to other
machines, nanoseconds do not: these machines change speed by two for minutes at a time, so what is compared was run in turns. A margin
under 1.3 times cannot be seen on them.

"""

METHOD = """
## How it was measured

- Codec, text, receipts: all under one interpreter and in one process, one pass over the corpus each in turn, the least of many passes;
  the clock (the thread's processor time) stands around the loop, so every figure holds one turn of a Python `for` loop (10 to 20 ns).
  Garbage collection runs between passes only. node-smpp runs in a process of its own, in the same turns, by its own clock, on a warm
  compiler.
- Whole commands (captures, start-up): alternating runs, medians; output goes to /dev/null; peak memory is the kernel's count for the
  process.
- Corpora come from a seed and are made with `struct` (`bench/corpus.py`): names, short codes and numbers as senders; GSM, UCS-2, Latin-1
  and segmented texts; receipts with three TLVs; responses, binds, enquire_link. Each pass of smswire and smpp34 goes over
  {items:,} different PDUs, of the slower ones over a tenth of them.
- The capture (`bench/million.py`): twelve sessions at a time over Ethernet, IPv4 and TCP, half of them one PDU a segment, half cut where
  the segment ends; each session ends after 20,000 PDUs and another takes its place.
- Instructions: callgrind, 2N passes less N passes.
"""

LIMITS = """
## What these numbers do not show

- Everything is in memory or in the page cache: no network, no disk, no other load on the second processor that the machine has.
- The four fields are those of a plain submit_sm. Reading every field, TLV and finding costs more; how much, the instruction table tells.
- smpp34 makes typed objects of submit_sm and deliver_sm only, drops broken TLVs in silence and changes Latin-1 addresses: it does less for
  its time.
- aiosmpplib and node-smpp decode the text into a string whenever they read a PDU; smswire leaves it as octets until somebody asks.
- To construct, each library is given the text as its documentation does: aiosmpplib and node-smpp a str, which they encode; the others the
  encoded octets. So the rows "given a str" hold the peer's text encoder and not ours; like for like, octets or a str for all, the ratios
  are lower: the two tables behind it.
- The capture is whole and in order. Reassembly of lost, repeated and cut segments is tested for its results, not for its time.
- `tshark -T json` prints all layers, `smswire decode --format json` SMPP alone; the line with `-J smpp` is tshark printing SMPP alone.
  tshark dissects texts, user data headers and WAP, which smswire's capture reader does not.
- tshark 4.0 drops a PDU whose first segment has fewer than 16 octets. The capture has none, so that both read the same PDUs.
"""


def table(lines: dict[str, dict[str, str]]) -> str:
    """A Markdown table of {line: {column: text}}."""
    columns = list(next(iter(lines.values())))
    align = ["--:" if all(cells[column][:1].isdigit() for cells in lines.values()) else "---" for column in columns]
    out = ["| | " + " | ".join(columns) + " |", "|---|" + "|".join(align) + "|"]
    out += [f"| {name} | " + " | ".join(cells[column] for column in columns) + " |" for name, cells in lines.items()]
    return "\n".join(out)


def speed_table(found: list[Row]) -> str:
    """The rows of the speed table, with the reason where one is short."""
    out = ["| work | against | reach | measured | |", "|---|---|--:|--:|---|"]
    reasons = []
    for row in found:
        sign = "≤ " if row.at_most else ""
        shown = "" if row.measured is None else _number(row.measured) + _unit(row)
        out.append(f"| {row.work} | {row.against} | {sign}{row.reach:g}{_unit(row)} | {shown} | {row.verdict} |")
        reason = REASONS.get((row.work, row.against.partition(" (")[0]))
        if row.verdict == "short" and reason:
            reasons.append(f"- **{row.work}, {row.against}**: {reason}")
    return "\n".join(out) + ("\n\nWhere a row is short:\n\n" + "\n".join(reasons) if reasons else "")


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _unit(row: Row) -> str:
    return " ms" if row.unit == "ms" else "×"


def versions() -> str:
    """One line of versions of everything that was run."""
    found = {name: peer.version for name, peer in peers.installed().items()}
    found.update({name: codec[2] for name, codec in gsm_codecs().items() if name not in found})
    if measure.tshark_version():
        found["tshark"] = measure.tshark_version()
    return ", ".join(f"{name} {version}" for name, version in found.items()) + f"; {platform.python_compiler()}"


def commit() -> str:
    """The commit that was measured, with a word if files had been changed since."""
    if not shutil.which("git"):
        return "unknown, there is no git"

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""
    name = git("rev-parse", "--short", "HEAD")
    return f"{name}{' and changes' if git('status', '--porcelain') else ''}" if name else "not in a repository"


def write(found: Findings, path: Path, about: str) -> None:
    """Write the page."""
    parts = [HEAD, f"- Machine: {measure.machine()}\n- Versions: {versions()}\n- Commit: {commit()}\n- Run: {about}\n"]
    parts.append("\n## The speed table\n\n" + speed_table(found.rows) + "\n")
    for title, lines in found.tables.items():
        if lines:
            parts.append(f"\n## {title[0].upper()}{title[1:]}\n\n{table(lines)}\n")
    parts += [METHOD.format(items=rows.ITEMS), LIMITS]
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(parts), encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure, and write docs/benchmarks.md.")
    parser.add_argument("--quick", action="store_true", help="short: captures of 50,000 PDUs, 3 alternating runs, 1 second a comparison")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts to measure, of {','.join(PARTS)}")
    parser.add_argument("--pdus", type=int, default=0, help="PDUs of the capture (1,000,000)")
    parser.add_argument("--no-callgrind", action="store_true", help="no instruction counts")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md")
    given = parser.parse_args()
    parts = given.only.split(",")
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}")
    budget, rounds = (1.0, 3) if given.quick else (8.0, 5)
    pdus = given.pdus or (50_000 if given.quick else 1_000_000)
    found, load = Findings(), os.getloadavg()[0]
    steps = {
        "codec": lambda: rows.codec(found, budget),
        "objects": lambda: rows.objects(found, not given.no_callgrind),
        "text": lambda: rows.text(found, budget / 2),
        "captures": lambda: rows.captures(found, pdus, rounds),
        "start": lambda: rows.start_up(found, 4 * rounds + 1),
    }
    for name in parts:
        print(f"{name} …", file=sys.stderr, flush=True)
        steps[name]()
    write(found, given.out, (
        f"{'quick' if given.quick else 'full'}, {rounds} alternating runs, {budget:g} s a comparison; load average {load:.1f} before it, "
        f"{os.getloadavg()[0]:.1f} behind it"))
    for row in found.rows:
        shown = "" if row.measured is None else _number(row.measured) + _unit(row)
        print(f"{row.verdict:18} {shown:>9}  ({row.reach:g}{_unit(row)})  {row.work} / {row.against}")


if __name__ == "__main__":
    main()
