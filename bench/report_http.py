"""Measures the documents of the HTTP API and writes docs/benchmarks-http.md: python bench/report_http.py [--quick].

The full run takes about a minute. README.md says what a machine should have.
"""

import argparse
import os
import re
import subprocess
import sys
import tracemalloc
from importlib.metadata import version
from pathlib import Path
from typing import Any

import http_documents
import measure
from http_documents import DUMPERS, LOADERS, SIZES
from report import ROOT, commit, speed_table, table
from rows import Findings, Row

MOST = SIZES[-1]
ITEMS = {1: 200, 100: 20, MOST: 1}      # documents a run, so that each takes some milliseconds

HEAD = """# HTTP documents: benchmarks

Written by `python bench/report_http.py`, from one run; `bench/README.md` says how to repeat it. A request to send one message, with as many
recipients as said, each with an id of its own, from octets to the same Structs or back. Ratios carry over to other machines, microseconds
do not.

"""

METHOD = """
## How it was measured

- The least time of many runs in turns, of the processor time of the thread, cyclic garbage collected between runs and never within.
- `lxml, element by element`: a parser as hardened as ours, then a loop over every element, names in any case, blank values left out, ids
  found among the attributes. `xml.etree`: the same loop over the standard library's tree, which refuses no document type.
- `json.loads and checks`: a hook that finds names that come twice, then the same checks of types. Ours decodes by msgspec into typed
  Structs, and looks for names that come twice by counting: only where the counts differ it reads all names, by json.loads.
- Those that read give equal requests, and those that write give documents that are read alike; `bench/test_bench_http.py` holds that.
- Memory held: what tracemalloc counts of the finished request, over the recipients. At the peak: how much a process of its own grew while
  it read one document; that counts the trees of lxml and msgspec's Structs, which are not Python's own, and the allocators' slack.

## What these numbers do not show

- Recipients in a form that nobody should write (an attribute in another case, comments among them) are read by a walk over the elements,
  in about the time that lxml takes here; so are unknown names in JSON, by some milliseconds.
- For one recipient, ours takes longer than a bare walk: size, control characters, document type and depth are looked at before and behind
  the parser, and charset and form before that.
- Requests of many messages: a message costs some 5 µs beside its recipients, by either form.
- A server checks passwords, numbers and the account's rules behind this.
"""


def _microseconds(nanoseconds: float) -> str:
    return f"{nanoseconds / 1e3:,.0f}" if nanoseconds >= 1e5 else f"{nanoseconds / 1e3:,.1f}"


def _compare(found: Findings, title: str, functions: dict[str, dict[str, Any]], arguments: dict[str, dict[int, Any]],
    budget: float) -> None:
    for form, named in functions.items():
        lines: dict[str, dict[str, str]] = {name: {} for name in named}
        for size in SIZES:
            given = arguments[form][size]
            loops = {}
            for name, function in named.items():
                def loop(function: Any = function, given: Any = given, count: int = ITEMS[size]) -> None:
                    for _ in range(count):
                        function(given)
                loops[name] = (measure.clocked(loop), ITEMS[size])
            times = measure.interleaved(loops, budget)
            for name, spent in times.items():
                lines[name] |= {
                    f"{size:,}: µs": _microseconds(spent),
                    f"{size:,}: ours is faster": f"{spent / times['smswire']:.2f}×" if name != "smswire" else "",
                }
            if title == "load" and form == "XML" and size == MOST:
                found.rows.append(Row(
                    f"XML body of {MOST:,} recipients → request model", "an lxml tree walked element by element for the same values", 1.3,
                    times["lxml, element by element"] / times["smswire"]))
        found.tables[f"{title} {form}: microseconds a document, by recipients"] = lines


def _memory(found: Findings, rounds: int) -> None:
    lines: dict[str, dict[str, str]] = {}
    for form, loaders in LOADERS.items():
        for name in loaders:
            sizes = []
            body = DUMPERS[form]["smswire"](http_documents.request(MOST))
            for _ in range(rounds if Path("/proc/self/status").exists() else 0):
                done = subprocess.run([sys.executable, __file__, "--grown", form, name], input=body, capture_output=True, check=True)
                sizes.append(int(done.stdout) / MOST)
            lines[f"{form}, {name}"] = {"held": f"{_held(form, name):,.0f}", "at the peak": f"{min(sizes):,.0f}" if sizes else ""}
    found.tables["memory: octets a recipient"] = lines


def _held(form: str, name: str) -> float:
    body = DUMPERS[form]["smswire"](http_documents.request(MOST))
    LOADERS[form][name](body)
    tracemalloc.start()
    held = LOADERS[form][name](body)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(held.messages[0].recipients)


def grown(form: str, name: str) -> int:
    """Octets by which the peak of this process grows while it loads the document on standard input, after a small one."""
    load, small = LOADERS[form][name], DUMPERS[form]["smswire"](http_documents.request(1))
    body = sys.stdin.buffer.read()
    load(small)
    before = _peak()
    load(body)
    return _peak() - before


def _peak() -> int:
    """The most octets that this process had resident. What the system counts of a process may begin with its parent's; this does not."""
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the documents of the HTTP API, and write docs/benchmarks-http.md.")
    parser.add_argument("--quick", action="store_true", help="short: half a second for each comparison")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks-http.md")
    parser.add_argument("--grown", nargs=2, metavar=("FORM", "NAME"), help="print what loading takes in this process, and nothing else")
    given = parser.parse_args()
    if given.grown:
        print(grown(*given.grown))
        return
    budget, load, found = 0.5 if given.quick else 4.0, os.getloadavg()[0], Findings()
    requests = {size: http_documents.request(size) for size in SIZES}
    bodies = {form: {size: dumpers["smswire"](one) for size, one in requests.items()} for form, dumpers in DUMPERS.items()}
    _compare(found, "load", LOADERS, bodies, budget)
    _compare(found, "dump", DUMPERS, dict.fromkeys(DUMPERS, requests), budget)
    _memory(found, 1 if given.quick else 5)
    from lxml import etree
    lines = [
        f"Machine: {measure.machine()}",
        f"Versions: lxml {version('lxml')} with libxml2 {'.'.join(map(str, etree.LIBXML_VERSION))}, msgspec {version('msgspec')}",
        f"Commit: {commit()}",
        f"Run: {'quick' if given.quick else 'full'}, {budget:g} s for each comparison; load average {load:.1f} before, "
        f"{os.getloadavg()[0]:.1f} behind",
    ]
    parts = [HEAD, "".join(f"- {line}\n" for line in lines), "\n## The speed table\n\n" + speed_table(found.rows) + "\n"]
    parts += [f"\n## {title[0].upper()}{title[1:]}\n\n{table(rows)}\n" for title, rows in found.tables.items()]
    given.out.write_text("".join([*parts, METHOD]), encoding="utf-8")
    for row in found.rows:
        print(f"{row.verdict:18} {row.measured or 0:.2f}x  ({row.reach:g}x)  {row.work} / {row.against}")


if __name__ == "__main__":
    main()
